/** Operations that change the shape or pick a part, with NumPy's meaning. */
import { ShapeError, UsageError } from "../../ir/errors.ts";
import type { Shape, Size } from "../../ir/size.ts";
import {
  addSize,
  countOf,
  exactDivSize,
  floorDivSize,
  mulSize,
  sameSize,
  showShape,
  subSize,
} from "../../ir/size.ts";
import type { Operand } from "../operand.ts";
import { meet, toTensor } from "../operand.ts";
import { placeOf } from "../scope.ts";
import { axesOf, axisOf, broadcastShapes, checkShape, reshapeTarget, wholeNumber } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { broadcast, permuteTo, place, reshapeTo, reverse, sliceTo } from "./move.ts";

/** The same elements in another shape, row by row; one size may be -1. Throws ShapeError when the counts differ. */
export function reshape(x: Operand, shape: readonly (Size | -1)[]): Tensor {
  const t = toTensor(x);
  if (!Array.isArray(shape)) checkShape("reshape", shape as Shape);
  return reshapeTo(t, reshapeTarget("reshape", t.shape, shape));
}

/** Axes in the order `axes`; without it, in the opposite order. */
export function transpose(x: Operand, axes?: readonly number[]): Tensor {
  const t = toTensor(x);
  if (axes === undefined) {
    return permuteTo(
      t,
      t.shape.map((_, i) => t.rank - 1 - i),
    );
  }
  const order = axes.map((a) => axisOf("transpose", a, t.rank));
  if (order.length !== t.rank || new Set(order).size !== t.rank) {
    throw new ShapeError({
      where: placeOf("transpose"),
      problem: "every axis must be named once",
      expected: `the numbers 0 to ${t.rank - 1} in some order`,
      got: `[${axes.join(", ")}]`,
      try: "leave the axes out to turn all of them round",
    });
  }
  return permuteTo(t, order);
}

/** Axes in the order `axes`: `transpose` with the order required. */
export function permute(x: Operand, axes: readonly number[]): Tensor {
  return transpose(x, axes);
}

/** A new axis of size 1 at `axis` (of the result; negative counts from its end), or several. */
export function expandDims(x: Operand, axis: number | readonly number[]): Tensor {
  const t = toTensor(x);
  const rank = t.rank + (typeof axis === "number" ? 1 : axis.length);
  const axes = axesOf("expandDims", axis, rank);
  let next = 0;
  return reshapeTo(
    t,
    Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : t.shape[next++]!)),
  );
}

/** Without the axes of size 1, or without `axis`. Throws ShapeError when a named axis has another size. */
export function squeeze(x: Operand, axis?: number | readonly number[]): Tensor {
  const t = toTensor(x);
  const ofOne = t.shape.flatMap((s, i) => (s === 1 ? [i] : []));
  const axes = axis === undefined ? ofOne : axesOf("squeeze", axis, t.rank);
  const wrong = axes.find((a) => t.shape[a] !== 1);
  if (wrong !== undefined) {
    throw new ShapeError({
      where: placeOf("squeeze"),
      problem: `axis ${wrong} cannot be dropped`,
      expected: "size 1",
      got: `${t.shape[wrong]} in ${showShape(t.shape)}`,
      try: "use reshape, sum or at() on that axis",
    });
  }
  return reshapeTo(
    t,
    t.shape.filter((_, i) => !axes.includes(i)),
  );
}

/** Repeated to `shape` by NumPy's rule. Throws ShapeError when it does not broadcast to exactly that shape. */
export function broadcastTo(x: Operand, shape: Shape): Tensor {
  const t = toTensor(x);
  checkShape("broadcastTo", shape);
  const both = broadcastShapes("broadcastTo", t.shape, shape);
  if (both.length !== shape.length || both.some((s, i) => !sameSize(s, shape[i]!))) {
    throw new ShapeError({
      where: placeOf("broadcastTo"),
      problem: "the value does not broadcast to that shape",
      expected: showShape(shape),
      got: showShape(t.shape),
      try: "sizes must be equal or 1, counted from the last axis",
    });
  }
  return broadcast(t, shape);
}

