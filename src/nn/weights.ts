/** What layers and models do with all their weights. */
import type { Variable } from "../core/index.ts";
import { ShapeError } from "../ir/errors.ts";
import { showShape } from "../ir/size.ts";

/** The number of elements of a weight. */
export function elements(weight: Variable): number {
  return (weight.shape as readonly number[]).reduce((a, b) => a * b, 1);
}

/** Overwrites weights, those of `label`. Throws ShapeError where their number or lengths differ; nothing is changed then. */
export function writeWeights(
  label: string,
  weights: readonly Variable[],
  values: readonly ArrayLike<number>[],
): void {
  if (values.length !== weights.length) {
    throw new ShapeError({
      where: label,
      problem: "the number of weight arrays is another one",
      expected: `${weights.length} arrays`,
      got: String(values.length),
      try: weights.length === 0 ? "build it first" : "pass what getWeights() of the same layers returned",
    });
  }
  weights.forEach((w, i) => {
    if (values[i]!.length !== elements(w)) {
      throw new ShapeError({
        where: `${label} ${w.name}`,
        problem: "the weight has another size",
        expected: `${elements(w)} values for ${showShape(w.shape)}`,
        got: `${values[i]!.length} values`,
        try: "check that both models have the same layers in the same order",
      });
    }
  });
  weights.forEach((w, i) => {
    w.write(values[i]!);
  });
}
