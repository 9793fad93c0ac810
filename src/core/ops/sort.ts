/** Order along an axis: sorting, the largest few, positions in a sorted list, running sums. */
import { ShapeError } from "../../ir/errors.ts";
import { countOf, showShape } from "../../ir/size.ts";
import type { Op } from "../op.ts";
import { defineOp } from "../op.ts";
import type { Operand } from "../operand.ts";
import { meet, toCompute } from "../operand.ts";
import { placeOf } from "../scope.ts";
import { axisOf, wholeNumber } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { takeAlongAxis } from "./gather.ts";
import { permuteTo, reshapeTo } from "./move.ts";
import { slice } from "./shape.ts";

const argsortOp = defineOp<{ descending: boolean }>({
  name: "argsort",
  kind: "routine",
  infer: ([x]) => ({ shape: x!.shape, dtype: "int32" }),
  lower: ({ descending }) => ({ kind: "routine", routine: "argsort", descending }),
  gradient: () => [undefined],
});

const searchsortedOp = defineOp<{ side: "left" | "right" }>({
  name: "searchsorted",
  kind: "routine",
  infer: ([, q]) => ({ shape: q!.shape, dtype: "int32" }),
  lower: ({ side }) => ({ kind: "routine", routine: "searchsorted", side }),
  gradient: () => [undefined, undefined],
});

const cumsumOp: Op<{ reverse: boolean }> = defineOp<{ reverse: boolean }>({
  name: "cumsum",
  kind: "routine",
  infer: ([x]) => x!,
  lower: ({ reverse }) => ({ kind: "routine", routine: "cumsum", reverse }),
  gradient: (g, _, __, { reverse }) => [cumsumOp([g], { reverse: !reverse })],
});

/** Applies `fn`, which works on the last axis, to `axis`. */
function onLastAxis(t: Tensor, axis: number, fn: (t: Tensor) => Tensor): Tensor {
  const order = [...t.shape.map((_, i) => i).filter((i) => i !== axis), axis];
  return permuteTo(
    fn(permuteTo(t, order)),
    order.map((_, i) => order.indexOf(i)),
  );
}

/** Options of `sort` and `argsort`. */
export interface SortOptions {
  /** From large to small. NaN comes last when ascending, first when descending. */
  descending?: boolean;
}

/** The positions that sort `x` along `axis` (int32); equal elements keep their order. */
export function argsort(x: Operand, axis = -1, options: SortOptions = {}): Tensor {
  const t = toCompute(x);
  const a = axisOf("argsort", axis, t.rank);
  return onLastAxis(t, a, (last) => argsortOp([last], { descending: options.descending ?? false }));
}

/** The elements of `x` in order along `axis`. */
export function sort(x: Operand, axis = -1, options: SortOptions = {}): Tensor {
  const t = toCompute(x);
  const a = axisOf("sort", axis, t.rank);
  return takeAlongAxis(t, argsort(t, a, options), a);
}

/** The `k` largest elements along the last axis, in descending order, and their positions. Throws ShapeError when there are fewer. */
export function topK(x: Operand, k: number): { values: Tensor; indices: Tensor } {
  const t = toCompute(x);
  const last = axisOf("topK", -1, t.rank);
  const size = t.shape[last]!;
  wholeNumber("topK", "k", k, 0);
  if (typeof size === "number" && k > size) {
    throw new ShapeError({
      where: placeOf("topK"),
      problem: "there are fewer than k elements",
      expected: `k from 0 to ${size}`,
      got: `k = ${k} for ${showShape(t.shape)}`,
      try: "take the minimum of k and the size of the last axis",
    });
  }
  const all = argsort(t, last, { descending: true });
  const indices = slice(
    all,
    t.shape.map(() => null),
    t.shape.map((_, i) => (i === last ? k : null)),
  );
  return { values: takeAlongAxis(t, indices, last), indices };
}

/**
 * For each query the position in `sorted` (one ascending axis) before which it would be put in, int32: before its equals
 * with side `left`, after them with `right`. Throws ShapeError when `sorted` has not one axis.
 */
export function searchsorted(sorted: Operand, queries: Operand, side: "left" | "right" = "left"): Tensor {
  const [s, q] = meet("searchsorted", [sorted, queries]) as [Tensor, Tensor];
  if (s.rank !== 1) {
    throw new ShapeError({
      where: placeOf("searchsorted"),
      problem: "the sorted values must have one axis",
      expected: "[n]",
      got: showShape(s.shape),
      try: "search row by row",
    });
  }
  const flat = searchsortedOp([s, reshapeTo(q, [countOf(q.shape)])], { side });
  return reshapeTo(flat, q.shape);
}

/** Options of `cumsum`. */
export interface CumsumOptions {
  /** Sum from the end. */
  reverse?: boolean;
}

/** Running sums along `axis`; without one, of the flattened value. */
export function cumsum(x: Operand, axis: number | null = null, options: CumsumOptions = {}): Tensor {
  const t = toCompute(x);
  const flat = axis === null ? reshapeTo(t, [countOf(t.shape)]) : t;
  const a = axisOf("cumsum", axis ?? 0, flat.rank);
  return onLastAxis(flat, a, (last) => cumsumOp([last], { reverse: options.reverse ?? false }));
}
