/**
 * How every scalar function is computed in float32 and int32: written once, in terms of kernel arithmetic, so that all
 * backends give the same bits. Polynomials are least-maximum-error fits made for the intervals named beside them;
 * argument reductions follow Cody and Waite, "Software Manual for the Elementary Functions" (1980).
 *
 * Accuracy against float64, in units in the last place: exp, expm1, log, log1p, tanh, sigmoid, erf, pow below 3;
 * sin and cos below 2 for |x| ≤ 8,192, beyond which the error grows with |x| · 2⁻²⁶.
 *
 * Over 400 lines, because it is one table and the functions in it.
 */
import type { DType, PrimOp, ScalarExpr, ScalarOp, Val } from "../ir/index.ts";
import { internal } from "../ir/index.ts";
import type { KernelBuilder } from "./builder.ts";

type K = KernelBuilder;
/** Arguments, their types, and the builder. */
type Lowering = (k: K, args: readonly Val[], dtypes: readonly DType[]) => Val;

/**
 * Evaluates a scalar expression; `arg(i)` gives the value of input i, `isUnit` tells whether a part of it surely lies between 0 and 1.
 * Results of type bool are truth values.
 */
export function lowerScalar(
  k: K,
  e: ScalarExpr,
  arg: (index: number) => Val,
  isUnit: (e: ScalarExpr) => boolean,
): Val {
  if (e.op === "arg") return arg(e.index);
  if (e.op === "const") return constantOf(k, e.value, e.dtype);
  const args = e.args.map((a) => lowerScalar(k, a, arg, isUnit));
  if (e.op === "log1p" && isUnit(e.args[0]!)) return log1pUnit(k, args[0]!);
  const exponent = e.op === "pow" && e.args[1]!.op === "const" ? e.args[1]!.value : undefined;
  if (exponent !== undefined) return powConstant(k, args[0]!, exponent) ?? lowerings.pow(k, args, []);
  return lowerings[e.op](
    k,
    args,
    e.args.map((a) => a.dtype),
  );
}

export function constantOf(k: K, value: number, dtype: DType): Val {
  if (dtype === "float32") return k.f32(value);
  return dtype === "bool" ? k.bool(value !== 0) : k.i32(value);
}

/** Whether a function costs more than a handful of instructions: such a value is kept rather than computed twice. */
export const expensive: ReadonlySet<ScalarOp> = new Set<ScalarOp>([
  ...([
    "exp",
    "expm1",
    "log",
    "log1p",
    "sin",
    "cos",
    "tanh",
    "sigmoid",
    "erf",
    "pow",
    "div",
    "sqrt",
    "rsqrt",
    "mod",
  ] as const),
  ...(["floorDiv", "random0", "random1"] as const),
]);

const isFloat = (d: readonly DType[]): boolean => d[d.length - 1] === "float32";

/** The float32 instruction for floats, the int32 one for everything else. */
function either(float: PrimOp, int: PrimOp): Lowering {
  return (k, args, d) => k.prim(isFloat(d) ? float : int, ...args);
}
const prim =
  (op: PrimOp): Lowering =>
  (k, args) =>
    k.prim(op, ...args);

const identityInt =
  (op: PrimOp): Lowering =>
  (k, [x], d) =>
    isFloat(d) ? k.prim(op, x!) : x!;

const swapped =
  (lower: Lowering): Lowering =>
  (k, [a, b], d) =>
    lower(k, [b!, a!], d);

function compare(float: PrimOp, int: PrimOp): Lowering {
  return (k, args, d) =>
    d[0] === "bool" ? k.prim(int, ...args.map((a) => k.prim("b2i", a))) : either(float, int)(k, args, d);
}

const lt = compare("flt", "ilt");
const le = compare("fle", "ile");

