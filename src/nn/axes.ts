/** Axes of the inputs of layers: where the channels of a normalization are, and what it is taken over. */
import { ShapeError } from "../ir/errors.ts";
import { type Shape, showShape, staticSize } from "../ir/size.ts";

/** The axes as numbers from 0, in order. Throws ShapeError for an axis that the shape does not have. */
export function resolveAxes(axes: number | readonly number[], shape: Shape, where: string): number[] {
  const list = typeof axes === "number" ? [axes] : axes;
  const found = list.map((axis) => {
    const a = axis < 0 ? axis + shape.length : axis;
    if (a >= 0 && a < shape.length) return a;
    throw new ShapeError({
      where,
      problem: `the input has no axis ${axis}`,
      expected: `axes between ${-shape.length} and ${shape.length - 1}`,
      got: showShape(shape),
      try: "change `axis`; axis 0 counts the rows",
    });
  });
  return [...new Set(found)].sort((a, b) => a - b);
}

/** The axes of `shape` that are not among `axes`. */
export function otherAxes(axes: readonly number[], shape: Shape): number[] {
  return shape.flatMap((_, i) => (axes.includes(i) ? [] : [i]));
}

/** The sizes on `axes`. Throws ShapeError where one is not known before a plan runs. */
export function sizesOn(axes: readonly number[], shape: Shape, where: string): number[] {
  return axes.map((a) => staticSize(shape[a]!, where, `the size of axis ${a}`));
}

/** `shape` on `axes` and 1 elsewhere: what a weight with those axes is reshaped to before it meets the input. */
export function spreadShape(axes: readonly number[], shape: Shape): Shape {
  return shape.map((s, i) => (axes.includes(i) ? s : 1));
}
