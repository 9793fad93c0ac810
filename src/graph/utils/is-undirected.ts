import { edgeRows, takeRows } from "../arrays.ts";
import type { EdgePairs } from "../edge-index.ts";
import { type EdgeOptions, edgeIndexOf } from "./edge-list.ts";
import { sortedPlaces } from "./sort-edge-index.ts";

/** True when every edge is there in both directions, equally often and with equal values. */
export function isUndirected(edges: EdgePairs, options: EdgeOptions = {}): boolean {
  const index = edgeIndexOf(edges, options.numNodes);
  const attr = edgeRows("isUndirected", options.edgeAttr, index.numEdges);
  if (attr === undefined) return index.isUndirected;
  const { source, target } = index;
  const [forth, back] = [sortedPlaces(index, true), sortedPlaces(index, false)];
  if (!forth.every((e, i) => source[e] === target[back[i]!] && target[e] === source[back[i]!])) return false;
  const mirrored = takeRows(attr, back).data;
  return takeRows(attr, forth).data.every((v, i) => v === mirrored[i]);
}
