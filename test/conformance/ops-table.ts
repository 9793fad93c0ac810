/** What a row of the table of operations says, and makers of common rows. */
import type { Tensor } from "../../src/core/index.ts";
import type { DType } from "../../src/ir/dtype.ts";
import type { Nd } from "./ops-arrays.ts";
import { nd, uniform, zip } from "./ops-arrays.ts";

type Results<T> = T | readonly T[];

/** One call of an operation. */
export interface Sample {
  readonly inputs: readonly Nd[];
  readonly run: (xs: Tensor[]) => Results<Tensor>;
  /** The same by plain arithmetic, in float64. */
  readonly reference: (xs: Nd[]) => Results<Nd>;
  /** How many terms are summed into one result, and how many factors each term has; absent for elementwise functions. */
  readonly sum?: { readonly terms: number; readonly factors?: number };
  /** Allowed error in units of the last place (4 unless given) and beyond them. */
  readonly ulps?: number;
  readonly slack?: number;
  /** Whether gradients are compared (true unless said otherwise, for float32 inputs and outputs). */
  readonly gradient?: boolean;
  /** Whether NaN in an input is tried (true unless said otherwise). */
  readonly nan?: boolean;
}

/** An operation and its samples. */
export interface Row {
  readonly op: string;
  readonly samples: readonly Sample[];
}

/** Shapes that elementwise functions are tried on: rank 0 to 3, sizes 0 and 1, either side of a vector. */
export const shapes: readonly (readonly number[])[] = [[], [1], [0], [2, 3], [17], [2, 0, 3], [3, 1, 5]];
/** Pairs that broadcast. */
export const pairs: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[], []],
  [[3], []],
  [
    [2, 3],
    [2, 3],
  ],
  [
    [4, 1],
    [1, 5],
  ],
  [
    [3, 1, 2],
    [4, 2],
  ],
  [[0, 3], [3]],
  [[1], [0]],
  [[33], [1]],
];

/** Numbers at the edges of float32. */
export const edges = nd(
  [14],
  [0, -0, 1e-40, -1e-40, 1e-30, -1e-30, 1, -1, 1e30, -1e30, 88.7, -88.7, Infinity, -Infinity],
);

/** Options of a row of an elementwise function. */
export interface ElementwiseOptions {
  readonly low?: number;
  readonly high?: number;
  readonly ulps?: number;
  readonly slack?: number;
  readonly gradient?: boolean;
  /** Whether the numbers at the edges are tried. */
  readonly edges?: boolean;
  readonly result?: DType;
  readonly inputs?: (shape: readonly number[]) => Nd;
}

/** A row for a function of one float32 value. */
export function unaryRow(
  op: string,
  run: (x: Tensor) => Tensor,
  f: (x: number) => number,
  options: ElementwiseOptions = {},
): Row {
  const { low, high, result = "float32", edges: tryEdges = true, inputs, ...rest } = options;
  const make = (x: Nd, gradient: boolean): Sample => ({
    ...rest,
    inputs: [x],
    gradient,
    run: ([t]) => run(t!),
    reference: ([v]) => zip(f, result, v!),
  });
  const samples = shapes.map((s) => make(inputs?.(s) ?? uniform(s, low, high), options.gradient ?? true));
  return { op, samples: tryEdges ? [...samples, make(edges, false)] : samples };
}

/** A row for a function of two float32 values that broadcast. */
export function binaryRow(
  op: string,
  run: (a: Tensor, b: Tensor) => Tensor,
  f: (a: number, b: number) => number,
  options: ElementwiseOptions & { readonly second?: (shape: readonly number[]) => Nd } = {},
): Row {
  const { low, high, result = "float32", edges: tryEdges = true, inputs, second, ...rest } = options;
  const draw = inputs ?? ((s: readonly number[]) => uniform(s, low, high));
  const make = (a: Nd, b: Nd, gradient: boolean): Sample => ({
    ...rest,
    inputs: [a, b],
    gradient,
    run: ([x, y]) => run(x!, y!),
    reference: ([x, y]) => zip(f, result, x!, y!),
  });
  const samples = pairs.map(([s, t]) => make(draw(s), (second ?? draw)(t), options.gradient ?? true));
  const column = { ...edges, shape: [14, 1] };
  return { op, samples: tryEdges ? [...samples, make(column, edges, false)] : samples };
}

/** Samples on integers, where the result is exact. */
export function exact(
  inputs: readonly Nd[],
  run: (xs: Tensor[]) => Results<Tensor>,
  reference: (xs: Nd[]) => Results<Nd>,
): Sample {
  return { inputs, run, reference, gradient: false, ulps: 0, nan: false };
}
