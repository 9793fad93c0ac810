/**
 * Scalar functions: what a `map` node applies to each element.
 *
 * The table gives each function's arity, result type and float64 definition (`reference`), which is the oracle. How a
 * function is computed in float32 — the same bits on every backend — is written once, in `compile/numerics.ts`.
 */
import type { DType } from "./dtype.ts";

/** What a scalar function returns, given the types of its arguments. */
type Result = "same" | "bool" | DType;

interface ScalarSpec {
  readonly arity: number;
  readonly result: Result;
  readonly reference: (...args: number[]) => number;
}

const f32 = Math.fround;

function spec(arity: number, result: Result, reference: (...args: number[]) => number): ScalarSpec {
  return { arity, result, reference };
}

/** NaN wins over every number, as in NumPy's minimum and maximum. */
const nanMax = (a: number, b: number): number => Math.max(a, b);
const nanMin = (a: number, b: number): number => Math.min(a, b);

/** Rounds half to even, as NumPy and IEEE 754 do. */
function roundEven(x: number): number {
  if (!Number.isFinite(x)) return x;
  const r = Math.round(x);
  return Math.abs(x - Math.trunc(x)) === 0.5 ? 2 * Math.round(x / 2) : r;
}

/** Truncates toward zero into the range of int32; NaN gives 0. */
function saturate(a: number): number {
  return Number.isNaN(a) ? 0 : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(a)));
}

/** Error function by its Maclaurin series (|x| < 3) and continued fraction; good to about 1e-15. */
function erf64(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (a > 6) return Math.sign(x);
  if (a < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 120; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let cf = 0;
  for (let n = 60; n >= 1; n--) cf = n / 2 / (a + cf);
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + cf)));
}

const rotated = (x: number, by: number): number => (x << by) | (x >>> (32 - by));

/**
 * Threefry-2x32 with 13 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11): the fewest rounds
 * that pass BigCrush. Returns both output words as signed 32-bit integers. Written out, which is more than twice as fast as a loop.
 */
export function threefry2x32(k0: number, k1: number, c0: number, c1: number): [number, number] {
  const k2 = k0 ^ k1 ^ 0x1bd11bda;
  let x0 = (c0 + k0) | 0;
  let x1 = (c1 + k1) | 0;
  x0 = (x0 + x1) | 0;
  x1 = rotated(x1, 13) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotated(x1, 15) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotated(x1, 26) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotated(x1, 6) ^ x0;
  x0 = (x0 + k1) | 0;
  x1 = (x1 + k2 + 1) | 0;
  x0 = (x0 + x1) | 0;
  x1 = rotated(x1, 17) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotated(x1, 29) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotated(x1, 16) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotated(x1, 24) ^ x0;
  x0 = (x0 + k2) | 0;
  x1 = (x1 + k0 + 2) | 0;
  x0 = (x0 + x1) | 0;
  x1 = rotated(x1, 13) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotated(x1, 15) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotated(x1, 26) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotated(x1, 6) ^ x0;
  x0 = (x0 + k0) | 0;
  x1 = (x1 + k1 + 3) | 0;
  x0 = (x0 + x1) | 0;
  x1 = rotated(x1, 17) ^ x0;
  return [x0, x1];
}

/**
 * Every scalar function. Integer arithmetic wraps at 32 bits. `floorDiv` and `mod` follow NumPy (the sign of `mod` is
 * the divisor's). Division by zero of integers gives 0. `select(c, a, b)` is `a` where `c`.
 */
