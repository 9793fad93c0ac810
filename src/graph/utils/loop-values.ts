/** Values of self-loops that are added to a graph. */
import { ShapeError } from "../../ir/errors.ts";
import { filledRows, type Reduce, reduceRows, rowWidth, takeRows } from "../arrays.ts";
import { type FieldInput, type GraphArray, graphArray } from "../data.ts";
import type { EdgeIndex } from "../edge-index.ts";
import type { EdgeOptions } from "./edge-list.ts";

export interface SelfLoopOptions extends EdgeOptions {
  /** Values of an added loop: a number, one row, or how they are made of the edges that end at its node. Default 1. */
  fillValue?: number | FieldInput | Reduce | undefined;
}

/** A row for each node. */
export function loopValues(
  edges: EdgeIndex,
  attr: GraphArray,
  fill: SelfLoopOptions["fillValue"] = 1,
): GraphArray {
  const nodes = edges.numNodes;
  if (typeof fill === "number") return filledRows(attr, nodes, fill);
  if (typeof fill === "string") return reduceRows(attr, edges.target, nodes, fill as Reduce);
  const row = graphArray("edgeAttr", fill);
  if (row.data.length === rowWidth(attr)) {
    const shape = [1, ...attr.shape.slice(1)];
    return takeRows({ data: row.data, shape, dtype: attr.dtype }, new Int32Array(nodes));
  }
  throw new ShapeError({
    where: "fillValue",
    problem: "the row does not have the width of the edges' values",
    expected: `${rowWidth(attr)} values`,
    got: String(row.data.length),
    try: "give one number for all of them",
  });
}