const lowerings: { readonly [O in ScalarOp]: Lowering } = {
  add: either("fadd", "iadd"),
  sub: either("fsub", "isub"),
  mul: either("fmul", "imul"),
  div: prim("fdiv"),
  floorDiv: (k, [a, b], d) =>
    isFloat(d) ? k.prim("ffloor", k.prim("fdiv", a!, b!)) : floorDivInt(k, a!, b!),
  mod: (k, [a, b], d) =>
    isFloat(d) ? modFloat(k, a!, b!) : k.prim("isub", a!, k.prim("imul", floorDivInt(k, a!, b!), b!)),
  pow: (k, [a, b]) => pow(k, a!, b!),
  min: (k, [a, b], d) => extreme(k, a!, b!, isFloat(d), "min"),
  max: (k, [a, b], d) => extreme(k, a!, b!, isFloat(d), "max"),
  neg: (k, [a], d) => (isFloat(d) ? k.prim("fneg", a!) : k.prim("isub", k.i32(0), a!)),
  abs: (k, [a], d) => (isFloat(d) ? k.prim("fabs", a!) : k.prim("imax", a!, k.prim("isub", k.i32(0), a!))),
  sign: (k, [a], d) =>
    isFloat(d) ? signFloat(k, a!) : k.prim("imax", k.i32(-1), k.prim("imin", k.i32(1), a!)),
  floor: identityInt("ffloor"),
  ceil: identityInt("fceil"),
  round: identityInt("fnearest"),
  trunc: identityInt("ftrunc"),
  exp: (k, [x]) => exp(k, x!),
  expm1: (k, [x]) => expm1(k, x!),
  log: (k, [x]) => log(k, x!),
  log1p: (k, [x]) => log1p(k, x!),
  sqrt: prim("fsqrt"),
  rsqrt: (k, [x]) => k.prim("fdiv", k.f32(1), k.prim("fsqrt", x!)),
  sin: (k, [x]) => sinCos(k, x!, 0),
  cos: (k, [x]) => sinCos(k, x!, 1),
  tanh: (k, [x]) => tanh(k, x!),
  sigmoid: (k, [x]) => sigmoid(k, x!),
  erf: (k, [x]) => erf(k, x!),
  lt,
  le,
  gt: swapped(lt),
  ge: swapped(le),
  eq: compare("feq", "ieq"),
  ne: compare("fne", "ine"),
  and: prim("band"),
  or: prim("bor"),
  xor: prim("bxor"),
  not: prim("bnot"),
  select: (k, [c, a, b], d) => {
    if (d[1] !== "bool") return k.select(c!, a!, b!);
    return k.prim("ine", k.select(c!, k.prim("b2i", a!), k.prim("b2i", b!)), k.i32(0));
  },
  bitAnd: prim("iand"),
  bitOr: prim("ior"),
  bitXor: prim("ixor"),
  toFloat32: (k, [x], [d]) => (d === "float32" ? x! : k.prim("i2f", d === "bool" ? k.prim("b2i", x!) : x!)),
  toInt32: (k, [x], [d]) => (d === "float32" ? k.prim("f2i", x!) : d === "bool" ? k.prim("b2i", x!) : x!),
  toUint8: (k, [x], [d]) => {
    if (d === "bool") return k.prim("b2i", x!);
    return k.prim("iand", d === "float32" ? k.prim("f2i", x!) : x!, k.i32(255));
  },
  toBool: (k, [x], [d]) =>
    d === "bool" ? x! : d === "float32" ? k.prim("fne", x!, k.f32(0)) : k.prim("ine", x!, k.i32(0)),
  random0: (k, args) => threefry(k, args)[0],
  random1: (k, args) => threefry(k, args)[1],
  unit: (k, [x]) => k.prim("fmul", k.prim("i2f", k.shift("ushr", x!, 8)), k.f32(2 ** -24)),
};

/**
 * Against a constant one comparison is enough (`x < c ? c : x` keeps a NaN in x, and is one machine instruction);
 * between two unknowns either may be NaN.
 */
function extreme(k: K, a: Val, b: Val, float: boolean, which: "min" | "max"): Val {
  if (!float) return k.prim(which === "min" ? "imin" : "imax", a, b);
  const [x, c] = k.constantOf(a) === undefined ? [a, b] : [b, a];
  const bound = k.constantOf(c);
  if (bound === undefined || Number.isNaN(bound)) return k.prim(which === "min" ? "fmin" : "fmax", a, b);
  return which === "max" ? k.select(k.prim("flt", x, c), c, x) : k.select(k.prim("flt", c, x), c, x);
}

