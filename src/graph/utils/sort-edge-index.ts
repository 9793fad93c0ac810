import { edgeRows, takeRows } from "../arrays.ts";
import type { EdgeIndex, EdgePairs } from "../edge-index.ts";
import { type EdgeList, type EdgeOptions, edgeIndexOf, edgesAt } from "./edge-list.ts";

/** The places of the edges in the order of source and target (`byRow`), or target and source; equal edges as they come. */
export function sortedPlaces({ source, target, compressed }: EdgeIndex, byRow: boolean): Int32Array {
  const [major, minor] = byRow ? [source, target] : [target, source];
  // Columns list edges by source, rows by target; a counting sort has made them.
  const grouped = byRow ? compressed.column.map((p) => compressed.edge[p]!) : compressed.edge.slice();
  for (let from = 0; from < grouped.length; ) {
    let to = from + 1;
    while (to < grouped.length && major[grouped[to]!] === major[grouped[from]!]) to++;
    grouped.subarray(from, to).sort((a, b) => minor[a]! - minor[b]! || a - b);
    from = to;
  }
  return grouped;
}

export interface SortOptions extends EdgeOptions {
  /** In the order of the sources, then the targets; else the other way round. Default true. */
  sortByRow?: boolean | undefined;
}

/** Sorted edges; equal ones keep their order. */
export function sortEdgeIndex(edges: EdgePairs, options: SortOptions = {}): EdgeList {
  const index = edgeIndexOf(edges, options.numNodes);
  const attr = edgeRows("sortEdgeIndex", options.edgeAttr, index.numEdges);
  const order = sortedPlaces(index, options.sortByRow ?? true);
  return { edgeIndex: edgesAt(index, order), edgeAttr: attr && takeRows(attr, order) };
}
