import { edgeRows, stackRows } from "../arrays.ts";
import type { EdgePairs } from "../edge-index.ts";
import { appendEdges, type EdgeList, edgeIndexOf } from "./edge-list.ts";
import { loopValues, type SelfLoopOptions } from "./loop-values.ts";

/**
 * A self-loop more at every node, behind the edges that there are.
 *
 * @throws ShapeError where there is not a row of values for each edge.
 */
export function addSelfLoops(edges: EdgePairs, options: SelfLoopOptions = {}): EdgeList {
  const index = edgeIndexOf(edges, options.numNodes);
  const attr = edgeRows("addSelfLoops", options.edgeAttr, index.numEdges);
  const nodes = Int32Array.from({ length: index.numNodes }, (_, i) => i);
  return {
    edgeIndex: appendEdges(index, nodes, nodes),
    edgeAttr: attr && stackRows(attr, loopValues(index, attr, options.fillValue)),
  };
}
