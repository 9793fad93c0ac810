/**
 * A Program: what is to be computed, as plain data. Nodes are in topological order and refer to each other by index.
 * The compiler branches on a node's `kind`, never on the name of the operation a user called.
 */
import type { DType, TypedArray } from "./dtype.ts";
import type { ScalarExpr } from "./scalar.ts";
import { showScalar } from "./scalar.ts";
import type { Shape, Size } from "./size.ts";
import { showShape } from "./size.ts";

export type ReduceFn = "sum" | "prod" | "max" | "min" | "argmax" | "argmin";

/** A value that exists before the program runs. */
export type SourceSpec =
  | { readonly kind: "source"; readonly source: "constant"; readonly data: TypedArray }
  /** Handed in at each call. */
  | { readonly kind: "source"; readonly source: "input"; readonly index: number }
  /** State that outlives the call; `index` counts the program's variables. */
  | { readonly kind: "source"; readonly source: "variable"; readonly index: number }
  /** 0, 1, 2, … along the only axis (int32). */
  | { readonly kind: "source"; readonly source: "iota" }
  /** The value of a (symbolic) size as a scalar. */
  | { readonly kind: "source"; readonly source: "size"; readonly size: Size };

/** Elementwise: `expr` over the inputs, which all have the node's own shape (broadcasting is a `move`). */
export interface MapSpec {
  readonly kind: "map";
  readonly expr: ScalarExpr;
}

/** The same elements elsewhere. */
export type MoveSpec =
  /** Row-major order kept. */
  | { readonly kind: "move"; readonly move: "reshape" }
  /** Output axis i is input axis `axes[i]`. */
  | { readonly kind: "move"; readonly move: "permute"; readonly axes: readonly number[] }
  /** Output axis i is input axis `axes[i]`, or a new axis along which values repeat where that is -1. An input axis of
   * size 1 may repeat too. */
  | { readonly kind: "move"; readonly move: "broadcast"; readonly axes: readonly number[] }
  /** `start + i * step` on each axis; a step may be negative, never 0. The extent is the node's shape. */
  | {
      readonly kind: "move";
      readonly move: "slice";
      readonly starts: readonly Size[];
      readonly steps: readonly number[];
    }
  /** Input i is written at `starts[i] + index * steps[i]` of an array filled with `fill`; later inputs win. Padding has
   * one input, concatenation several that cover everything. */
  | {
      readonly kind: "move";
      readonly move: "place";
      readonly fill: number;
      readonly starts: readonly (readonly Size[])[];
      readonly steps: readonly (readonly number[])[];
    };

/** Reduces `axes` (ascending), which are dropped from the shape. Argmax and argmin take one axis, first wins, NaN wins. */
export interface ReduceSpec {
  readonly kind: "reduce";
  readonly fn: ReduceFn;
  readonly axes: readonly number[];
}

/**
 * Sum of products of two arrays under affine indexing. One form covers matrix products, batched products, convolutions
 * of any rank and both of a convolution's gradients:
 *
 *   out[o…] = Σ over reduce axes of  a[offset + Σ index·stride] · b[offset + Σ index·stride]
 *
 * `sizes` lists the output axes (the node's shape) and then the `reduce.length` summed axes; `a` and `b` give, for each
 * of those axes, the element stride with which the operand is read. No index may leave its operand.
 * The sum runs over the last axis fastest.
 */
export interface ContractSpec {
  readonly kind: "contract";
  readonly reduce: readonly Size[];
  readonly a: { readonly offset: Size; readonly strides: readonly Size[] };
  readonly b: { readonly offset: Size; readonly strides: readonly Size[] };
}

/**
 * Sliding windows over the axes `axes` of the input: window `w`, distance between windows `stride`, padding before
 * `pad` on each such axis (padding never wins and is never summed).
 *  `max`      [x]         the largest value of each window (NaN wins)
 *  `maxGather`  [x, t]    the value of `t` (shaped like x) where x is largest in the window (first wins)
 *  `maxScatter` [x, g]    shaped like x: each window's g at the place where x is largest, summed
 *  `sum`      [x]         the sum of each window
 *  `sumScatter` [g]       shaped like the pooled input: each window's g at each of its places, summed
 * The shape of a scatter is the node's own.
 */
