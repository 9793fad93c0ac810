/**
 * What each kind of node means: one function per kind, in float64, written to be obviously right. All arrays are
 * Float64Array, whatever the element type; integers wrap at 32 bits where they are computed.
 */
import type { DType } from "../../ir/dtype.ts";
import { internal } from "../../ir/errors.ts";
import type {
  ContractSpec,
  GatherSpec,
  MapSpec,
  MoveSpec,
  ReduceSpec,
  RoutineSpec,
  SegmentSpec,
  SourceSpec,
  WindowSpec,
} from "../../ir/program.ts";
import type { ScalarExpr } from "../../ir/scalar.ts";
import { scalarOps } from "../../ir/scalar.ts";
import type { Shape, Size } from "../../ir/size.ts";
import { count, rowMajor, walk } from "./walk.ts";

/** A computed value. */
export interface Value {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: Float64Array;
}

/** What the evaluation of a node may ask for. */
export interface Context {
  readonly inputs: readonly ArrayLike<number>[];
  readonly variables: readonly ArrayLike<number>[];
  size(s: Size): number;
  sizes(s: Shape): number[];
}

/** The output of a node: its shape and type, with memory full of zeros. */
export type Output = Value;

export function source(spec: SourceSpec, _: readonly Value[], out: Output, context: Context): void {
  const { data } = out;
  if (spec.source === "constant") data.set(spec.data);
  else if (spec.source === "input") data.set(context.inputs[spec.index]!);
  else if (spec.source === "variable") data.set(context.variables[spec.index]!);
  else if (spec.source === "iota") for (let i = 0; i < data.length; i++) data[i] = i;
  else data[0] = context.size(spec.size);
}

const wrapped: ReadonlySet<DType> = new Set(["int32"]);

/** The scalar expression as a function of the element number. */
function element(expr: ScalarExpr, inputs: readonly Value[]): (i: number) => number {
  if (expr.op === "arg") {
    const { data } = inputs[expr.index]!;
    return (i) => data[i]!;
  }
  if (expr.op === "const") {
    const { value } = expr;
    return () => value;
  }
  const args = expr.args.map((e) => element(e, inputs));
  const integer = wrapped.has(expr.dtype);
  const fn = (integer && expr.op === "mul" ? Math.imul : scalarOps[expr.op].reference) as (
    ...xs: number[]
  ) => number;
  const [a, b, c, d] = args;
  const call = [
    () => fn(),
    (i: number) => fn(a!(i)),
    (i: number) => fn(a!(i), b!(i)),
    (i: number) => fn(a!(i), b!(i), c!(i)),
    (i: number) => fn(a!(i), b!(i), c!(i), d!(i)),
  ][args.length]!;
  return integer ? (i) => call(i) | 0 : call;
}

export function map(spec: MapSpec, inputs: readonly Value[], out: Output): void {
  const f = element(spec.expr, inputs);
  for (let i = 0; i < out.data.length; i++) out.data[i] = f(i);
}

export function move(spec: MoveSpec, inputs: readonly Value[], out: Output, context: Context): void {
  const { data, shape } = out;
  const x = inputs[0]!;
  const own = rowMajor(x.shape);
  const copy = (strides: number[], start = 0): void =>
    walk(shape, [strides], ([from], n) => (data[n] = x.data[from!]!), [start]);
  switch (spec.move) {
    case "reshape":
      data.set(x.data);
      break;
    case "permute":
      copy(spec.axes.map((a) => own[a]!));
      break;
    case "broadcast":
      copy(spec.axes.map((a) => (a < 0 || x.shape[a] === 1 ? 0 : own[a]!)));
      break;
    case "slice":
      copy(
        spec.steps.map((s, i) => s * own[i]!),
        spec.starts.reduce<number>((at, s, i) => at + context.size(s) * own[i]!, 0),
      );
      break;
    case "place": {
      data.fill(spec.fill);
      const to = rowMajor(shape);
      inputs.forEach((v, k) => {
        const strides = spec.steps[k]!.map((s, i) => s * to[i]!);
        const start = spec.starts[k]!.reduce<number>((at, s, i) => at + context.size(s) * to[i]!, 0);
        walk(v.shape, [strides], ([at], n) => (data[at!] = v.data[n]!), [start]);
      });
    }
  }
}

