/** Control over gradients: none, or your own. */
import { ShapeError, UsageError } from "../../ir/errors.ts";
import { sameShape, showShape } from "../../ir/size.ts";
import type { Operand } from "../operand.ts";
import { toTensor } from "../operand.ts";
import { placeOf } from "../scope.ts";
import type { Tensor } from "../tensor.ts";
import { withGradient } from "./alias.ts";

/** `x` as a constant: no gradient flows through it. */
export function stopGradient(x: Operand): Tensor {
  const t = toTensor(x);
  return withGradient("stopGradient", t, [], () => []);
}

/** What a function given to `customGradient` returns. */
export interface ValueAndGradient {
  value: Tensor;
  /** The gradients for each argument, given the gradient for the value. */
  gradient: (g: Tensor) => readonly (Tensor | undefined)[];
}

/**
 * A function with a gradient of your own: `fn` returns the value and a rule that turns the value's gradient into one for
 * each argument. Throws UsageError when the rule gives a wrong number of gradients, ShapeError when one has a wrong shape.
 *
 *     const clipped = customGradient((x) => ({ value: x, gradient: (g) => [g.clip(-1, 1)] }));
 */
export function customGradient(fn: (...xs: Tensor[]) => ValueAndGradient): (...xs: Operand[]) => Tensor {
  return (...operands) => {
    const xs = operands.map(toTensor);
    const { value, gradient } = fn(...xs);
    return withGradient("customGradient", value, xs, (g) => checkGradients(xs, gradient(g)));
  };
}

function checkGradients(
  xs: readonly Tensor[],
  gradients: readonly (Tensor | undefined)[],
): readonly (Tensor | undefined)[] {
  if (gradients.length !== xs.length) {
    throw new UsageError({
      where: placeOf("customGradient"),
      problem: "the rule must give one gradient for each argument",
      expected: `${xs.length} gradients`,
      got: String(gradients.length),
      try: "give undefined for an argument without a gradient",
    });
  }
  gradients.forEach((g, i) => {
    if (g === undefined || sameShape(g.shape, xs[i]!.shape)) return;
    throw new ShapeError({
      where: placeOf("customGradient"),
      problem: `the gradient for argument ${i} has a wrong shape`,
      expected: showShape(xs[i]!.shape),
      got: showShape(g.shape),
      try: "sum over the axes along which the argument was repeated",
    });
  });
  return gradients;
}
