/** The data sets of graphs. To add one: its values in `data/datasets`, a function here. */
import type { GraphFields } from "../data/datasets/graphs.ts";
import { karateClub } from "../data/datasets/karate.ts";
import { planetoidCsv, planetoidRaw, wordsOf } from "../data/datasets/planetoid.ts";
import { trackMl } from "../data/datasets/trackml.ts";
import { type TrdOptions, trdEvents } from "../data/datasets/trd.ts";
import { tuDataset } from "../data/datasets/tudataset.ts";
import { fileExists, readFileBytes } from "../data/files.ts";
import { gunzip, isGzip } from "../formats/gzip.ts";
import { DataError } from "../ir/errors.ts";
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
 * A set of TUDataset (`MUTAG`, `PROTEINS`, `ENZYMES`, …) from `<root>/<name>.zip`, `<root>/tudataset/<name>.zip`, or the bytes
 * of its zip.
 *
 * @throws DataError where the file is nowhere, FormatError where it is damaged.
 * @example const mutag = await TUDataset("data", "MUTAG");
 */
export async function TUDataset(
  root: string | Uint8Array,
  name: string,
  options: TUDatasetOptions = {},
): Promise<GraphDataset> {
  const { useNodeAttr, useEdgeAttr, ...rest } = options;
  const bytes =
    root instanceof Uint8Array
      ? root
      : await find(name, [`${root}/${name}.zip`, `${root}/tudataset/${name}.zip`]);
  const graphs = tuDataset(bytes, name, { useNodeAttr, useEdgeAttr });
  return new GraphDataset(name, graphs.map(graphOf), rest);
}

/**
 * `Cora` or `Citeseer` with Planetoid's public split, from the raw files (`<root>/raw/ind.cora.x`, …, or in `<root>/planetoid`)
 * or, where there are none, from the tables `<name>.nodes.csv.gz` and `<name>.edges.csv.gz`.
 *
 * @throws DataError where the files are nowhere, FormatError where they are damaged.
 */
export async function Planetoid(
  root: string,
  name: string,
  options: DatasetOptions = {},
): Promise<GraphDataset> {
  const key = name.toLowerCase();
  const folders = [root, `${root}/planetoid`];
  const raw = (part: string) =>
    folders.flatMap((f) => [`${f}/raw/ind.${key}.${part}`, `${f}/ind.${key}.${part}`]);
  const hasRaw = (await Promise.all(raw("graph").map((path) => fileExists(path)))).includes(true);
  let fields: GraphFields;
  if (hasRaw) {
    const parts = ["x", "tx", "allx", "y", "ty", "ally", "graph", "test.index"];
    const files = new Map<string, Uint8Array>();
    for (const part of parts) files.set(part, await find(name, raw(part)));
    fields = planetoidRaw((part) => files.get(part)!, key);
  } else {
    const table = (part: string) =>
      folders.flatMap((f) => [`${f}/${key}.${part}.csv.gz`, `${f}/${key}.${part}.csv`]);
    fields = planetoidCsv(
      await find(name, table("nodes")),
      await find(name, table("edges")),
      wordsOf(key),
      key,
    );
  }
  return new GraphDataset(name, [new Data(fields)], options);
}

/**
 * Hit graphs of simulated collisions at the LHC, 100 of each set (`pt2GeV`, `pt1p5GeV`: particles with more than that transverse
 * momentum), from `<root>/trackml_hitgraphs/<set>.nodes.csv.gz` and `….edges.csv.gz`, or in `<root>` itself. `y` is the truth about
 * each edge.
 *
 * @throws DataError where the files are nowhere, FormatError where they are damaged.
 */
export async function TrackML(
  root: string,
  set: "pt2GeV" | "pt1p5GeV" = "pt2GeV",
  options: DatasetOptions = {},
): Promise<GraphDataset> {
  const file = (part: string) => {
    const name = `${set}.${part}.csv`;
    const folders = [`${root}/trackml_hitgraphs`, root];
    return find(
      "TrackML",
      folders.flatMap((f) => [`${f}/${name}.gz`, `${f}/${name}`]),
    );
  };
  const graphs = trackMl({ nodes: await file("nodes"), edges: await file("edges") }, set);
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

/** The first of the files that exists, decompressed. */
async function find(name: string, paths: readonly string[]): Promise<Uint8Array> {
  for (const path of paths) {
    if (!(await fileExists(path))) continue;
    const bytes = await readFileBytes(path);
    return isGzip(bytes) ? gunzip(bytes, { name: path }) : bytes;
  }
  throw new DataError({
    where: name,
    problem: "the file of the data set is not there",
    expected: paths.join(" or "),
    got: "no such file",
    try: "name the folder that holds the data set",
    details: { paths },
  });
}
