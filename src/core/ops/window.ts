/** Windows over the spatial axes of [n, …space, c]: their options, padding and checks. */
import { ShapeError } from "../../ir/errors.ts";
import type { Shape } from "../../ir/size.ts";
import { addSize, showShape, staticSize } from "../../ir/size.ts";
import { placeOf } from "../scope.ts";
import { wholeNumber } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { place } from "./move.ts";

/** The sizes of the spatial axes. */
export function spaceOf(t: Tensor): Shape {
  return t.shape.slice(1, -1);
}

/** How much is added around the image: `same` keeps ceil(size / stride) places, the extra cell at the end. */
export type ConvPadding = "valid" | "same" | readonly number[] | readonly (readonly [number, number])[];

/** An option as one positive whole number for each spatial axis. */
export function perAxis(
  op: string,
  what: string,
  value: number | readonly number[] | undefined,
  n: number,
): number[] {
  const list =
    typeof value === "number" || value === undefined ? Array.from({ length: n }, () => value ?? 1) : value;
  if (list.length !== n) {
    throw new ShapeError({
      where: placeOf(op),
      problem: `${what} must have one number for each spatial axis`,
      expected: `${n} numbers, or one for all`,
      got: `[${list.join(", ")}]`,
      try: `give ${what} as a single number`,
    });
  }
  return list.map((v) => wholeNumber(op, what, v, 1));
}

/** Cells before and after each spatial axis. */
export function padsOf(
  op: string,
  padding: ConvPadding | undefined,
  space: Shape,
  covered: readonly number[],
  strides: readonly number[],
): (readonly [number, number])[] {
  if (padding === undefined || padding === "valid") return space.map(() => [0, 0] as const);
  if (padding === "same") {
    return space.map((s, i) => {
      const size = strides[i] === 1 ? 1 : staticSize(s, op, 'the size of an axis with padding "same"');
      const total = Math.max((Math.ceil(size / strides[i]!) - 1) * strides[i]! + covered[i]! - size, 0);
      return [Math.floor(total / 2), Math.ceil(total / 2)] as const;
    });
  }
  if (!Array.isArray(padding) || padding.length !== space.length) {
    throw new ShapeError({
      where: placeOf(op),
      problem: "the padding is not understood",
      expected: `"valid", "same", or ${space.length} widths`,
      got: JSON.stringify(padding),
      try: "give one number, or a pair [before, after], for each spatial axis",
    });
  }
  return padding.map((p) => {
    const [low, high] = typeof p === "number" ? [p, p] : p;
    return [wholeNumber(op, "padding", low, 0), wholeNumber(op, "padding", high, 0)] as const;
  });
}

/** Zeros around the spatial axes. */
export function padSpace(x: Tensor, pads: readonly (readonly [number, number])[], value = 0): Tensor {
  const space = spaceOf(x);
  return place(
    [x],
    [x.shape[0]!, ...space.map((s, i) => addSize(s, pads[i]![0] + pads[i]![1])), x.shape.at(-1)!],
    value,
    [[0, ...pads.map((p) => p[0]), 0]],
    [x.shape.map(() => 1)],
  );
}

/** Throws ShapeError when a window is larger than the (padded) image. */
export function checkWindow(op: string, padded: Tensor, covered: readonly number[]): void {
  const space = spaceOf(padded);
  const bad = covered.findIndex((w, i) => typeof space[i] === "number" && w > (space[i] as number));
  if (bad < 0) return;
  throw new ShapeError({
    where: placeOf(op),
    problem: "the window is larger than the image",
    expected: `at least ${covered[bad]} cells on spatial axis ${bad}`,
    got: `${space[bad]} with padding, image ${showShape(padded.shape)}`,
    try: 'use a smaller window or padding "same"',
  });
}
