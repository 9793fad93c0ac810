import type { FieldInput } from "../data.ts";
import type { Transform } from "../dataset.ts";
import { type KnnOptions, knnGraph } from "../neighbours/knn-graph.ts";
import { toUndirected } from "../utils/to-undirected.ts";
import { named } from "./transform.ts";

export interface KNNGraphOptions extends Omit<KnnOptions, "batch"> {
  /** Neighbours of a node. Default 6. */
  k?: number | undefined;
  /** Add the other direction of every edge. Default false. */
  forceUndirected?: boolean | undefined;
}

/** Gives the graph the edges from the `k` nearest neighbours of each node, by `pos` and within its event. */
export function KNNGraph({ k = 6, forceUndirected = false, ...options }: KNNGraphOptions = {}): Transform {
  return named(`KNNGraph(k=${k})`, (data) => {
    const batch = data.get("batch") as FieldInput | undefined;
    const found = knnGraph(data.array("pos"), k, { ...options, batch });
    return data.with({ edgeIndex: forceUndirected ? toUndirected(found).edgeIndex : found, edgeAttr: null });
  });
}