/** All axes from `fromAxis` (0) on made into one. */
export function flatten(x: Operand, fromAxis = 0): Tensor {
  const t = toTensor(x);
  const at = t.rank === 0 ? 0 : axisOf("flatten", fromAxis, t.rank);
  return reshapeTo(t, [...t.shape.slice(0, at), countOf(t.shape.slice(at))]);
}

/** A bound of a slice: a position, negative from the end, null for the natural end. */
export type Bound = Size | null;

function clampBound(bound: Size, size: Size, least: number, most: number): Size {
  if (typeof bound !== "number") return bound;
  const from = bound < 0 ? addSize(size, bound) : bound;
  if (typeof size !== "number" || typeof from !== "number") return from;
  return Math.min(Math.max(from, least), size + most);
}

function sliceAxis(size: Size, start: Bound, stop: Bound, step: number): { start: Size; extent: Size } {
  const forward = step > 0;
  const first =
    start === null
      ? forward
        ? 0
        : subSize(size, 1)
      : clampBound(start, size, forward ? 0 : -1, forward ? 0 : -1);
  const last =
    stop === null ? (forward ? size : -1) : clampBound(stop, size, forward ? 0 : -1, forward ? 0 : -1);
  const span = forward ? subSize(last, first) : subSize(first, last);
  const extent = floorDivSize(addSize(span, Math.abs(step) - 1), Math.abs(step));
  return { start: first, extent: typeof extent === "number" ? Math.max(0, extent) : extent };
}

/**
 * Elements from `starts` up to but not including `stops`, every `steps`-th, on the leading axes; NumPy's `x[a:b:c]`.
 * Numbers may stand for lists of one. Positions beyond the end are cut; negative ones count from the end; null is the
 * natural end. On an axis of symbolic size nothing is cut: the caller promises that the positions exist.
 */
export function slice(
  x: Operand,
  starts: Bound | readonly Bound[],
  stops: Bound | readonly Bound[] = null,
  steps: number | readonly number[] = 1,
): Tensor {
  const t = toTensor(x);
  const list = <T>(v: T | readonly T[]): readonly T[] => (Array.isArray(v) ? v : [v as T]);
  const [from, to, by] = [list<Bound>(starts), list<Bound>(stops), list<number>(steps)];
  const named = Math.max(from.length, to.length, by.length);
  if (named > t.rank || by.some((s) => !Number.isInteger(s) || s === 0)) {
    throw new ShapeError({
      where: placeOf("slice"),
      problem:
        named > t.rank ? "more axes are sliced than there are" : "a step must be a whole number, not 0",
      expected: `at most ${t.rank} bounds, whole steps`,
      got: `${named} bounds, steps [${by.join(", ")}]`,
      try: "give one start, stop and step for each leading axis",
    });
  }
  for (const b of [...from, ...to]) {
    if (typeof b === "number" && !Number.isInteger(b)) checkShape("slice", [b]);
  }
  const parts = t.shape.map((size, i) => sliceAxis(size, from[i] ?? null, to[i] ?? null, by[i] ?? 1));
  return sliceTo(
    t,
    parts.map((p) => p.extent),
    parts.map((p) => p.start),
    t.shape.map((_, i) => by[i] ?? 1),
  );
}