/** c₀ + c₁x + c₂x² + …, by Estrin's scheme: pairs, pairs of pairs, …, which wait less for each other than Horner's rule. */
function poly(k: K, x: Val, coefs: readonly number[]): Val {
  let terms = coefs.map((c) => k.f32(c));
  for (let power = x; terms.length > 1; power = k.prim("fmul", power, power)) {
    const pairs: Val[] = [];
    for (let i = 0; i < terms.length; i += 2) {
      const [low, high] = [terms[i]!, terms[i + 1]];
      pairs.push(high === undefined ? low : k.prim("fadd", low, k.prim("fmul", high, power)));
    }
    terms = pairs;
  }
  return terms[0]!;
}

/** 2ⁿ for an int32 n in [-126, 127]. */
function pow2(k: K, n: Val): Val {
  return k.prim("bitsToF", k.shift("ishl", k.prim("iadd", n, k.i32(127)), 23));
}

/** x · 2ⁿ for n in [-252, 254], in two steps so that neither factor overflows. */
function scale2(k: K, x: Val, n: Val): Val {
  const half = k.shift("ishr", n, 1);
  return k.prim("fmul", k.prim("fmul", x, pow2(k, half)), pow2(k, k.prim("isub", n, half)));
}

/** Nearest whole number n to x/ln 2 and the rest r = x - n ln 2, |r| ≤ 0.35. */
function reduceLn2(k: K, x: Val): { n: Val; r: Val } {
  // Next to 1.5 · 2²³ a float has no fraction: adding that rounds, and leaves n in the low bits.
  const shift = k.f32(1.5 * 2 ** 23);
  const rounded = k.prim("fadd", k.prim("fmul", x, k.f32(Math.LOG2E)), shift);
  const n = k.prim("fsub", rounded, shift);
  const whole = k.prim("isub", k.prim("bitsToI", rounded), k.i32(0x4b400000));
  const high = k.prim("fsub", x, k.prim("fmul", n, k.f32(0.693359375)));
  return { n: whole, r: k.prim("fadd", high, k.prim("fmul", n, k.f32(2.121944400546906e-4))) };
}

function clamp(k: K, x: Val, lo: number, hi: number): Val {
  return extreme(k, extreme(k, x, k.f32(hi), true, "min"), k.f32(lo), true, "max");
}

function exp(k: K, x: Val): Val {
  const { n, r } = reduceLn2(k, clamp(k, x, -104, 89));
  const p = poly(
    k,
    r,
    [0.5, 0.16666512191295624, 0.0416661873459816, 0.008369599469006062, 0.0013951711589470506],
  );
  const e = k.prim("fadd", k.prim("fadd", k.prim("fmul", k.prim("fmul", r, r), p), r), k.f32(1));
  return scale2(k, e, n);
}

function expm1(k: K, x: Val): Val {
  const { n, r } = reduceLn2(k, clamp(k, x, -30, 89));
  const coefs = [
    0.5, 0.1666666716337204, 0.041666340082883835, 0.00833327416330576, 0.00139420956838876,
    0.00019913575670216233,
  ];
  const q = k.prim("fadd", k.prim("fmul", k.prim("fmul", r, r), poly(k, r, coefs)), r);
  // 2ⁿ may overflow where the result does not: work with half of it.
  const s = pow2(k, k.prim("isub", n, k.i32(1)));
  const half = k.prim("fadd", k.prim("fmul", s, q), k.prim("fsub", s, k.f32(0.5)));
  const y = k.prim("fadd", half, half);
  return k.select(k.prim("flt", k.prim("fabs", x), k.f32(1e-7)), x, y);
}

/** m in [√½, √2) and e with x = m · 2ᵉ, for positive finite x, subnormals included. */
function splitFloat(k: K, x: Val): { m: Val; e: Val } {
  const tiny = k.prim("flt", x, k.f32(1.1754943508222875e-38));
  const { m, e } = splitNormal(k, k.select(tiny, k.prim("fmul", x, k.f32(2 ** 23)), x));
  return { m, e: k.prim("isub", e, k.select(tiny, k.i32(23), k.i32(0))) };
}

