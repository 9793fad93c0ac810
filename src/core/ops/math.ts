/** Elementary functions. All compute in float32; integers are converted first. */

import { apply, arg, constant as number } from "../../ir/scalar.ts";
import { defineOp } from "../op.ts";
import type { Operand } from "../operand.ts";
import { toCompute, toFloat } from "../operand.ts";
import type { Tensor } from "../tensor.ts";
import { withGradient } from "./alias.ts";
import { where } from "./arithmetic.ts";
import { unary } from "./map.ts";

/** e to the power x. */
export const exp = unary({ name: "exp", scalar: "exp", domain: "float", gradient: (g, _, y) => [g.mul(y)] });

/** exp(x) - 1, exact near 0. */
export const expm1 = unary({
  name: "expm1",
  scalar: "expm1",
  domain: "float",
  gradient: (g, _, y) => [g.mul(y.add(1))],
});

/** The natural logarithm: -Infinity at 0, NaN below. */
export const log = unary({ name: "log", scalar: "log", domain: "float", gradient: (g, [x]) => [g.div(x!)] });

/** log(1 + x), exact near 0. */
export const log1p = unary({
  name: "log1p",
  scalar: "log1p",
  domain: "float",
  gradient: (g, [x]) => [g.div(x!.add(1))],
});

/** The square root; NaN below 0. */
export const sqrt = unary({
  name: "sqrt",
  scalar: "sqrt",
  domain: "float",
  gradient: (g, _, y) => [g.mul(0.5).div(y)],
});

/** 1 / sqrt(x). */
export const rsqrt = unary({
  name: "rsqrt",
  scalar: "rsqrt",
  domain: "float",
  gradient: (g, [x], y) => [g.mul(-0.5).mul(y).div(x!)],
});

/** Sine of x radians. */
export const sin = unary({
  name: "sin",
  scalar: "sin",
  domain: "float",
  gradient: (g, [x]) => [g.mul(cos(x!))],
});

/** Cosine of x radians. */
export const cos = unary({
  name: "cos",
  scalar: "cos",
  domain: "float",
  gradient: (g, [x]) => [g.mul(sin(x!)).neg()],
});

/** Hyperbolic tangent. */
export const tanh = unary({
  name: "tanh",
  scalar: "tanh",
  domain: "float",
  gradient: (g, _, y) => [g.mul(y.mul(y).neg().add(1))],
});

/** 1 / (1 + exp(-x)). */
export const sigmoid = unary({
  name: "sigmoid",
  scalar: "sigmoid",
  domain: "float",
  gradient: (g, _, y) => [g.mul(y.mul(y.neg().add(1)))],
});

/** The error function, 2/√π ∫₀ˣ exp(-t²) dt. */
export const erf = unary({
  name: "erf",
  scalar: "erf",
  domain: "float",
  gradient: (g, [x]) => [g.mul(exp(x!.mul(x!).neg()).mul(2 / Math.sqrt(Math.PI)))],
});

const reluOp = defineOp<object>({
  name: "relu",
  kind: "map",
  infer: ([x]) => x!,
  lower: (_, [x]) => ({ kind: "map", expr: apply("max", arg(0, x!.dtype), number(0, x!.dtype)) }),
  // Written on the output, so that the input need not be kept; what is after it is usually kept anyway.
  gradient: (g, _, y) => [where(y.greater(0), g, 0)],
});

/** max(x, 0); NaN stays NaN. The gradient at 0 is 0. */
export function relu(x: Operand): Tensor {
  return reluOp([toCompute(x)], {});
}

/** log(1 + exp(x)) without overflow: max(x, 0) + log1p(exp(-|x|)). */
export function softplus(x: Operand): Tensor {
  const t = toFloat(x);
  const value = relu(t).add(log1p(exp(t.abs().neg())));
  return withGradient("softplus", value, [t], (g) => [g.mul(sigmoid(t))]);
}
