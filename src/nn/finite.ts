/** The watch on values that are not finite. */
import type { Tensor } from "../core/index.ts";

/** True where all values are finite: one sum of magnitudes tells. */
export function finite(values: readonly [Tensor, ...Tensor[]]): Tensor {
  return values
    .map((t) => (t.rank === 0 ? t.abs() : t.abs().max()))
    .reduce((a, b) => a.add(b))
    .isFinite();
}