/** The same for x that are not subnormal. */
function splitNormal(k: K, x: Val): { m: Val; e: Val } {
  // The bits of √½ are taken away first, so that the exponent rounds at √2 instead of at 2.
  const shifted = k.prim("isub", k.prim("bitsToI", x), k.i32(0x3f3504f3));
  const m = k.prim("bitsToF", k.prim("iadd", k.prim("iand", shifted, k.i32(0x007fffff)), k.i32(0x3f3504f3)));
  return { m, e: k.shift("ishr", shifted, 23) };
}

const LOG = [
  0.3333331048488617, -0.24999986588954926, 0.20002226531505585, -0.16669248044490814, 0.14218667149543762,
  -0.12384392321109772, 0.11872964352369308, -0.11789555102586746, 0.0691508948802948,
];

function log(k: K, x: Val): Val {
  const { m, e } = splitFloat(k, x);
  return orSpecialLog(k, x, logOfParts(k, k.prim("fsub", m, k.f32(1)), e));
}

/** log(2ᵉ (1 + f)). */
function logOfParts(k: K, f: Val, e: Val): Val {
  const n = k.prim("i2f", e);
  const z = k.prim("fmul", f, f);
  let y = k.prim("fmul", k.prim("fmul", f, z), poly(k, f, LOG));
  y = k.prim("fadd", y, k.prim("fmul", n, k.f32(-2.121944400546906e-4)));
  y = k.prim("fsub", y, k.prim("fmul", z, k.f32(0.5)));
  return k.prim("fadd", k.prim("fadd", f, y), k.prim("fmul", n, k.f32(0.693359375)));
}

/** `y`, but for log 0 = -∞, log of a negative number or NaN, which is NaN, and log ∞ = ∞. */
function orSpecialLog(k: K, x: Val, y: Val): Val {
  const zero = k.prim("feq", x, k.f32(0));
  const positive = k.prim("flt", k.f32(0), x);
  const special = k.select(zero, k.f32(Number.NEGATIVE_INFINITY), k.f32(Number.NaN));
  return k.select(positive, k.select(k.prim("feq", x, k.f32(Number.POSITIVE_INFINITY)), x, y), special);
}

/**
 * The log of u = 1 + x as rounded, which is 0, negative or at least 2⁻²⁴; what rounding took from x is added to the fraction,
 * which near 0 is x again (but for the sign of 0). Beyond 2¹²⁶ nothing is left to add.
 */
function log1p(k: K, x: Val): Val {
  const u = k.prim("fadd", k.f32(1), x);
  const { m, e } = splitNormal(k, u);
  const lost = k.prim("fsub", x, k.prim("fsub", u, k.f32(1)));
  const exponent = k.prim("isub", k.i32(127), k.prim("imin", e, k.i32(126)));
  const scale = k.prim("bitsToF", k.shift("ishl", exponent, 23));
  const f = k.prim("fadd", k.prim("fsub", m, k.f32(1)), k.prim("fmul", lost, scale));
  return orSpecialLog(k, u, logOfParts(k, f, e));
}

/** log(1 + x) on [0, 1], as x - x² (1/2 - x P(x)): in half the instructions. */
function log1pUnit(k: K, x: Val): Val {
  const p = poly(
    k,
    x,
    [
      0.3333224952220917, -0.2497509866952896, 0.1977432370185852, -0.155695378780365, 0.11025132238864899,
      -0.06092149764299393, 0.02187543362379074, -0.003677468979731202,
    ],
  );
  const half = k.prim("fsub", k.f32(0.5), k.prim("fmul", x, p));
  return k.prim("fsub", x, k.prim("fmul", k.prim("fmul", x, x), half));
}

function copySign(k: K, magnitude: Val, sign: Val): Val {
  const bit = k.prim("iand", k.prim("bitsToI", sign), k.i32(-0x80000000));
  return k.prim("bitsToF", k.prim("ior", k.prim("bitsToI", magnitude), bit));
}

