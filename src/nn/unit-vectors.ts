/** Vectors of length 1. */
import type { Tensor } from "../core/index.ts";

/** `x / max(‖x‖, least)` over `axes`. The bound is taken before the root, so that zeros have a finite gradient. */
export function unitVectors(x: Tensor, axes: number[], least: number): Tensor {
  return x.mul(
    x
      .square()
      .sum(axes, { keepdims: true })
      .maximum(Math.max(least ** 2, 1e-37))
      .rsqrt(),
  );
}