/** The part at position `index` of `axis` (0), without that axis. Throws ShapeError when there is no such position. */
export function at(x: Operand, index: number, axis = 0): Tensor {
  const t = toTensor(x);
  const a = axisOf("at", axis, t.rank);
  const size = t.shape[a]!;
  const inside = typeof size !== "number" || (index >= -size && index < size);
  if (!Number.isInteger(index) || !inside) {
    throw new ShapeError({
      where: placeOf("at"),
      problem: `there is no position ${index} on axis ${a}`,
      expected: `a whole number from -${size} to ${typeof size === "number" ? size - 1 : `${size} - 1`}`,
      got: String(index),
      try: "negative positions count from the end",
    });
  }
  const one = t.shape.map((s, i) => (i === a ? 1 : s));
  const from = t.shape.map((s, i): Size => (i === a ? (index < 0 ? addSize(s, index) : index) : 0));
  return squeeze(
    sliceTo(
      t,
      one,
      from,
      t.shape.map(() => 1),
    ),
    a,
  );
}

/** The order along `axis` (all axes unless given) turned round. */
export function flip(x: Operand, axis: number | readonly number[] | null = null): Tensor {
  const t = toTensor(x);
  return reverse(t, axesOf("flip", axis, t.rank));
}

/** How much to add before and after each axis: one number for all, or [before, after] for each axis. */
export type PadWidths = number | readonly (readonly [number, number])[];

/** `x` with `widths` cells of `value` added around it. */
export function pad(x: Operand, widths: PadWidths, value = 0): Tensor {
  const t = toTensor(x);
  const each = typeof widths === "number" ? t.shape.map(() => [widths, widths] as const) : widths;
  if (each.length !== t.rank) {
    throw new ShapeError({
      where: placeOf("pad"),
      problem: "every axis needs its widths",
      expected: `${t.rank} pairs [before, after]`,
      got: `${each.length} pairs`,
      try: "give [0, 0] for an axis that stays as it is",
    });
  }
  for (const pair of each) for (const w of pair) wholeNumber("pad", "a width", w, 0);
  return place(
    [t],
    t.shape.map((s, i) => addSize(s, each[i]![0] + each[i]![1])),
    t.dtype === "float32" ? Math.fround(value) : Math.trunc(value),
    [each.map((pair) => pair[0])],
    [t.shape.map(() => 1)],
  );
}

/** Operands of one type: their own where all agree, else the type in which they compute. */
function together(op: string, xs: readonly Operand[]): Tensor[] {
  if (xs.length === 0) {
    throw new UsageError({
      where: placeOf(op),
      problem: "there is nothing to join",
      expected: "at least one tensor",
      got: "an empty list",
      try: `leave ${op} out when the list may be empty`,
    });
  }
  const ts = xs.map(toTensor);
  return ts.every((t) => t.dtype === ts[0]!.dtype) ? ts : meet(op, xs);
}

/** The tensors one after the other along `axis` (0). Throws ShapeError when they differ on another axis. */
export function concat(xs: readonly Operand[], axis = 0): Tensor {
  const ts = together("concat", xs);
  const first = ts[0]!;
  const a = axisOf("concat", axis, first.rank);
  const starts: Size[] = [];
  let size: Size = 0;
  for (const t of ts) {
    const fits = t.rank === first.rank && t.shape.every((s, i) => i === a || sameSize(s, first.shape[i]!));
    if (!fits) {
      throw new ShapeError({
        where: placeOf("concat"),
        problem: "the shapes do not fit together",
        expected: `${showShape(first.shape)} except on axis ${a}`,
        got: showShape(t.shape),
        try: "make all other sizes equal first",
      });
    }
    starts.push(size);
    size = addSize(size, t.shape[a]!);
  }
  if (ts.length === 1) return first;
  return place(
    ts,
    first.shape.map((s, i) => (i === a ? size : s)),
    0,
    starts.map((s) => first.shape.map((_, i) => (i === a ? s : 0))),
    ts.map((t) => t.shape.map(() => 1)),
    "concat",
  );
}

/** The tensors, all of one shape, along a new axis `axis` (0). */
export function stack(xs: readonly Operand[], axis = 0): Tensor {
  const ts = together("stack", xs);
  const a = axisOf("stack", axis, ts[0]!.rank + 1);
  return concat(
    ts.map((t) => expandDims(t, a)),
    a,
  );
}