function tanh(k: K, x: Val): Val {
  const a = k.prim("fabs", x);
  const s = k.prim("fmul", x, x);
  const p = poly(
    k,
    s,
    [
      -0.3333328366279602, 0.13331493735313416, -0.05374365299940109, 0.020651018247008324,
      -0.0057174707762897015,
    ],
  );
  const small = k.prim("fadd", x, k.prim("fmul", k.prim("fmul", x, s), p));
  const e = exp(k, k.prim("fadd", a, a));
  const large = k.prim("fsub", k.f32(1), k.prim("fdiv", k.f32(2), k.prim("fadd", e, k.f32(1))));
  return k.select(k.prim("flt", a, k.f32(0.625)), small, copySign(k, large, x));
}

function sigmoid(k: K, x: Val): Val {
  const e = exp(k, k.prim("fneg", k.prim("fabs", x)));
  const numerator = k.select(k.prim("flt", x, k.f32(0)), e, k.f32(1));
  return k.prim("fdiv", numerator, k.prim("fadd", k.f32(1), e));
}

/** Below 0.93 a polynomial in x²; above, 1 - exp of a polynomial fitted to ln erfc. */
function erf(k: K, x: Val): Val {
  const a = k.prim("fabs", x);
  const s = k.prim("fmul", x, x);
  const near = poly(
    k,
    s,
    [
      0.12837915122509003, -0.37612494826316833, 0.11281802505254745, -0.02676556631922722,
      0.004990978632122278, -0.000597688602283597,
    ],
  );
  const small = k.prim("fadd", x, k.prim("fmul", x, near));
  const far = poly(
    k,
    k.prim("fmin", a, k.f32(4)),
    [
      0.00017587878392077982, -1.1295208930969238, -0.6333346366882324, -0.10829400271177292,
      0.02512866072356701, -0.004174657631665468, 0.0004352220566943288, -2.1162193661439233e-5,
    ],
  );
  const large = copySign(k, k.prim("fsub", k.f32(1), exp(k, far)), x);
  return k.select(k.prim("flt", a, k.f32(0.93)), small, large);
}

/** sin (shift 0) or cos (shift 1): the quarter turn nearest to x is taken off in three parts. */
function sinCos(k: K, x: Val, shift: 0 | 1): Val {
  const n = k.prim("fnearest", k.prim("fmul", x, k.f32(2 / Math.PI)));
  let r = k.prim("fsub", x, k.prim("fmul", n, k.f32(1.5703125)));
  r = k.prim("fsub", r, k.prim("fmul", n, k.f32(4.837512969970703e-4)));
  r = k.prim("fsub", r, k.prim("fmul", n, k.f32(7.549789948768648e-8)));
  const s = k.prim("fmul", r, r);
  const sinP = poly(k, s, [-0.16666653752326965, 0.008332131430506706, -0.00019510864512994885]);
  const sin = k.prim("fadd", r, k.prim("fmul", k.prim("fmul", r, s), sinP));
  const cosP = poly(k, s, [0.04166664555668831, -0.0013887305976822972, 2.44312068389263e-5]);
  const half = k.prim("fsub", k.f32(1), k.prim("fmul", s, k.f32(0.5)));
  const cos = k.prim("fadd", half, k.prim("fmul", k.prim("fmul", s, s), cosP));
  const quarter = k.prim("iadd", k.prim("f2i", n), k.i32(shift));
  const odd = k.prim("ine", k.prim("iand", quarter, k.i32(1)), k.i32(0));
  const y = k.select(odd, cos, sin);
  const negative = k.prim("ine", k.prim("iand", quarter, k.i32(2)), k.i32(0));
  return k.select(negative, k.prim("fneg", y), y);
}

function signFloat(k: K, x: Val): Val {
  const up = k.select(k.prim("flt", k.f32(0), x), k.f32(1), x);
  return k.select(k.prim("flt", x, k.f32(0)), k.f32(-1), up);
}

