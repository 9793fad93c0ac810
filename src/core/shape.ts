/** Rules about shapes: checking, axes, broadcasting, `-1` in a reshape. */
import { LimitError, ShapeError } from "../ir/errors.ts";
import type { Shape, Size } from "../ir/size.ts";
import { countOf, Dim, exactDivSize, mulSize, sameShape, sameSize, showShape } from "../ir/size.ts";
import { placeOf } from "./scope.ts";

/** The most elements one array may have: positions are int32. */
export const maxElements = 2 ** 31 - 1;

/** `shape` after checking that it is a list of whole sizes and small enough. */
export function checkShape(op: string, shape: Shape): Shape {
  if (!Array.isArray(shape)) {
    throw new ShapeError({
      where: placeOf(op),
      problem: "a shape must be a list of sizes",
      expected: "an array such as [2, 3]",
      got: String(shape),
      try: "put the size in brackets",
    });
  }
  for (const s of shape as readonly unknown[]) {
    if (s instanceof Dim || (typeof s === "number" && Number.isSafeInteger(s) && s >= 0)) continue;
    throw new ShapeError({
      where: placeOf(op),
      problem: "a size must be a whole number, 0 or more",
      expected: "sizes such as 0, 1, 2, …",
      got: `${typeof s === "string" ? JSON.stringify(s) : String(s)} in ${showShape(shape)}`,
      try: "check the sizes given; -1 is understood by reshape only",
    });
  }
  const count = countOf(shape);
  if (typeof count === "number" && count > maxElements) {
    throw new LimitError({
      where: placeOf(op),
      problem: "the array would have too many elements",
      expected: `at most ${maxElements} elements`,
      got: `${showShape(shape)}, ${count} elements`,
      try: "work on parts of it",
    });
  }
  return shape;
}

/** A whole number given by the caller, or a ShapeError. */
export function wholeNumber(op: string, what: string, value: unknown, least: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= maxElements) {
    return value;
  }
  throw new ShapeError({
    where: placeOf(op),
    problem: `${what} must be a whole number, ${least} or more`,
    expected: `a whole number >= ${least}`,
    got: String(value),
    try: `give ${what} as an integer`,
  });
}

/** An axis counted from the front; negative axes count from the end. */
export function axisOf(op: string, axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(at) && at >= 0 && at < rank) return at;
  throw new ShapeError({
    where: placeOf(op),
    problem: "there is no such axis",
    expected: rank === 0 ? "no axis, the value is a scalar" : `an axis from ${-rank} to ${rank - 1}`,
    got: String(axis),
    try: `check the rank: the value has ${rank} ${rank === 1 ? "axis" : "axes"}`,
  });
}

/** `axis` as ascending, distinct axes from the front; null or undefined mean all of them. */
export function axesOf(
  op: string,
  axis: number | readonly number[] | null | undefined,
  rank: number,
): number[] {
  if (axis === null || axis === undefined) return Array.from({ length: rank }, (_, i) => i);
  const axes = (typeof axis === "number" ? [axis] : [...axis]).map((a) => axisOf(op, a, rank));
  if (new Set(axes).size !== axes.length) {
    throw new ShapeError({
      where: placeOf(op),
      problem: "an axis is named twice",
      expected: "distinct axes",
      got: `[${axes.join(", ")}]`,
      try: "name each axis once; negative axes count from the end",
    });
  }
  return axes.sort((a, b) => a - b);
}

/** The shape two shapes broadcast to, by NumPy's rule. A symbolic size goes with itself and with 1 only. */
export function broadcastShapes(op: string, ...shapes: readonly Shape[]): Shape {
  return shapes.reduce((a, b) => broadcastPair(op, a, b));
}

function broadcastPair(op: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (sameSize(x, y) || y === 1) return x;
    if (x === 1) return y;
    const symbolic = x instanceof Dim || y instanceof Dim;
    throw new ShapeError({
      where: placeOf(op),
      problem: "the shapes do not broadcast together",
      expected: "sizes that are equal or 1, counted from the last axis",
      got: `${showShape(a)} and ${showShape(b)}: ${x} meets ${y}`,
      try: symbolic
        ? "a symbolic size goes only with the very same symbol or with 1; use one dim() for both inputs"
        : "reshape, or add an axis with expandDims, so that the sizes line up",
    });
  });
}

/** The target shape of a reshape; one size may be -1 and is worked out. */
export function reshapeTarget(op: string, from: Shape, to: readonly (Size | -1)[]): Shape {
  const open = to.indexOf(-1);
  const total = countOf(from);
  const fail = (problem: string): never => {
    throw new ShapeError({
      where: placeOf(op),
      problem,
      expected: `${total} elements, as in ${showShape(from)}`,
      got: showShape(to as Shape),
      try: "make the product of the sizes equal the number of elements; one size may be -1",
    });
  };
  if (open < 0) {
    checkShape(op, to as Shape);
    return sameSize(countOf(to as Shape), total)
      ? (to as Shape)
      : fail("the number of elements would change");
  }
  const rest = to.filter((_, i) => i !== open);
  checkShape(op, rest);
  const known = rest.reduce<Size>(mulSize, 1);
  const size = exactDivSize(total, known);
  if (size === undefined || (typeof size === "number" && (size < 0 || !Number.isInteger(size)))) {
    return fail("-1 cannot be worked out");
  }
  return to.map((s, i) => (i === open ? size : s));
}

/** The shape left when `axes` are reduced. */
export function reducedShape(shape: Shape, axes: readonly number[], keepdims: boolean): Shape {
  return keepdims
    ? shape.map((s, i) => (axes.includes(i) ? 1 : s))
    : shape.filter((_, i) => !axes.includes(i));
}
