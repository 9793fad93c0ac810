/** The data sets by name. To add one: one file, one row. */
import type { SourceOptions, SourceSet } from "../source.ts";
import { digits } from "./digits.ts";
import { fashionMnist, fashionMnistSource } from "./fashion-mnist.ts";
import { mnist, mnistSource } from "./mnist.ts";
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

function points(describe: string, make: (options?: PointOptions) => PointDataset): PointDatasetEntry {
  return { kind: "points", describe, load: async (options) => make(options) };
}

/** Every data set that `--dataset` and `data list` know. */
export const datasets: ReadonlyMap<string, ImageDatasetEntry | PointDatasetEntry> = new Map<
  string,
  ImageDatasetEntry | PointDatasetEntry
>([
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
]);