function floorDivInt(k: K, a: Val, b: Val): Val {
  const q = k.prim("idiv", a, b);
  const r = k.prim("irem", a, b);
  const inexact = k.prim("ine", r, k.i32(0));
  const opposite = k.prim("ilt", k.prim("ixor", r, b), k.i32(0));
  return k.select(k.prim("band", inexact, opposite), k.prim("isub", q, k.i32(1)), q);
}

function modFloat(k: K, a: Val, b: Val): Val {
  const q = k.prim("ffloor", k.prim("fdiv", a, b));
  return k.prim("fsub", a, k.prim("fmul", q, b));
}

/** Small whole and half exponents, without a logarithm. */
function powConstant(k: K, x: Val, n: number): Val | undefined {
  if (n === 0) return k.f32(1);
  if (n === 0.5) return k.prim("fsqrt", x);
  if (n === -0.5) return k.prim("fdiv", k.f32(1), k.prim("fsqrt", x));
  if (!Number.isInteger(n) || Math.abs(n) > 4) return undefined;
  const square = k.prim("fmul", x, x);
  const up =
    [x, square, k.prim("fmul", square, x), k.prim("fmul", square, square)][Math.abs(n) - 1] ??
    internal("power");
  return n > 0 ? up : k.prim("fdiv", k.f32(1), up);
}

/** The upper 12 bits of the mantissa, so that products of two such numbers are exact. */
function upper(k: K, x: Val): Val {
  return k.prim("bitsToF", k.prim("iand", k.prim("bitsToI", x), k.i32(-4096)));
}

/** a · b as an unevaluated sum high + low (Dekker, "A floating-point technique for extending the available precision", 1971). */
function exactProduct(k: K, a: Val, b: Val): { high: Val; low: Val } {
  const high = k.prim("fmul", a, b);
  const [a1, b1] = [upper(k, a), upper(k, b)];
  const [a2, b2] = [k.prim("fsub", a, a1), k.prim("fsub", b, b1)];
  let low = k.prim("fsub", k.prim("fmul", a1, b1), high);
  low = k.prim("fadd", low, k.prim("fmul", a1, b2));
  low = k.prim("fadd", low, k.prim("fmul", a2, b1));
  return { high, low: k.prim("fadd", low, k.prim("fmul", a2, b2)) };
}

/** log2(m) for m in [√½, √2) as high + low, from 2 atanh((m - 1)/(m + 1)) / ln 2. */
function log2Split(k: K, m: Val): { high: Val; low: Val } {
  const f = k.prim("fsub", m, k.f32(1));
  const d = k.prim("fadd", m, k.f32(1));
  const s = k.prim("fdiv", f, d);
  const back = exactProduct(k, s, d);
  // d was rounded; its own error is m - (d - 1).
  const dError = k.prim("fsub", m, k.prim("fsub", d, k.f32(1)));
  let rest = k.prim("fsub", k.prim("fsub", f, back.high), back.low);
  rest = k.prim("fsub", rest, k.prim("fmul", s, dError));
  const sLow = k.prim("fdiv", rest, d);
  const z = k.prim("fmul", s, s);
  const cube = poly(k, z, [0.3333333432674408, 0.2000006139278412, 0.14275364577770233, 0.11666315048933029]);
  const tail = k.prim("fadd", k.prim("fmul", k.prim("fmul", s, z), cube), sLow);
  // 2 / ln 2 = 2.885390081777927 as two floats.
  const [c1, c2] = [Math.fround(2.885390081777927), 2.885390081777927 - Math.fround(2.885390081777927)];
  const lead = exactProduct(k, s, k.f32(c1));
  let low = k.prim("fadd", k.prim("fmul", tail, k.f32(c1)), k.prim("fmul", s, k.f32(c2)));
  low = k.prim("fadd", low, lead.low);
  const high = k.prim("fadd", lead.high, low);
  return { high, low: k.prim("fadd", k.prim("fsub", lead.high, high), low) };
}

