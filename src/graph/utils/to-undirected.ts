import { edgeRows, type Reduce, stackRows } from "../arrays.ts";
import type { EdgePairs } from "../edge-index.ts";
import { coalesce } from "./coalesce.ts";
import { appendEdges, type EdgeList, type EdgeOptions, edgeIndexOf } from "./edge-list.ts";

export interface UndirectedOptions extends EdgeOptions {
  /** How values of equal edges are made one, such as those of both directions. Default `add`. */
  reduce?: Reduce | undefined;
}

/** Every edge in both directions, sorted and once. */
export function toUndirected(edges: EdgePairs, options: UndirectedOptions = {}): EdgeList {
  const { reduce = "add", numNodes } = options;
  const index = edgeIndexOf(edges, numNodes);
  const attr = edgeRows("toUndirected", options.edgeAttr, index.numEdges);
  const both = appendEdges(index, index.target, index.source);
  return coalesce(both, { edgeAttr: attr && stackRows(attr, attr), reduce });
}
