import { edgeRows, takeRows } from "../arrays.ts";
import type { EdgePairs } from "../edge-index.ts";
import { type EdgeList, type EdgeOptions, edgeIndexOf, edgesAt, placesWhere } from "./edge-list.ts";

/** The edges between different nodes. */
export function removeSelfLoops(edges: EdgePairs, options: EdgeOptions = {}): EdgeList {
  const index = edgeIndexOf(edges, options.numNodes);
  const attr = edgeRows("removeSelfLoops", options.edgeAttr, index.numEdges);
  const places = placesWhere(index, (a, b) => a !== b);
  return { edgeIndex: edgesAt(index, places), edgeAttr: attr && takeRows(attr, places) };
}