export const scalarOps = {
  add: spec(2, "same", (a, b) => a + b),
  sub: spec(2, "same", (a, b) => a - b),
  mul: spec(2, "same", (a, b) => a * b),
  div: spec(2, "float32", (a, b) => a / b),
  floorDiv: spec(2, "same", (a, b) => Math.floor(a / b)),
  mod: spec(2, "same", (a, b) => a - Math.floor(a / b) * b),
  pow: spec(2, "float32", (a, b) => a ** b),
  min: spec(2, "same", nanMin),
  max: spec(2, "same", nanMax),
  neg: spec(1, "same", (a) => -a),
  abs: spec(1, "same", Math.abs),
  sign: spec(1, "same", Math.sign),
  floor: spec(1, "same", Math.floor),
  ceil: spec(1, "same", Math.ceil),
  round: spec(1, "same", roundEven),
  trunc: spec(1, "same", Math.trunc),
  exp: spec(1, "float32", Math.exp),
  expm1: spec(1, "float32", Math.expm1),
  log: spec(1, "float32", Math.log),
  log1p: spec(1, "float32", Math.log1p),
  sqrt: spec(1, "float32", Math.sqrt),
  rsqrt: spec(1, "float32", (a) => 1 / Math.sqrt(a)),
  sin: spec(1, "float32", Math.sin),
  cos: spec(1, "float32", Math.cos),
  tanh: spec(1, "float32", Math.tanh),
  sigmoid: spec(1, "float32", (a) => 1 / (1 + Math.exp(-a))),
  erf: spec(1, "float32", erf64),
  lt: spec(2, "bool", (a, b) => Number(a < b)),
  le: spec(2, "bool", (a, b) => Number(a <= b)),
  gt: spec(2, "bool", (a, b) => Number(a > b)),
  ge: spec(2, "bool", (a, b) => Number(a >= b)),
  eq: spec(2, "bool", (a, b) => Number(a === b)),
  ne: spec(2, "bool", (a, b) => Number(a !== b)),
  and: spec(2, "bool", (a, b) => Number(a !== 0 && b !== 0)),
  or: spec(2, "bool", (a, b) => Number(a !== 0 || b !== 0)),
  xor: spec(2, "bool", (a, b) => Number((a !== 0) !== (b !== 0))),
  not: spec(1, "bool", (a) => Number(a === 0)),
  select: spec(3, "same", (c, a, b) => (c !== 0 ? a : b)),
  bitAnd: spec(2, "int32", (a, b) => a & b),
  bitOr: spec(2, "int32", (a, b) => a | b),
  bitXor: spec(2, "int32", (a, b) => a ^ b),
  toFloat32: spec(1, "float32", f32),
  /** Truncates; NaN gives 0 and values out of range the nearest int32. */
  toInt32: spec(1, "int32", saturate),
  /** The low eight bits of what `toInt32` gives. */
  toUint8: spec(1, "uint8", (a) => saturate(a) & 255),
  toBool: spec(1, "bool", (a) => Number(a !== 0)),
  /** First and second word of Threefry-2x32 with key (k0, k1) at counter (c0, c1). */
  random0: spec(4, "int32", (k0, k1, c0, c1) => threefry2x32(k0, k1, c0, c1)[0]),
  random1: spec(4, "int32", (k0, k1, c0, c1) => threefry2x32(k0, k1, c0, c1)[1]),
  /** The upper 24 bits of a 32-bit word as a float in [0, 1), a multiple of 2^-24. */
  unit: spec(1, "float32", (a) => (a >>> 8) / 2 ** 24),
} as const satisfies Record<string, ScalarSpec>;

export type ScalarOp = keyof typeof scalarOps;

/** An expression over the elements of a map's inputs. Plain data. */
export type ScalarExpr =
  | { readonly op: "arg"; readonly index: number; readonly dtype: DType }
  | { readonly op: "const"; readonly value: number; readonly dtype: DType }
  | { readonly op: ScalarOp; readonly args: readonly ScalarExpr[]; readonly dtype: DType };

export function arg(index: number, dtype: DType): ScalarExpr {
  return { op: "arg", index, dtype };
}

export function constant(value: number, dtype: DType): ScalarExpr {
  return { op: "const", value, dtype };
}

/** Applies a scalar function; the result type follows from the table. Arguments must already have the types wanted. */
export function apply(op: ScalarOp, ...args: ScalarExpr[]): ScalarExpr {
  const { result } = scalarOps[op];
  return { op, args, dtype: result === "same" ? args[args.length - 1]!.dtype : result };
}

/** `add(exp($0), 1)` */
export function showScalar(e: ScalarExpr): string {
  if (e.op === "arg") return `$${e.index}`;
  if (e.op === "const") return String(e.value);
  return `${e.op}(${e.args.map(showScalar).join(", ")})`;
}