export interface WindowSpec {
  readonly kind: "window";
  readonly fn: "max" | "maxGather" | "maxScatter" | "sum" | "sumScatter";
  readonly axes: readonly number[];
  readonly window: readonly number[];
  readonly stride: readonly number[];
  readonly pad: readonly number[];
}

/**
 * Indexing by an int32 tensor. An index out of range reads 0 and writes nowhere (the tensor layer checks host data).
 *  `take`         [x, i]   axis `axis` of x is replaced by the axes of i
 *  `takeAdd`      [u, i]   adjoint of take: u added into zeros of the node's shape, rows with equal index in order
 *  `along`        [x, i]   out[…, k, …] = x[…, i[…, k, …], …]; i has the shape of the output
 *  `alongAdd`     [u, i]   adjoint of along
 */
export interface GatherSpec {
  readonly kind: "gather";
  readonly fn: "take" | "takeAdd" | "along" | "alongAdd";
  readonly axis: number;
}

/**
 * Reductions over compressed rows. Inputs [values, ptr] with values [n, …], ptr int32 [rows + 1] ascending;
 * row r covers values ptr[r] … ptr[r+1]-1. An empty row gives 0, for max and min too (PyTorch Geometric's choice), and 1
 * for prod.
 * `ids` [ptr] gives the row number of each value, int32 [n]: taking by it is the adjoint of the sum.
 */
export interface SegmentSpec {
  readonly kind: "segment";
  readonly fn: "sum" | "prod" | "max" | "min" | "ids";
}

/** Algorithms that are not loops over an index space. All act on the last axis. */
export type RoutineSpec =
  /** Stable; NaN last when ascending, first when descending. int32 positions. */
  | { readonly kind: "routine"; readonly routine: "argsort"; readonly descending: boolean }
  /** [sorted, queries] → int32 position at which each query would be put in. */
  | { readonly kind: "routine"; readonly routine: "searchsorted"; readonly side: "left" | "right" }
  | { readonly kind: "routine"; readonly routine: "cumsum"; readonly reverse: boolean };

export type NodeSpec =
  | SourceSpec
  | MapSpec
  | MoveSpec
  | ReduceSpec
  | ContractSpec
  | WindowSpec
  | GatherSpec
  | SegmentSpec
  | RoutineSpec;

export interface Node {
  readonly spec: NodeSpec;
  readonly inputs: readonly number[];
  readonly shape: Shape;
  readonly dtype: DType;
  /** The operation the user called and where (`dense/matmul`): for printing, profiling and errors only. */
  readonly label: string;
}

export interface ValueSpec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** `variable ← value`, carried out after everything else, and only if the guard holds. */
export interface Effect {
  readonly variable: number;
  readonly value: number;
}

export interface Program {
  readonly nodes: readonly Node[];
  readonly inputs: readonly ValueSpec[];
  readonly variables: readonly ValueSpec[];
  readonly outputs: readonly number[];
  readonly effects: readonly Effect[];
  /** A bool scalar; if it is false, no effect is carried out and the run reports it. */
  readonly guard?: number;
}

/** One line per node. */
export function printProgram(p: Program): string {
  const lines = p.nodes.map((n, i) => {
    const uses = n.inputs.map((x) => `%${x}`).join(" ");
    return (
      `%${i} = ${showSpec(n.spec)} ${uses}`.trimEnd().padEnd(56) +
      `${n.dtype}${showShape(n.shape)}  ${n.label}`
    );
  });
  lines.push(`return ${p.outputs.map((x) => `%${x}`).join(" ")}`);
  for (const e of p.effects) lines.push(`variable ${e.variable} <- %${e.value}`);
  if (p.guard !== undefined) lines.push(`guard %${p.guard}`);
  return lines.join("\n");
}

function showSpec(s: NodeSpec): string {
  switch (s.kind) {
    case "source":
      return s.source === "input" || s.source === "variable" ? `${s.source} ${s.index}` : s.source;
    case "map":
      return `map ${showScalar(s.expr)}`;
    case "move":
      return s.move;
    case "contract":
      return `contract over ${showShape(s.reduce)}`;
    case "routine":
      return s.routine;
    case "reduce":
      return `${s.fn} over ${showShape(s.axes)}`;
    default:
      return `${s.kind} ${s.fn}`;
  }
}
