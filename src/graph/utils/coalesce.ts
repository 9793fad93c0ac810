import { edgeRows, type Reduce, reduceRows, takeRows } from "../arrays.ts";
import type { EdgePairs } from "../edge-index.ts";
import { type EdgeList, type EdgeOptions, edgeIndexOf, edgesAt } from "./edge-list.ts";
import { sortedPlaces } from "./sort-edge-index.ts";

export interface CoalesceOptions extends EdgeOptions {
  /** How values of equal edges are made one. Default `sum`. */
  reduce?: Reduce | undefined;
  /** In the order of the sources, then the targets; else the other way round. Default true. */
  sortByRow?: boolean | undefined;
}

/** Sorted edges without repetitions. */
export function coalesce(edges: EdgePairs, options: CoalesceOptions = {}): EdgeList {
  const { reduce = "sum", sortByRow = true } = options;
  const index = edgeIndexOf(edges, options.numNodes);
  const attr = edgeRows("coalesce", options.edgeAttr, index.numEdges);
  const order = sortedPlaces(index, sortByRow);
  const first: number[] = [];
  const group = order.map((e, i) => {
    const before = order[i - 1];
    const same =
      before !== undefined &&
      index.source[e] === index.source[before] &&
      index.target[e] === index.target[before];
    if (!same) first.push(e);
    return first.length - 1;
  });
  return {
    edgeIndex: edgesAt(index, Int32Array.from(first)),
    edgeAttr: attr && reduceRows(takeRows(attr, order), group, first.length, reduce),
  };
}
