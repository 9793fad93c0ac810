/** What the normalizing layers have in common: a factor γ and an offset β for each element of some axes. */
import type { Tensor, Variable } from "../core/index.ts";
import { flag, real } from "./fields.ts";
import { weightFields } from "./weight-fields.ts";

/** Options of a normalizing layer. */
export const normalizationFields = {
  epsilon: real(1e-3, 0),
  center: flag(true),
  scale: flag(true),
  ...weightFields("beta", "zeros"),
  ...weightFields("gamma", "ones"),
};

/** `(x - mean) / √(variance + ε) · γ + β`; γ and β, where there are any, broadcast to `x`. */
export function normalized(
  x: Tensor,
  mean: Tensor,
  variance: Tensor,
  epsilon: number,
  gamma: Tensor | undefined,
  beta: Tensor | undefined,
): Tensor {
  const inverse = variance.add(epsilon).rsqrt();
  const factor = gamma === undefined ? inverse : inverse.mul(gamma);
  const centered = x.sub(mean).mul(factor);
  return beta === undefined ? centered : centered.add(beta);
}

/** The weight laid out over the axes of the input; undefined where the layer has none. */
export function spread(weight: Variable | undefined, shape: Tensor["shape"]): Tensor | undefined {
  return weight?.value.reshape(shape);
}
