/** Reductions over axes, with NumPy's arguments, and what is built from them. */
import { ShapeError } from "../../ir/errors.ts";
import type { ReduceFn } from "../../ir/program.ts";
import type { Size } from "../../ir/size.ts";
import { countOf, showShape } from "../../ir/size.ts";
import { gradient } from "../gradient.ts";
import { defineOp } from "../op.ts";
import type { Operand } from "../operand.ts";
import { toBool, toCompute, toFloat } from "../operand.ts";
import { placeOf } from "../scope.ts";
import { axesOf, axisOf, reducedShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { withGradient } from "./alias.ts";
import { add, where } from "./arithmetic.ts";
import { sizeOf } from "./create.ts";
import { stopGradient } from "./custom.ts";
import { exp } from "./math.ts";
import { broadcastAlong, place, reshapeTo, sliceTo } from "./move.ts";

/** One axis, several, or all of them (null, or left out). Negative axes count from the end. */
export type Axis = number | readonly number[] | null;

/** Options of a reduction. */
export interface ReduceOptions {
  /** Keep the reduced axes as axes of size 1. */
  keepdims?: boolean;
}

interface ReduceAttrs {
  readonly axes: readonly number[];
}
type ReduceRule = (g: Tensor, x: Tensor, y: Tensor, axes: readonly number[]) => Tensor | undefined;

/** A value of the reduced shape, repeated along the reduced axes. */
function spread(t: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  let kept = 0;
  return broadcastAlong(
    t,
    x.shape,
    x.shape.map((_, i) => (axes.includes(i) ? -1 : kept++)),
  );
}

function reducer(name: string, fn: ReduceFn, rule?: ReduceRule) {
  return defineOp<ReduceAttrs>({
    name,
    kind: "reduce",
    infer: ([x], { axes }) => ({
      shape: reducedShape(x!.shape, axes, false),
      dtype: fn === "argmax" || fn === "argmin" ? "int32" : x!.dtype,
    }),
    lower: ({ axes }) => ({ kind: "reduce", fn, axes }),
    ...(rule && { gradient: (g, [x], y, { axes }) => [rule(g, x!, y, axes)] }),
  });
}

/** Where several elements are the extreme one, each gets an equal part of the gradient. */
const shareEvenly: ReduceRule = (g, x, y, axes) => {
  const winners = stopGradient(x.equal(spread(y, x, axes)).cast("float32"));
  return spread(g.div(winners.sum(axes)), x, axes).mul(winners);
};

const sumOp = reducer("sum", "sum", (g, x, _, axes) => spread(g, x, axes));
const maxOp = reducer("max", "max", shareEvenly);
const minOp = reducer("min", "min", shareEvenly);
const argmaxOp = reducer("argmax", "argmax", () => undefined);
const argminOp = reducer("argmin", "argmin", () => undefined);
const prodOp = reducer("prod", "prod", (g, x, y, axes) =>
  axes.every((a) => typeof x.shape[a] === "number" && x.shape[a] !== 0)
    ? gradient(productTree(x, axes), [x], { seed: g })[0]
    : spread(g.mul(y), x, axes).div(x),
);

/** The product as a tree of products of halves: its gradient needs no division, so zeros do no harm. */
function productTree(x: Tensor, axes: readonly number[]): Tensor {
  let t = x;
  for (const axis of axes) {
    for (let n = t.shape[axis] as number; n > 1; n = Math.ceil(n / 2)) {
      const even = Math.ceil(n / 2) * 2;
      const whole = place([t], withSize(t, axis, even), 1, [t.shape.map(() => 0)], [t.shape.map(() => 1)]);
      const half = withSize(t, axis, even / 2);
      const part = (from: number) =>
        sliceTo(
          whole,
          half,
          half.map((_, i) => (i === axis ? from : 0)),
          half.map(() => 1),
        );
      t = part(0).mul(part(even / 2));
    }
  }
  return reshapeTo(t, reducedShape(t.shape, axes, false));
}

function withSize(t: Tensor, axis: number, size: Size): Size[] {
  return t.shape.map((s, i) => (i === axis ? size : s));
}

type Reduction = (x: Operand, axis?: Axis, options?: ReduceOptions) => Tensor;

function keep(t: Tensor, x: Tensor, axes: readonly number[], options: ReduceOptions): Tensor {
  return options.keepdims ? reshapeTo(t, reducedShape(x.shape, axes, true)) : t;
}

function refuseEmpty(name: string, x: Tensor, axes: readonly number[]): void {
  if (!axes.some((a) => x.shape[a] === 0)) return;
  throw new ShapeError({
    where: placeOf(name),
    problem: "an empty axis has no largest or smallest element",
    expected: "at least one element along the reduced axes",
    got: showShape(x.shape),
    try: "leave empty inputs out, or use sum (0) or prod (1), which are defined for them",
  });
}

function reduction(op: ReturnType<typeof reducer>, needsElements = false): Reduction {
  const { name } = op.def;
  return (x, axis = null, options = {}) => {
    const t = toCompute(x);
    const axes = axesOf(name, axis, t.rank);
    if (needsElements) refuseEmpty(name, t, axes);
    return axes.length === 0 ? t : keep(op([t], { axes }), t, axes, options);
  };
}

/** The sum over `axis` (all axes unless given); 0 over an empty axis. int32 wraps. */
export const sum: Reduction = reduction(sumOp);
/** The product over `axis`; 1 over an empty axis. */
export const prod: Reduction = reduction(prodOp);
/** The largest element; NaN wins. Equal largest elements share the gradient. Throws ShapeError over an empty axis. */
export const max: Reduction = reduction(maxOp, true);
/** The smallest element; NaN wins. Equal smallest elements share the gradient. Throws ShapeError over an empty axis. */
export const min: Reduction = reduction(minOp, true);

function position(op: ReturnType<typeof reducer>) {
  const { name } = op.def;
  return (x: Operand, axis: number | null = null, options: ReduceOptions = {}): Tensor => {
    const t = toCompute(x);
    const flat = axis === null ? reshapeTo(t, [countOf(t.shape)]) : t;
    const axes = [axis === null ? 0 : axisOf(name, axis, t.rank)];
    refuseEmpty(name, flat, axes);
    const at = op([flat], { axes });
    return axis === null && options.keepdims
      ? reshapeTo(
          at,
          t.shape.map(() => 1),
        )
      : keep(at, flat, axes, options);
  };
}

/** The position of the largest element along `axis`, or in row-major order without one (int32). The first wins; NaN wins. */
export const argmax = position(argmaxOp);
/** The position of the smallest element along `axis`, or in row-major order without one (int32). The first wins; NaN wins. */
export const argmin = position(argminOp);

/** How many elements are reduced, as a float32 scalar. */
function reducedCount(x: Tensor, axes: readonly number[]): Tensor {
  return toFloat(sizeOf(countOf(axes.map((a) => x.shape[a]!))));
}

/** The mean in float32; NaN over an empty axis. */
export function mean(x: Operand, axis: Axis = null, options: ReduceOptions = {}): Tensor {
  const t = toFloat(x);
  return sum(t, axis, options).div(reducedCount(t, axesOf("mean", axis, t.rank)));
}

/** Options of `variance` and `std`. */
export interface VarianceOptions extends ReduceOptions {
  /** Subtracted from the number of elements in the divisor; 0 unless given. */
  ddof?: number;
}

/** The mean squared distance from the mean (two passes, so that large means do no harm). */
export function variance(x: Operand, axis: Axis = null, options: VarianceOptions = {}): Tensor {
  const t = toFloat(x);
  const away = t.sub(mean(t, axis, { keepdims: true }));
  const n = reducedCount(t, axesOf("variance", axis, t.rank));
  return away
    .mul(away)
    .sum(axis, options)
    .div(n.sub(options.ddof ?? 0));
}

/** The square root of `variance`; where that is 0 the gradient is 0. */
export function std(x: Operand, axis: Axis = null, options: VarianceOptions = {}): Tensor {
  return rootWithGradient("std", variance(x, axis, options));
}

/** The square root, with gradient 0 where it is 0. */
function rootWithGradient(name: string, squared: Tensor): Tensor {
  return withGradient(name, squared.sqrt(), [squared], (g, y) => [
    where(y.equal(0), 0, g.mul(0.5).div(where(y.equal(0), 1, y))),
  ]);
}

/** The Euclidean norm, scaled so that no square overflows; where it is 0 the gradient is 0. */
export function norm(x: Operand, axis: Axis = null, options: ReduceOptions = {}): Tensor {
  const t = toFloat(x);
  const axes = axesOf("norm", axis, t.rank);
  if (axes.some((a) => t.shape[a] === 0)) return sum(t.abs(), axes, options);
  const largest = t.abs().max(axes, { keepdims: true });
  const scale = stopGradient(where(largest.greater(0).logicalAnd(largest.isFinite()), largest, 1));
  const kept = t.div(scale).square().sum(axes, { keepdims: true }).sqrt().mul(scale);
  const whole = withGradient("norm", kept, [t], (g, y) => [
    where(y.equal(0), 0, g.mul(t).div(where(y.equal(0), 1, y))),
  ]);
  return options.keepdims ? whole : reshapeTo(whole, reducedShape(t.shape, axes, false));
}

/** Whether all elements are true (not 0); true over an empty axis. */
export function all(x: Operand, axis: Axis = null, options: ReduceOptions = {}): Tensor {
  return sum(toBool(x).logicalNot(), axis, options).equal(0);
}

/** Whether any element is true (not 0); false over an empty axis. */
export function any(x: Operand, axis: Axis = null, options: ReduceOptions = {}): Tensor {
  return sum(toBool(x), axis, options).greater(0);
}

/** The largest element along `axes`, to subtract before `exp`; its gradient cancels. */
function shift(t: Tensor, axes: readonly number[]): Tensor {
  return stopGradient(t.max(axes, { keepdims: true }));
}

/** log Σ exp(x) without overflow. All -Infinity gives -Infinity, any +Infinity gives +Infinity. */
export function logSumExp(x: Operand, axis: Axis = null, options: ReduceOptions = {}): Tensor {
  const t = toFloat(x);
  const axes = axesOf("logSumExp", axis, t.rank);
  if (axes.some((a) => t.shape[a] === 0)) return sum(exp(t), axes, options).log();
  const largest = shift(t, axes);
  const finite = where(largest.isFinite(), largest, 0);
  const value = add(exp(t.sub(finite)).sum(axes, { keepdims: true }).log(), finite);
  const whole = withGradient("logSumExp", value, [t], (g, y) => [g.mul(exp(t.sub(y)))]);
  return options.keepdims ? whole : reshapeTo(whole, reducedShape(t.shape, axes, false));
}

/** exp(x) / Σ exp(x) along `axis`, without overflow. Where all are -Infinity, or any is +Infinity, the result is NaN. */
export function softmax(x: Operand, axis = -1): Tensor {
  const t = toFloat(x);
  const axes = [axisOf("softmax", axis, t.rank)];
  if (t.shape[axes[0]!] === 0) return t;
  const e = exp(t.sub(shift(t, axes)));
  const value = e.div(e.sum(axes, { keepdims: true }));
  return withGradient("softmax", value, [t], (g, y) => [
    y.mul(g.sub(g.mul(y).sum(axes, { keepdims: true }))),
  ]);
}

/** log(softmax(x)) along `axis`, without overflow. Where all are -Infinity, or any is +Infinity, the result is NaN. */
export function logSoftmax(x: Operand, axis = -1): Tensor {
  const t = toFloat(x);
  const axes = [axisOf("logSoftmax", axis, t.rank)];
  if (t.shape[axes[0]!] === 0) return t;
  const away = t.sub(shift(t, axes));
  const value = away.sub(exp(away).sum(axes, { keepdims: true }).log());
  return withGradient("logSoftmax", value, [t], (g, y) => [
    g.sub(exp(y).mul(g.sum(axes, { keepdims: true }))),
  ]);
}
