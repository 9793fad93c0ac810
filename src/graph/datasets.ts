/** The data sets of graphs. To add one: its values in `data/datasets`, a function here. */
import type { GraphFields } from "../data/datasets/graphs.ts";
import { karateClub } from "../data/datasets/karate.ts";
import { loadPlanetoid } from "../data/datasets/planetoid.ts";
import { loadTrackMl, type TrackMlName } from "../data/datasets/trackml.ts";
import { type TrdOptions, trdEvents } from "../data/datasets/trd.ts";
import { loadTu, tuDataset } from "../data/datasets/tudataset.ts";
import type { SourceOptions } from "../data/source.ts";
import { Data } from "./data.ts";
import { type DatasetOptions, GraphDataset } from "./dataset.ts";
import { knnGraph } from "./neighbours/knn-graph.ts";

/** Zachary's karate club: one graph, 34 nodes, 4 classes. Built in. */
export function KarateClub(options: DatasetOptions = {}): GraphDataset {
  return new GraphDataset("KarateClub", [new Data(karateClub())], options);
}

export interface TUDatasetOptions extends DatasetOptions {
  /** Use the numbers of nodes beside their labels. Default false. */
  useNodeAttr?: boolean | undefined;
  /** Use the numbers of edges beside their labels. Default false. */
  useEdgeAttr?: boolean | undefined;
}

/**
 * Where the files of a set are: a folder (as they are, or in the folder that the set has in it), or how to look for them: with
 * `{}` in the folder TENDRIL_DATA, in the cache, and on the network, which checksums guard.
 */
export type DatasetPlace = string | SourceOptions;

function sourceOptions(place: DatasetPlace): SourceOptions {
  return typeof place === "string" ? { data: place } : place;
}

/**
 * A set of TUDataset (`MUTAG`, `PROTEINS`, `ENZYMES`, …) from `<name>.zip`, in the folder or in `tudataset`, or from the bytes
 * of its zip. The three that are named can be downloaded.
 *
 * @throws DataError where the file is nowhere, FormatError where it is damaged.
 * @example const mutag = await TUDataset("data", "MUTAG");
 */
export async function TUDataset(
  root: DatasetPlace | Uint8Array,
  name: string,
  options: TUDatasetOptions = {},
): Promise<GraphDataset> {
  const { useNodeAttr, useEdgeAttr, ...rest } = options;
  const columns = { useNodeAttr, useEdgeAttr };
  const graphs =
    root instanceof Uint8Array
      ? tuDataset(root, name, columns)
      : await loadTu(name, { ...sourceOptions(root), ...columns });
  return new GraphDataset(name, graphs.map(graphOf), rest);
}

/**
 * `Cora` or `Citeseer` with Planetoid's public split, from the raw files (`ind.cora.x`, …, in the folder, in `raw`,
 * `planetoid` or `planetoid/raw`) or, where a folder has none, from the tables `cora.nodes.csv.gz` and `cora.edges.csv.gz`.
 *
 * @throws DataError where the files are nowhere, FormatError where they are damaged.
 */
export async function Planetoid(
  root: DatasetPlace,
  name: string,
  options: DatasetOptions = {},
): Promise<GraphDataset> {
  const fields = await loadPlanetoid(name.toLowerCase(), sourceOptions(root));
  return new GraphDataset(name, [new Data(fields)], options);
}

/**
 * Hit graphs of simulated collisions at the LHC, 100 of each set (`pt2GeV`, `pt1p5GeV`: particles with more than that transverse
 * momentum), from `<set>.nodes.csv.gz` and `<set>.edges.csv.gz`, in the folder or in `trackml_hitgraphs`. `y` is the truth
 * about each edge.
 *
 * @throws DataError where the files are nowhere, FormatError where they are damaged.
 */
export async function TrackML(
  root: DatasetPlace,
  set: TrackMlName = "pt2GeV",
  options: DatasetOptions = {},
): Promise<GraphDataset> {
  const graphs = await loadTrackMl(set, sourceOptions(root));
  return new GraphDataset("TrackML", graphs.map(graphOf), { numClasses: 2, ...options });
}

export interface TRDEventsOptions extends TrdOptions, DatasetOptions {
  /** Edges come from so many nearest hits. Default 4. */
  k?: number | undefined;
}

/** Events of a toy transition-radiation detector (see `trdEvents`) as graphs of neighbouring hits. Built in. */
export function TRDEvents({ k = 4, ...options }: TRDEventsOptions = {}): GraphDataset {
  const graphs = trdEvents(options).map(
    (fields) => new Data({ ...fields, edgeIndex: knnGraph(fields.pos!, k) }),
  );
  const { transform, preTransform } = options;
  return new GraphDataset("TRDEvents", graphs, { numClasses: 2, transform, preTransform });
}

/** A graph in the order of its fields, which is the order in which it is printed. */
function graphOf(fields: GraphFields): Data {
  return new Data(fields, { keepOrder: true });
}