const identity = { sum: 0, prod: 1, max: Number.NEGATIVE_INFINITY, min: Number.POSITIVE_INFINITY } as const;
const combine = {
  sum: (a: number, b: number) => a + b,
  prod: (a: number, b: number) => a * b,
  max: (a: number, b: number) => Math.max(a, b),
  min: (a: number, b: number) => Math.min(a, b),
} as const;

export function reduce(spec: ReduceSpec, [x]: readonly Value[], out: Output): void {
  const { shape, data, dtype } = x!;
  const kept = shape.map((_, i) => i).filter((i) => !spec.axes.includes(i));
  const to = rowMajor(kept.map((i) => shape[i]!));
  const strides = shape.map((_, i) => (spec.axes.includes(i) ? 0 : to[kept.indexOf(i)]!));
  const { fn } = spec;
  if (fn === "argmax" || fn === "argmin") {
    const best = new Float64Array(out.data.length).fill(Number.NaN);
    const position = shape.map((_, i) => Number(i === spec.axes[0]));
    const beats = (a: number, b: number): boolean => (fn === "argmax" ? a > b : a < b);
    walk(shape, [strides, position], ([at, place], n) => {
      const v = data[n]!;
      const first = place === 0;
      if (!first && (Number.isNaN(best[at!]!) || !(Number.isNaN(v) || beats(v, best[at!]!)))) return;
      best[at!] = v;
      out.data[at!] = place!;
    });
    return;
  }
  const join = dtype === "int32" ? (fn === "prod" ? Math.imul : integerJoin(combine[fn])) : combine[fn];
  out.data.fill(identity[fn]);
  walk(shape, [strides], ([at], n) => (out.data[at!] = join(out.data[at!]!, data[n]!)));
}

function integerJoin(join: (a: number, b: number) => number): (a: number, b: number) => number {
  return (a, b) => join(a, b) | 0;
}

export function contract(spec: ContractSpec, [a, b]: readonly Value[], out: Output, context: Context): void {
  const rank = out.shape.length;
  const summed = context.sizes(spec.reduce);
  const [sa, sb] = [context.sizes(spec.a.strides), context.sizes(spec.b.strides)];
  const terms = count(summed);
  const fromA = new Float64Array(terms);
  const fromB = new Float64Array(terms);
  walk(summed, [sa.slice(rank), sb.slice(rank)], ([i, j], k) => {
    fromA[k] = i!;
    fromB[k] = j!;
  });
  const [x, y] = [a!.data, b!.data];
  const integer = out.dtype === "int32";
  walk(
    out.shape,
    [sa.slice(0, rank), sb.slice(0, rank)],
    ([i, j], n) => {
      let total = 0;
      for (let k = 0; k < terms; k++) {
        const [p, q] = [x[i! + fromA[k]!]!, y[j! + fromB[k]!]!];
        total = integer ? (total + Math.imul(p, q)) | 0 : total + p * q;
      }
      out.data[n] = total;
    },
    [context.size(spec.a.offset), context.size(spec.b.offset)],
  );
}

/**
 * Calls `visit` for every real cell of every window: the number of the pooled element, and the position of the cell in
 * the array that is pooled.
 */
function cells(
  spec: WindowSpec,
  pooled: readonly number[],
  whole: readonly number[],
  visit: (pool: number, cell: number) => void,
): void {
  const own = rowMajor(whole);
  const { axes, window, stride, pad } = spec;
  const base = pooled.map((_, i) => own[i]! * (axes.includes(i) ? stride[axes.indexOf(i)]! : 1));
  const start = axes.reduce((at, a, k) => at - pad[k]! * own[a]!, 0);
  const coordinates = axes.map((a, k) => pooled.map((_, i) => (i === a ? stride[k]! : 0)));
  const unit = axes.map((_, k) => axes.map((_, j) => Number(j === k)));
  walk(
    pooled,
    [base, ...coordinates],
    (at, n) => {
      walk(
        window,
        [axes.map((a) => own[a]!), ...unit],
        (to) => {
          const inside = axes.every((a, k) => to[k + 1]! >= 0 && to[k + 1]! < whole[a]!);
          if (inside) visit(n, to[0]!);
        },
        at,
      );
    },
    [start, ...pad.map((p) => -p)],
  );
}

