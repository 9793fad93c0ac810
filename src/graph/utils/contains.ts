/** Questions about edges that EdgeIndex answers, under PyTorch Geometric's names. */
import type { EdgePairs } from "../edge-index.ts";
import { edgeIndexOf } from "./edge-list.ts";

/** True when an edge joins a node with itself. */
export function containsSelfLoops(edges: EdgePairs): boolean {
  return edgeIndexOf(edges).hasSelfLoops;
}

/** True when a node has no edge to or from another one. */
export function containsIsolatedNodes(edges: EdgePairs, numNodes?: number): boolean {
  return edgeIndexOf(edges, numNodes).hasIsolatedNodes;
}
