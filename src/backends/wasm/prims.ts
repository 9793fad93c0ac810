/**
 * One row per primitive: how it is said for scalars and for vectors of 32-bit lanes. A number is an instruction that
 * takes its arguments from the stack in order; anything else is a function that writes it.
 */
import type { PrimOp } from "../../ir/index.ts";
import type { FunctionWriter } from "./encoder.ts";
import { op } from "./opcodes.ts";

/** Arguments are thunks that push their value. */
export type WritePrim = (w: FunctionWriter, args: readonly (() => void)[], imm: number) => void;

const identity: WritePrim = (_, [a]) => a!();

/** `[cond, a, b]` as WebAssembly wants it: a, b, cond. */
function selectWith(code: number): WritePrim {
  return (w, [cond, a, b]) => {
    a!();
    b!();
    cond!();
    w.op(code);
  };
}

function shift(code: number): WritePrim {
  return (w, [a], imm) => {
    a!();
    w.i32(imm & 31);
    w.op(code);
  };
}

/** Evaluates two scalars once each and hands them on as locals. */
function withTwo(
  w: FunctionWriter,
  args: readonly (() => void)[],
  use: (a: number, b: number) => void,
): void {
  const a = w.local("i32");
  const b = w.local("i32");
  args[0]!();
  w.set(a);
  args[1]!();
  w.set(b);
  use(a, b);
  w.freeLocal(a);
  w.freeLocal(b);
}

/** The left value where `code(left, right)` holds, else the right one. */
function pick(code: number): WritePrim {
  return (w, args) =>
    withTwo(w, args, (a, b) => {
      w.get(a);
      w.get(b);
      w.get(a);
      w.get(b);
      w.op(code);
      w.op(op.select);
    });
}

/**
 * Division that does not trap. The divisors 0 and -1 are those for which `divisor + 1` is below 2 as unsigned: the
 * quotient is then `a * divisor` (0, or -a with wrapping) and the remainder 0.
 */
function divide(code: number): WritePrim {
  return (w, args) =>
    withTwo(w, args, (a, b) => {
      w.get(b);
      w.i32(1);
      w.op(op.i32Add);
      w.i32(2);
      w.op(op.i32LtU);
      w.ifValue("i32");
      if (code === op.i32DivS) {
        w.get(a);
        w.get(b);
        w.op(op.i32Mul);
      } else w.i32(0);
      w.else();
      w.get(a);
      w.get(b);
      w.op(code);
      w.end();
    });
}

/** A scalar function of two integers, lane by lane. */
function byLane(scalar: WritePrim): WritePrim {
  return (w, [x, y], imm) => {
    const a = w.local("v128");
    const b = w.local("v128");
    x!();
    w.set(a);
    y!();
    w.set(b);
    for (let lane = 0; lane < 4; lane++) {
      const part = (vector: number) => (): void => {
        w.get(vector);
        w.lane(op.i32x4ExtractLane, lane);
      };
      w.get(a);
      scalar(w, [part(a), part(b)], imm);
      w.lane(op.i32x4ReplaceLane, lane);
      w.set(a);
    }
    w.get(a);
    w.freeLocal(a);
    w.freeLocal(b);
  };
}

const idiv = divide(op.i32DivS);
const irem = divide(op.i32RemS);

const plain =
  (code: number): WritePrim =>
  (w, [a, b]) => {
    a!();
    b!();
    w.op(code);
  };

/** Division by a known divisor that cannot trap; undefined where the check is needed. */
export function divisionBy(which: PrimOp, divisor: number, vector: boolean): WritePrim | undefined {
  if ((which !== "idiv" && which !== "irem") || divisor === 0 || divisor === -1) return undefined;
  const scalar = plain(which === "idiv" ? op.i32DivS : op.i32RemS);
  return vector ? byLane(scalar) : scalar;
}