export function window(spec: WindowSpec, inputs: readonly Value[], out: Output): void {
  const x = inputs[0]!;
  const { data } = out;
  if (spec.fn === "sum") {
    cells(spec, out.shape, x.shape, (p, c) => (data[p]! += x.data[c]!));
    return;
  }
  if (spec.fn === "sumScatter") {
    cells(spec, x.shape, out.shape, (p, c) => (data[c]! += x.data[p]!));
    return;
  }
  const pooled = spec.fn === "maxScatter" ? inputs[1]!.shape : out.shape;
  const winner = new Int32Array(count(pooled)).fill(-1);
  cells(spec, pooled, x.shape, (p, c) => {
    const best = winner[p]!;
    const better = best < 0 || (!Number.isNaN(x.data[best]!) && !(x.data[c]! <= x.data[best]!));
    if (better) winner[p] = c;
  });
  winner.forEach((c, p) => {
    if (spec.fn === "max") data[p] = x.data[c]!;
    else if (spec.fn === "maxGather") data[p] = inputs[1]!.data[c]!;
    else data[c]! += inputs[1]!.data[p]!;
  });
}

export function gather(spec: GatherSpec, [x, indices]: readonly Value[], out: Output): void {
  const { axis, fn } = spec;
  const index = indices!.data;
  if (fn === "take" || fn === "takeAdd") {
    const whole = fn === "take" ? x! : out;
    const size = whole.shape[axis]!;
    const inner = count(whole.shape.slice(axis + 1));
    for (let lead = 0; lead < count(whole.shape.slice(0, axis)); lead++) {
      index.forEach((at, k) => {
        if (at < 0 || at >= size) return;
        for (let i = 0; i < inner; i++) {
          const picked = (lead * index.length + k) * inner + i;
          const cell = (lead * size + at) * inner + i;
          if (fn === "take") out.data[picked] = x!.data[cell]!;
          else out.data[cell]! += x!.data[picked]!;
        }
      });
    }
    return;
  }
  const whole = fn === "along" ? x! : out;
  const own = rowMajor(whole.shape);
  const size = whole.shape[axis]!;
  const other = own.map((s, i) => (i === axis ? 0 : s));
  walk(indices!.shape, [other], ([at], n) => {
    const i = index[n]!;
    if (i < 0 || i >= size) return;
    const cell = at! + i * own[axis]!;
    if (fn === "along") out.data[n] = x!.data[cell]!;
    else out.data[cell]! += x!.data[n]!;
  });
}

export function segment(spec: SegmentSpec, inputs: readonly Value[], out: Output): void {
  const ptr = inputs.at(-1)!.data;
  const values = spec.fn === "ids" ? out : inputs[0]!;
  const size = values.shape[0]!;
  const inner = count(values.shape.slice(1));
  if (spec.fn === "prod") out.data.fill(1);
  for (let row = 0; row + 1 < ptr.length; row++) {
    const from = Math.max(ptr[row]!, 0);
    for (let i = from; i < Math.min(ptr[row + 1]!, size); i++) {
      if (spec.fn === "ids") {
        out.data[i] = row;
        continue;
      }
      const join = combine[spec.fn];
      for (let k = 0; k < inner; k++) {
        const v = values.data[i * inner + k]!;
        const at = row * inner + k;
        out.data[at] = i === from ? v : join(out.data[at]!, v);
      }
    }
  }
}

export function routine(spec: RoutineSpec, inputs: readonly Value[], out: Output): void {
  const x = inputs[0]!;
  const { data } = x;
  if (spec.routine === "searchsorted") {
    const goesAfter = (v: number, q: number): boolean =>
      spec.side === "left" ? order(v, q) < 0 : order(v, q) <= 0;
    for (const [i, q] of inputs[1]!.data.entries()) out.data[i] = data.filter((v) => goesAfter(v, q)).length;
    return;
  }
  const n = x.shape.at(-1) ?? internal(`${spec.routine} of a scalar`);
  for (let row = 0; row < (n === 0 ? 0 : data.length / n); row++) {
    const at = row * n;
    if (spec.routine === "argsort") {
      const sign = spec.descending ? -1 : 1;
      const sorted = Array.from({ length: n }, (_, i) => i).sort(
        (i, j) => sign * order(data[at + i]!, data[at + j]!) || i - j,
      );
      out.data.set(sorted, at);
      continue;
    }
    let sum = 0;
    for (let k = 0; k < n; k++) {
      const i = at + (spec.reverse ? n - 1 - k : k);
      sum = x.dtype === "int32" ? (sum + data[i]!) | 0 : sum + data[i]!;
      out.data[i] = sum;
    }
  }
}

/** Ascending, NaN after every number. */
function order(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : Number(a > b);
}
