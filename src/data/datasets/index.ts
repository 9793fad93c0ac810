/** The data sets by name. To add one: one file, one row. */
import type { SourceOptions, SourceSet } from "../source.ts";
import { digits } from "./digits.ts";
import { fashionMnist, fashionMnistSource } from "./fashion-mnist.ts";
import type { GraphFields } from "./graphs.ts";
import { karateClub } from "./karate.ts";
import { mnist, mnistSource } from "./mnist.ts";
import { loadPlanetoid, planetoidSource, planetoidTables } from "./planetoid.ts";
import {
  makeBlobs,
  makeCircles,
  makeGaussianQuantiles,
  makeMoons,
  makeSpirals,
  makeXor,
  type PointDataset,
  type PointOptions,
} from "./toy.ts";
import { loadTrackMl, trackMlSource } from "./trackml.ts";
import { trdEvents } from "./trd.ts";
import { loadTu, tuSource } from "./tudataset.ts";
import type { ImageDataset } from "./types.ts";

export * from "./digits.ts";
export * from "./fashion-mnist.ts";
export type { GraphArray, GraphFields } from "./graphs.ts";
export * from "./karate.ts";
export * from "./mnist.ts";
export * from "./planetoid.ts";
export * from "./toy.ts";
export * from "./trackml.ts";
export * from "./trd.ts";
export * from "./tudataset.ts";
export * from "./types.ts";

/** A set of images with classes. */
export interface ImageDatasetEntry {
  readonly kind: "images";
  readonly describe: string;
  /** The files it needs; none for a set that is generated. */
  readonly source?: SourceSet;
  /** `seed` and the sizes concern generated sets, the other options downloaded ones. */
  load(options?: SourceOptions & { seed?: number; train?: number; test?: number }): Promise<ImageDataset>;
}

/** A generated set of points with classes. */
export interface PointDatasetEntry {
  readonly kind: "points";
  readonly describe: string;
  load(options?: PointOptions): Promise<PointDataset>;
}

/** A set of graphs, or one graph. */
export interface GraphDatasetEntry {
  readonly kind: "graphs";
  readonly describe: string;
  /** Where it is found, in the forms in which it may be there; the first one is downloaded. None for one that is built in. */
  readonly sources: readonly SourceSet[];
  load(options?: SourceOptions): Promise<readonly GraphFields[]>;
}

function citations(name: string, describe: string): GraphDatasetEntry {
  return {
    kind: "graphs",
    describe,
    sources: [planetoidSource(name), planetoidTables(name)],
    load: async (options) => [await loadPlanetoid(name, options)],
  };
}

function tu(name: string, describe: string): GraphDatasetEntry {
  return {
    kind: "graphs",
    describe,
    sources: [tuSource(name)],
    load: (options) => loadTu(name, options),
  };
}

type DatasetEntry = ImageDatasetEntry | PointDatasetEntry | GraphDatasetEntry;

function points(describe: string, make: (options?: PointOptions) => PointDataset): PointDatasetEntry {
  return { kind: "points", describe, load: async (options) => make(options) };
}

/** Every data set that `--dataset` and `data list` know. */
export const datasets: ReadonlyMap<string, DatasetEntry> = new Map<string, DatasetEntry>([
  [
    "mnist",
    {
      kind: "images",
      describe: "handwritten digits, 60,000 + 10,000 images of 28 x 28, 10 classes (11 MB)",
      source: mnistSource,
      load: mnist,
    },
  ],
  [
    "fashion-mnist",
    {
      kind: "images",
      describe: "photographs of clothes, 60,000 + 10,000 images of 28 x 28, 10 classes (30 MB)",
      source: fashionMnistSource,
      load: fashionMnist,
    },
  ],
  [
    "digits",
    {
      kind: "images",
      describe: "digits drawn by a generator, any number of images of 28 x 28, 10 classes (built in)",
      load: async (options) => digits(options),
    },
  ],
  ["xor", points("exclusive or: the four corners of a square, 2 classes", makeXor)],
  ["moons", points("two interleaving half circles, 2 classes", makeMoons)],
  ["circles", points("a circle in a circle, 2 classes", makeCircles)],
  ["spirals", points("arms of a spiral, 2 classes", makeSpirals)],
  ["blobs", points("round Gaussian clusters, 3 classes", makeBlobs)],
  ["gaussians", points("shells of one Gaussian, 3 classes", makeGaussianQuantiles)],
  [
    "karate",
    {
      kind: "graphs",
      describe: "Zachary's karate club, one graph of 34 nodes, 4 communities (built in)",
      sources: [],
      load: async () => [karateClub()],
    },
  ],
  ["cora", citations("cora", "citations, one graph of 2,708 papers with 1,433 words, 7 classes (0.6 MB)")],
  [
    "citeseer",
    citations("citeseer", "citations, one graph of 3,327 papers with 3,703 words, 6 classes (1 MB)"),
  ],
  ["mutag", tu("MUTAG", "188 molecules, mutagenic or not")],
  ["proteins", tu("PROTEINS", "1,113 proteins, enzymes or not")],
  ["enzymes", tu("ENZYMES", "600 proteins, six classes of enzymes")],
  [
    "trd",
    {
      kind: "graphs",
      describe: "events of a toy transition-radiation detector, any number, straight or collision (built in)",
      sources: [],
      load: async () => trdEvents(),
    },
  ],
  [
    "trackml",
    {
      kind: "graphs",
      describe: "100 graphs of hits at the LHC, edges of a particle or not (from a folder only)",
      sources: [trackMlSource("pt2GeV")],
      load: (options) => loadTrackMl("pt2GeV", options),
    },
  ],
]);