export const prims: { readonly [P in PrimOp]: { scalar: number | WritePrim; vector: number | WritePrim } } = {
  fadd: { scalar: op.f32Add, vector: op.f32x4Add },
  fsub: { scalar: op.f32Sub, vector: op.f32x4Sub },
  fmul: { scalar: op.f32Mul, vector: op.f32x4Mul },
  fdiv: { scalar: op.f32Div, vector: op.f32x4Div },
  fmin: { scalar: op.f32Min, vector: op.f32x4Min },
  fmax: { scalar: op.f32Max, vector: op.f32x4Max },
  fneg: { scalar: op.f32Neg, vector: op.f32x4Neg },
  fabs: { scalar: op.f32Abs, vector: op.f32x4Abs },
  fsqrt: { scalar: op.f32Sqrt, vector: op.f32x4Sqrt },
  ffloor: { scalar: op.f32Floor, vector: op.f32x4Floor },
  fceil: { scalar: op.f32Ceil, vector: op.f32x4Ceil },
  ftrunc: { scalar: op.f32Trunc, vector: op.f32x4Trunc },
  fnearest: { scalar: op.f32Nearest, vector: op.f32x4Nearest },
  iadd: { scalar: op.i32Add, vector: op.i32x4Add },
  isub: { scalar: op.i32Sub, vector: op.i32x4Sub },
  imul: { scalar: op.i32Mul, vector: op.i32x4Mul },
  idiv: { scalar: idiv, vector: byLane(idiv) },
  irem: { scalar: irem, vector: byLane(irem) },
  imin: { scalar: pick(op.i32LtS), vector: op.i32x4MinS },
  imax: { scalar: pick(op.i32GtS), vector: op.i32x4MaxS },
  iand: { scalar: op.i32And, vector: op.v128And },
  ior: { scalar: op.i32Or, vector: op.v128Or },
  ixor: { scalar: op.i32Xor, vector: op.v128Xor },
  ishl: { scalar: shift(op.i32Shl), vector: shift(op.i32x4Shl) },
  ishr: { scalar: shift(op.i32ShrS), vector: shift(op.i32x4ShrS) },
  ushr: { scalar: shift(op.i32ShrU), vector: shift(op.i32x4ShrU) },
  flt: { scalar: op.f32Lt, vector: op.f32x4Lt },
  fle: { scalar: op.f32Le, vector: op.f32x4Le },
  feq: { scalar: op.f32Eq, vector: op.f32x4Eq },
  fne: { scalar: op.f32Ne, vector: op.f32x4Ne },
  ilt: { scalar: op.i32LtS, vector: op.i32x4LtS },
  ile: { scalar: op.i32LeS, vector: op.i32x4LeS },
  ieq: { scalar: op.i32Eq, vector: op.i32x4Eq },
  ine: { scalar: op.i32Ne, vector: op.i32x4Ne },
  ult: { scalar: op.i32LtU, vector: op.i32x4LtU },
  band: { scalar: op.i32And, vector: op.v128And },
  bor: { scalar: op.i32Or, vector: op.v128Or },
  bxor: { scalar: op.i32Xor, vector: op.v128Xor },
  bnot: { scalar: op.i32Eqz, vector: op.v128Not },
  fselect: { scalar: selectWith(op.select), vector: selectWith(op.v128Bitselect) },
  iselect: { scalar: selectWith(op.select), vector: selectWith(op.v128Bitselect) },
  i2f: { scalar: op.f32ConvertI32S, vector: op.f32x4ConvertI32x4S },
  u2f: { scalar: op.f32ConvertI32U, vector: op.f32x4ConvertI32x4U },
  f2i: { scalar: op.i32TruncSatF32S, vector: op.i32x4TruncSatF32x4S },
  b2i: { scalar: identity, vector: op.i32x4Neg },
  bitsToF: { scalar: op.f32ReinterpretI32, vector: identity },
  bitsToI: { scalar: op.i32ReinterpretF32, vector: identity },
};
