/**
 * One row per primitive: the C expression for scalars, and for vectors of w lanes. What has no operator in C is a
 * function of the prelude. Signed arithmetic wraps (`-fwrapv`).
 */
import type { PrimOp } from "../../ir/index.ts";

/** An expression of its arguments, for a width (1 for scalars); `imm` is the distance of a shift. */
export type WritePrim = (args: readonly string[], w: number, imm: number) => string;

const infix =
  (operator: string): WritePrim =>
  ([a, b]) =>
    `${a} ${operator} ${b}`;

/** A function of the prelude whose name ends in the width. */
const call =
  (name: string): WritePrim =>
  (args, w) =>
    `${name}${w}(${args.join(", ")})`;

/** A function that C compilers know for scalars, and one of the prelude for vectors. */
const builtin =
  (scalar: string, vector: string): WritePrim =>
  (args, w) =>
    w === 1 ? `${scalar}(${args.join(", ")})` : `${vector}${w}(${args.join(", ")})`;

/** A comparison: 0 or 1 for scalars, a mask for vectors. */
const compare =
  (operator: string): WritePrim =>
  ([a, b], w) =>
    w === 1 ? `${a} ${operator} ${b}` : `(vi${w})(${a} ${operator} ${b})`;

const pick =
  (operator: string): WritePrim =>
  ([a, b], w) =>
    w === 1
      ? `${a} ${operator} ${b} ? ${a} : ${b}`
      : `select_i${w}((vi${w})(${a} ${operator} ${b}), ${a}, ${b})`;

const choose =
  (kind: "f" | "i"): WritePrim =>
  ([c, a, b], w) =>
    w === 1 ? `${c} ? ${a} : ${b}` : `select_${kind}${w}(${c}, ${a}, ${b})`;

const unsigned = (x: string, w: number): string => (w === 1 ? `(unsigned)${x}` : `(vu${w})${x}`);
const signed = (x: string, w: number): string => (w === 1 ? `(int)(${x})` : `(vi${w})(${x})`);

/** Division by a known divisor that is neither 0 nor -1 needs no test. */
export function divisionBy(op: PrimOp, divisor: number): WritePrim | undefined {
  if ((op !== "idiv" && op !== "irem") || divisor === 0 || divisor === -1) return undefined;
  return infix(op === "idiv" ? "/" : "%");
}

export const prims: { readonly [P in PrimOp]: WritePrim } = {
  fadd: infix("+"),
  fsub: infix("-"),
  fmul: infix("*"),
  fdiv: infix("/"),
  fmin: call("fmin"),
  fmax: call("fmax"),
  fneg: ([a]) => `-${a}`,
  fabs: builtin("__builtin_fabsf", "abs"),
  fsqrt: builtin("__builtin_sqrtf", "sqrt"),
  ffloor: builtin("__builtin_floorf", "floor"),
  fceil: builtin("__builtin_ceilf", "ceil"),
  ftrunc: builtin("__builtin_truncf", "trunc"),
  fnearest: builtin("__builtin_rintf", "nearest"),
  iadd: infix("+"),
  isub: infix("-"),
  imul: infix("*"),
  idiv: call("idiv"),
  irem: call("irem"),
  imin: pick("<"),
  imax: pick(">"),
  iand: infix("&"),
  ior: infix("|"),
  ixor: infix("^"),
  ishl: ([a], w, imm) => signed(`${unsigned(a!, w)} << ${imm & 31}`, w),
  ishr: ([a], _, imm) => `${a} >> ${imm & 31}`,
  ushr: ([a], w, imm) => signed(`${unsigned(a!, w)} >> ${imm & 31}`, w),
  flt: compare("<"),
  fle: compare("<="),
  feq: compare("=="),
  fne: compare("!="),
  ilt: compare("<"),
  ile: compare("<="),
  ieq: compare("=="),
  ine: compare("!="),
  ult: (args, w) =>
    compare("<")(
      args.map((a) => unsigned(a, w)),
      w,
      0,
    ),
  band: infix("&"),
  bor: infix("|"),
  bxor: infix("^"),
  bnot: ([a], w) => (w === 1 ? `!${a}` : `~${a}`),
  fselect: choose("f"),
  iselect: choose("i"),
  i2f: ([a], w) => (w === 1 ? `(float)${a}` : `i2f${w}(${a})`),
  u2f: ([a], w) => (w === 1 ? `(float)(unsigned)${a}` : `u2f${w}(${a})`),
  f2i: call("f2i"),
  b2i: ([a], w) => (w === 1 ? a! : `-${a}`),
  bitsToF: ([a], w) => (w === 1 ? `to_f1(${a})` : `(vf${w})${a}`),
  bitsToI: ([a], w) => (w === 1 ? `to_i1(${a})` : `(vi${w})${a}`),
};
