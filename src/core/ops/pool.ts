/** Pooling over windows of the spatial axes of [n, …space, c], channels last. */

import { ShapeError } from "../../ir/errors.ts";
import type { WindowSpec } from "../../ir/program.ts";
import type { Shape } from "../../ir/size.ts";
import { addSize, floorDivSize, showShape } from "../../ir/size.ts";
import { defineOp } from "../op.ts";
import type { Operand } from "../operand.ts";
import { toFloat } from "../operand.ts";
import { placeOf } from "../scope.ts";
import type { Tensor } from "../tensor.ts";
import { ones } from "./create.ts";
import type { ConvPadding } from "./window.ts";
import { padsOf, perAxis } from "./window.ts";

interface Windows {
  readonly axes: readonly number[];
  readonly window: readonly number[];
  readonly stride: readonly number[];
  readonly pad: readonly number[];
  /** The shape of the pooled result, and of what is pooled. */
  readonly pooled: Shape;
  readonly whole: Shape;
}

function windowOp(fn: WindowSpec["fn"], to: "pooled" | "whole", rule: Rule) {
  return defineOp<Windows>({
    name: fn === "sum" || fn === "sumScatter" ? "sumPool" : "maxPool",
    kind: "window",
    infer: ([x], a) => ({ shape: a[to], dtype: x!.dtype }),
    lower: ({ axes, window, stride, pad }) => ({ kind: "window", fn, axes, window, stride, pad }),
    gradient: (g, inputs, _, a) => rule(g, inputs, a),
  });
}
type Rule = (g: Tensor, inputs: readonly Tensor[], a: Windows) => (Tensor | undefined)[];

// Which element wins does not change under a small change of x: the gathers and scatters are linear in their second input.
const maxOp = windowOp("max", "pooled", (g, [x], a) => [scatterOp([x!, g], a)]);
const gatherOp = windowOp("maxGather", "pooled", (g, [x], a) => [undefined, scatterOp([x!, g], a)]);
const scatterOp = windowOp("maxScatter", "whole", (g, [x], a) => [undefined, gatherOp([x!, g], a)]);
const sumOp = windowOp("sum", "pooled", (g, _, a) => [sumScatterOp([g], a)]);
const sumScatterOp = windowOp("sumScatter", "whole", (g, _, a) => [sumOp([g], a)]);

/** Options of pooling. One number stands for all spatial axes. */
export interface PoolOptions {
  /** The size of a window; 2 unless given. */
  size?: number | readonly number[];
  /** The step between windows; the size unless given. */
  strides?: number | readonly number[];
  padding?: ConvPadding;
}

function windows(op: string, x: Tensor, options: PoolOptions): Windows {
  if (x.rank < 3) {
    throw new ShapeError({
      where: placeOf(op),
      problem: "there is no spatial axis",
      expected: "[n, l, c] or [n, h, w, c]",
      got: showShape(x.shape),
      try: "add the axis of images or of channels with expandDims",
    });
  }
  const space = x.shape.slice(1, -1);
  const window = perAxis(op, "size", options.size ?? 2, space.length);
  const stride = perAxis(op, "strides", options.strides ?? window, space.length);
  const pads = padsOf(op, options.padding, space, window, stride);
  const sizes = space.map((s, i) => {
    const padded = addSize(s, pads[i]![0] + pads[i]![1]);
    if ((typeof padded === "number" && padded < window[i]!) || Math.max(...pads[i]!) >= window[i]!) {
      throw new ShapeError({
        where: placeOf(op),
        problem: "the window does not fit the image",
        expected: `a window of ${window[i]} within ${padded} cells, less padding than the window`,
        got: `image ${showShape(x.shape)}, padding [${pads[i]!.join(", ")}]`,
        try: 'use a smaller window or padding "same"',
      });
    }
    return addSize(floorDivSize(addSize(padded, -window[i]!), stride[i]!), 1);
  });
  return {
    axes: space.map((_, i) => i + 1),
    window,
    stride,
    pad: pads.map((p) => p[0]),
    pooled: [x.shape[0]!, ...sizes, x.shape.at(-1)!],
    whole: x.shape,
  };
}

/**
 * The largest element of each window: [n, …space, c] → [n, …fewer, c]. NaN wins; the first of equal ones takes the
 * gradient. Padding never wins. Throws ShapeError when the window does not fit.
 */
export function maxPool(x: Operand, options: PoolOptions = {}): Tensor {
  const t = toFloat(x);
  return maxOp([t], windows("maxPool", t, options));
}

/** The sum of each window; padding counts 0. */
export function sumPool(x: Operand, options: PoolOptions = {}): Tensor {
  const t = toFloat(x);
  return sumOp([t], windows("sumPool", t, options));
}

/** The mean of each window, over its real cells (padding is not counted). */
export function averagePool(x: Operand, options: PoolOptions = {}): Tensor {
  const t = toFloat(x);
  const a = windows("averagePool", t, options);
  const total = sumOp([t], a, "averagePool");
  const cells = a.window.reduce((p, w) => p * w, 1);
  const padded = options.padding !== undefined && options.padding !== "valid";
  if (!padded) return total.div(cells);
  return total.div(sumPool(ones([1, ...t.shape.slice(1, -1), 1]), options));
}
