/** The primitives on single lanes. Truth values are 0 and 1; every float32 result is rounded at once. */
import type { PrimOp } from "../../ir/index.ts";

const f32 = Math.fround;
const bits = new DataView(new ArrayBuffer(4));

/** Rounds half to even; keeps the sign of zero. */
function nearest(x: number): number {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 23) return x;
  const below = Math.floor(x);
  const rest = x - below;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  const rounded = up ? below + 1 : below;
  return rounded === 0 && (x < 0 || Object.is(x, -0)) ? -0 : rounded;
}

function toInt(x: number): number {
  if (Number.isNaN(x)) return 0;
  return Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(x))) | 0;
}

/** The last argument is the primitive's constant `imm`, for shifts. */
export const prims: { readonly [P in PrimOp]: (a: number, b: number, c: number, imm: number) => number } = {
  fadd: (a, b) => f32(a + b),
  fsub: (a, b) => f32(a - b),
  fmul: (a, b) => f32(a * b),
  fdiv: (a, b) => f32(a / b),
  fmin: (a, b) => Math.min(a, b),
  fmax: (a, b) => Math.max(a, b),
  fneg: (a) => -a,
  fabs: (a) => Math.abs(a),
  fsqrt: (a) => f32(Math.sqrt(a)),
  ffloor: (a) => Math.floor(a),
  fceil: (a) => Math.ceil(a),
  ftrunc: (a) => Math.trunc(a),
  fnearest: (a) => nearest(a),
  iadd: (a, b) => (a + b) | 0,
  isub: (a, b) => (a - b) | 0,
  imul: (a, b) => Math.imul(a, b),
  idiv: (a, b) => (a / b) | 0,
  irem: (a, b) => (a % b) | 0,
  imin: (a, b) => Math.min(a, b),
  imax: (a, b) => Math.max(a, b),
  iand: (a, b) => a & b,
  ior: (a, b) => a | b,
  ixor: (a, b) => a ^ b,
  ishl: (a, _b, _c, imm) => a << imm,
  ishr: (a, _b, _c, imm) => a >> imm,
  ushr: (a, _b, _c, imm) => (a >>> imm) | 0,
  flt: (a, b) => Number(a < b),
  fle: (a, b) => Number(a <= b),
  feq: (a, b) => Number(a === b),
  fne: (a, b) => Number(a !== b),
  ilt: (a, b) => Number(a < b),
  ile: (a, b) => Number(a <= b),
  ieq: (a, b) => Number(a === b),
  ine: (a, b) => Number(a !== b),
  ult: (a, b) => Number(a >>> 0 < b >>> 0),
  band: (a, b) => a & b,
  bor: (a, b) => a | b,
  bxor: (a, b) => a ^ b,
  bnot: (a) => 1 - a,
  fselect: (c, a, b) => (c ? a : b),
  iselect: (c, a, b) => (c ? a : b),
  i2f: (a) => f32(a),
  u2f: (a) => f32(a >>> 0),
  f2i: (a) => toInt(a),
  b2i: (a) => a,
  bitsToF: (a) => {
    bits.setInt32(0, a);
    return bits.getFloat32(0);
  },
  bitsToI: (a) => {
    bits.setFloat32(0, a);
    return bits.getInt32(0);
  },
};