/** Parts along `axis` (0): `parts` equal ones, or parts of the sizes given. Throws ShapeError when they do not fill it. */
export function split(x: Operand, parts: number | readonly Size[], axis = 0): Tensor[] {
  const t = toTensor(x);
  const a = axisOf("split", axis, t.rank);
  const size = t.shape[a]!;
  const refuse = (expected: string): never => {
    throw new ShapeError({
      where: placeOf("split"),
      problem: `axis ${a} cannot be split like that`,
      expected,
      got: `size ${size}, parts ${Array.isArray(parts) ? showShape(parts) : String(parts)}`,
      try: "give the list of sizes, which must add up to the size of the axis",
    });
  };
  let sizes: readonly Size[];
  if (typeof parts === "number") {
    const n = wholeNumber("split", "the number of parts", parts, 1);
    const each = exactDivSize(size, n) ?? refuse(`a size that ${n} divides`);
    sizes = Array.from({ length: n }, () => each);
  } else {
    sizes = checkShape("split", parts);
    if (!sameSize(sizes.reduce<Size>(addSize, 0), size)) refuse("sizes that add up to the axis");
  }
  let from: Size = 0;
  return sizes.map((s) => {
    const start = from;
    from = addSize(from, s);
    return sliceTo(
      t,
      t.shape.map((old, i) => (i === a ? s : old)),
      t.shape.map((_, i) => (i === a ? start : 0)),
      t.shape.map(() => 1),
    );
  });
}

/** Elements moved `shift` places along `axis`; what falls off the end comes in at the start. No axis: row-major order. */
export function roll(x: Operand, shift: number, axis: number | null = null): Tensor {
  const t = toTensor(x);
  if (axis === null) return reshapeTo(roll(flatten(t), shift, 0), t.shape);
  const a = axisOf("roll", axis, t.rank);
  const size = t.shape[a]!;
  const places = typeof size === "number" && size > 0 ? ((shift % size) + size) % size : shift;
  if (!Number.isInteger(shift)) checkShape("roll", [shift]);
  if (size === 0 || places === 0) return t;
  const cut = places > 0 ? subSize(size, places) : -places;
  return concat(split(t, [cut, subSize(size, cut)], a).reverse(), a);
}

/** `x` laid side by side `times` times along each axis (leading axes are added where `times` is longer). */
export function tile(x: Operand, times: number | readonly number[]): Tensor {
  const t = toTensor(x);
  const list: readonly number[] = Array.isArray(times) ? times : [times as number];
  for (const n of list) wholeNumber("tile", "a number of repetitions", n, 0);
  const rank = Math.max(t.rank, list.length);
  const shape = [...Array.from({ length: rank - t.rank }, () => 1), ...t.shape];
  const reps = [...Array.from({ length: rank - list.length }, () => 1), ...list];
  const split = reshapeTo(
    t,
    shape.flatMap((s) => [1, s]),
  );
  const many = broadcast(
    split,
    shape.flatMap((s, i) => [reps[i]!, s]),
    "tile",
  );
  return reshapeTo(
    many,
    shape.map((s, i) => mulSize(s, reps[i]!)),
  );
}

/** Every element `times` times in a row along `axis`; without an axis, of the flattened value. */
export function repeat(x: Operand, times: number, axis: number | null = null): Tensor {
  const t = toTensor(x);
  wholeNumber("repeat", "the number of repetitions", times, 0);
  if (axis === null) return repeat(flatten(t), times, 0);
  const a = axisOf("repeat", axis, t.rank);
  const apart = reshapeTo(t, [...t.shape.slice(0, a + 1), 1, ...t.shape.slice(a + 1)]);
  const many = broadcast(apart, [...t.shape.slice(0, a + 1), times, ...t.shape.slice(a + 1)], "repeat");
  return reshapeTo(
    many,
    t.shape.map((s, i) => (i === a ? mulSize(s, times) : s)),
  );
}
