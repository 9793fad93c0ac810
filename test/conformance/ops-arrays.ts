/** Plain arrays and the obvious ways to compute with them: what the operations are held against. */
import type { DType } from "../../src/ir/dtype.ts";
import { threefry2x32 } from "../../src/ir/scalar.ts";

/** Values in row-major order with a shape. */
export interface Nd {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly dtype: DType;
}

export function nd(shape: readonly number[], data: readonly number[], dtype: DType = "float32"): Nd {
  return { shape, data: dtype === "float32" ? data.map(Math.fround) : data, dtype };
}

export function countOf(shape: readonly number[]): number {
  return shape.reduce((n, s) => n * s, 1);
}

let stream = 0;
/** A uniform number in [0, 1), the same in every run. */
function unit(): number {
  return (threefry2x32(1234, 5678, stream++, 0)[0] >>> 8) / 2 ** 24;
}

/** Values evenly distributed over [low, high). */
export function uniform(shape: readonly number[], low = -2, high = 2): Nd {
  return nd(
    shape,
    Array.from({ length: countOf(shape) }, () => low + (high - low) * unit()),
  );
}

/** Whole values from `low` up to but not including `high`. */
export function whole(shape: readonly number[], low: number, high: number, dtype: DType = "int32"): Nd {
  return nd(
    shape,
    Array.from({ length: countOf(shape) }, () => low + Math.floor((high - low) * unit())),
    dtype,
  );
}

/** Distinct values in random order, at least 0.02 apart and as far from 0: away from the kinks of max, sort and abs. */
export function apart(shape: readonly number[]): Nd {
  const n = countOf(shape);
  const keys = Array.from({ length: n }, unit);
  const order = [...keys.keys()].sort((a, b) => keys[a]! - keys[b]!);
  return nd(
    shape,
    order.map((rank) => (rank - n / 2 + 0.25) * 0.08 + 0.02 * unit()),
  );
}

/** All indices of a shape, in row-major order. */
export function indices(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, s) => all.flatMap((at) => Array.from({ length: s }, (_, i) => [...at, i])),
    [[]],
  );
}

/** The element at an index; axes of size 1 repeat, missing leading axes too. */
export function at(x: Nd, index: readonly number[]): number {
  const own = index.slice(index.length - x.shape.length);
  return x.data[own.reduce((n, i, axis) => n * x.shape[axis]! + (x.shape[axis] === 1 ? 0 : i), 0)]!;
}

/** An array from a function of the index. */
export function build(
  shape: readonly number[],
  f: (index: number[]) => number,
  dtype: DType = "float32",
): Nd {
  return { shape, data: indices(shape).map(f), dtype };
}

export function broadcastShape(...shapes: (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, i) => {
    const sizes = shapes.map((s) => s[i - rank + s.length] ?? 1);
    return sizes.find((s) => s !== 1) ?? 1;
  });
}

/** `f` of the elements of arrays that broadcast. */
export function zip(f: (...values: number[]) => number, dtype: DType, ...xs: Nd[]): Nd {
  return build(broadcastShape(...xs.map((x) => x.shape)), (i) => f(...xs.map((x) => at(x, i))), dtype);
}

/** `f` of the elements along `axes`, which are dropped, or kept as 1. */
export function fold(
  x: Nd,
  axes: readonly number[],
  keepdims: boolean,
  f: (values: number[]) => number,
  dtype: DType = x.dtype,
): Nd {
  const reduced = axes.map((a) => (a < 0 ? a + x.shape.length : a));
  const kept = x.shape.map((s, i) => (reduced.includes(i) ? 1 : s));
  const inner = indices(x.shape.map((s, i) => (reduced.includes(i) ? s : 1)));
  const full = build(
    kept,
    (i) =>
      f(
        inner.map((j) =>
          at(
            x,
            x.shape.map((_, k) => (reduced.includes(k) ? j[k]! : i[k]!)),
          ),
        ),
      ),
    dtype,
  );
  return keepdims ? full : { ...full, shape: x.shape.filter((_, i) => !reduced.includes(i)) };
}

/** `f` of each line along `axis`, which gives a line of the same or another length. */
export function lines(
  x: Nd,
  axis: number,
  f: (values: number[]) => readonly number[],
  dtype: DType = x.dtype,
): Nd {
  const a = axis < 0 ? axis + x.shape.length : axis;
  const line = (i: readonly number[]): readonly number[] =>
    f(
      Array.from({ length: x.shape[a]! }, (_, k) =>
        at(
          x,
          i.map((v, j) => (j === a ? k : v)),
        ),
      ),
    );
  const length = countOf(x.shape) === 0 ? x.shape[a]! : line(x.shape.map(() => 0)).length;
  const shape = x.shape.map((s, i) => (i === a ? length : s));
  return build(shape, (i) => line(i)[i[a]!]!, dtype);
}
