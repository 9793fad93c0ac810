/** The features of self-loops that an operator adds. */
import { type Tensor, where } from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";
import type { Edges } from "../edges.ts";
import { column } from "../groups.ts";

/** A number for all features, or how the features of the edges that end at the node are reduced. */
export type LoopFill = number | "add" | "sum" | "mean" | "max" | "min" | "mul";

/** What a loop counts as while the others are reduced, and the reduction; `size` is the degree without the loop. */
const reductions: Record<Exclude<LoopFill, number>, (e: Edges, values: Tensor, loop: Tensor) => Tensor> = {
  add: (e, v, loop) => e.rows.sum(where(loop, 0, v)),
  sum: (e, v, loop) => e.rows.sum(where(loop, 0, v)),
  mean: (e, v, loop) =>
    e.rows.sum(where(loop, 0, v)).div(column(others(e).maximum(1).cast("float32"), v.rank)),
  max: (e, v, loop) => orZero(e, e.rows.max(where(loop, Number.NEGATIVE_INFINITY, v))),
  min: (e, v, loop) => orZero(e, e.rows.min(where(loop, Number.POSITIVE_INFINITY, v))),
  mul: (e, v, loop) => e.rows.mul(where(loop, 1, v)),
};

/** Edges at each node but for its loop. */
function others(e: Edges): Tensor {
  return e.rows.sizes.sub(1);
}

function orZero(e: Edges, values: Tensor): Tensor {
  return where(column(others(e), values.rank).greater(0), values, 0);
}

/**
 * Features of the edges of the list [listed, …] at the places of a structure with self-loops, which get `fill` instead of their
 * own.
 */
function withLoopAttributes(looped: Edges, edgeAttr: Tensor, fill: LoopFill): Tensor {
  const values = looped.arrange(edgeAttr);
  const loop = column(looped.isLoop, values.rank);
  if (typeof fill === "number") return where(loop, fill, values);
  const reduce = new Map(Object.entries(reductions)).get(fill);
  if (reduce) return where(loop, looped.fromTarget(reduce(looped, values, loop)), values);
  throw new UsageError({
    where: "fillValue",
    problem: "self-loops cannot be filled like that",
    expected: `a number, or one of ${Object.keys(reductions).join(", ")}`,
    got: String(fill),
    try: 'fillValue: "mean"',
  });
}

/**
 * Features of the edges of the list at the places of a structure: [edges, features]. With `fill` it is a structure with self-loops.
 */
export function attributesAt(structure: Edges, edgeAttr: Tensor, fill: LoopFill | undefined): Tensor {
  const values =
    fill === undefined ? structure.arrange(edgeAttr) : withLoopAttributes(structure, edgeAttr, fill);
  return values.rank === 1 ? values.expandDims(-1) : values;
}