/** aᵇ = 2^(b log2 a), the logarithm carried in two floats; signs and special values as in IEEE 754's pow. */
function pow(k: K, a: Val, b: Val): Val {
  const size = k.prim("fabs", a);
  const { m, e } = splitFloat(k, size);
  const l = log2Split(k, m);
  const whole = exactProduct(k, b, k.prim("i2f", e));
  const part = exactProduct(k, b, l.high);
  const limit = (v: Val): Val => clamp(k, v, -400, 400);
  const n1 = k.prim("fnearest", limit(whole.high));
  const n2 = k.prim("fnearest", limit(part.high));
  let f = k.prim("fsub", limit(whole.high), n1);
  f = k.prim("fadd", f, k.prim("fsub", limit(part.high), n2));
  let low = k.prim("fadd", k.prim("fadd", whole.low, part.low), k.prim("fmul", b, l.low));
  // With huge exponents the low parts overflow to NaN; there the result is 0 or ∞ whatever they are.
  low = k.select(k.prim("flt", k.prim("fabs", low), k.f32(1)), low, k.f32(0));
  f = k.prim("fadd", f, low);
  const n3 = k.prim("fnearest", f);
  f = k.prim("fsub", f, n3);
  const n = clamp(k, k.prim("fadd", k.prim("fadd", n1, n2), n3), -250, 250);
  const p = poly(
    k,
    f,
    [
      0.6931471824645996, 0.24022650718688965, 0.05550320819020271, 0.0096180010586977, 0.0013403032207861543,
      0.000154774053953588,
    ],
  );
  const y = scale2(k, k.prim("fadd", k.prim("fmul", f, p), k.f32(1)), k.prim("f2i", n));
  return powSpecial(k, a, b, size, y);
}

function powSpecial(k: K, a: Val, b: Val, size: Val, y: Val): Val {
  const inf = k.f32(Number.POSITIVE_INFINITY);
  const zero = k.f32(0);
  const one = k.f32(1);
  const isWhole = k.prim("feq", k.prim("ffloor", b), b);
  const halfB = k.prim("fmul", b, k.f32(0.5));
  const isOdd = k.prim("band", isWhole, k.prim("fne", k.prim("ffloor", halfB), halfB));
  const grows = k.prim("bxor", k.prim("flt", b, zero), k.prim("flt", one, size));
  const extreme = k.prim(
    "bor",
    k.prim("feq", size, zero),
    k.prim("bor", k.prim("feq", size, inf), k.prim("feq", k.prim("fabs", b), inf)),
  );
  let r = k.select(extreme, k.select(grows, inf, zero), y);
  r = k.select(k.prim("feq", size, one), k.select(k.prim("feq", b, b), one, b), r);
  const negative = k.prim("ilt", k.prim("bitsToI", a), k.i32(0));
  r = k.select(k.prim("band", negative, isOdd), k.prim("fneg", r), r);
  const finiteNegative = k.prim("band", k.prim("flt", a, zero), k.prim("flt", size, inf));
  r = k.select(k.prim("band", finiteNegative, k.prim("bnot", isWhole)), k.f32(Number.NaN), r);
  r = k.select(k.prim("fne", a, a), a, k.select(k.prim("fne", b, b), b, r));
  const always = k.prim("bor", k.prim("feq", b, zero), k.prim("feq", a, one));
  return k.select(always, one, r);
}

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24];

/** Threefry-2x32 with 13 rounds; the definition is beside the scalar table. */
function threefry(k: K, [k0, k1, c0, c1]: readonly Val[]): [Val, Val] {
  const keys = [k0!, k1!, k.prim("ixor", k.prim("ixor", k0!, k1!), k.i32(0x1bd11bda))];
  let x0 = k.prim("iadd", c0!, keys[0]!);
  let x1 = k.prim("iadd", c1!, keys[1]!);
  for (let round = 0; round < 13; round++) {
    const by = ROTATIONS[round % 8]!;
    x0 = k.prim("iadd", x0, x1);
    x1 = k.prim("ixor", k.prim("ior", k.shift("ishl", x1, by), k.shift("ushr", x1, 32 - by)), x0);
    if (round % 4 === 3) {
      const s = (round + 1) / 4;
      x0 = k.prim("iadd", x0, keys[s % 3]!);
      x1 = k.prim("iadd", k.prim("iadd", x1, keys[(s + 1) % 3]!), k.i32(s));
    }
  }
  return [x0, x1];
}
