import { edgeRows, rowWidth, stackRows, takeRows } from "../arrays.ts";
import type { EdgePairs } from "../edge-index.ts";
import { appendEdges, type EdgeList, edgeIndexOf, edgesAt, placesWhere } from "./edge-list.ts";
import { loopValues, type SelfLoopOptions } from "./loop-values.ts";

/**
 * Exactly one self-loop at every node, behind the other edges. Where there was one it keeps its values (the last one's).
 *
 * @throws ShapeError where there is not a row of values for each edge.
 */
export function addRemainingSelfLoops(edges: EdgePairs, options: SelfLoopOptions = {}): EdgeList {
  const index = edgeIndexOf(edges, options.numNodes);
  const attr = edgeRows("addRemainingSelfLoops", options.edgeAttr, index.numEdges);
  const apart = placesWhere(index, (a, b) => a !== b);
  const nodes = Int32Array.from({ length: index.numNodes }, (_, i) => i);
  const edgeIndex = appendEdges(edgesAt(index, apart), nodes, nodes);
  if (attr === undefined) return { edgeIndex, edgeAttr: undefined };
  const loops = loopValues(index, attr, options.fillValue);
  const width = rowWidth(attr);
  for (const e of placesWhere(index, (a, b) => a === b)) {
    loops.data.set(attr.data.subarray(e * width, (e + 1) * width), index.source[e]! * width);
  }
  return { edgeIndex, edgeAttr: stackRows(takeRows(attr, apart), loops) };
}
