import { edgeRows, flags, takeRows } from "../arrays.ts";
import type { GraphArray } from "../data.ts";
import type { EdgePairs } from "../edge-index.ts";
import { type EdgeList, type EdgeOptions, edgeIndexOf, edgesAt, placesWhere } from "./edge-list.ts";
import { renumbered } from "./subgraph.ts";

/**
 * Leaves out the nodes without an edge to or from another one and counts the others from 0. Self-loops of those that stay
 * stand at the end, one (the last) at each node.
 */
export function removeIsolatedNodes(
  edges: EdgePairs,
  options: EdgeOptions = {},
): EdgeList & { readonly nodeMask: GraphArray } {
  const index = edgeIndexOf(edges, options.numNodes);
  const attr = edgeRows("removeIsolatedNodes", options.edgeAttr, index.numEdges);
  const apart = placesWhere(index, (a, b) => a !== b);
  const mask = new Uint8Array(index.numNodes);
  for (const e of apart) mask[index.source[e]!] = mask[index.target[e]!] = 1;
  let left = 0;
  const number = Int32Array.from(mask, (joined) => (joined ? left++ : -1));
  const lastLoop = new Map<number, number>();
  for (const e of placesWhere(index, (a, b) => a === b && mask[a] === 1)) lastLoop.set(index.source[e]!, e);
  const loops = [...lastLoop].sort(([a], [b]) => a - b).map(([, e]) => e);
  const places = Int32Array.from([...apart, ...loops]);
  return {
    edgeIndex: renumbered(edgesAt(index, places), number, left),
    edgeAttr: attr && takeRows(attr, places),
    nodeMask: flags(mask),
  };
}
