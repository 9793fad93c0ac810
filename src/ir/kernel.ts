/**
 * A Kernel: one function of a plan, as plain data — a loop nest over memory, in static single assignment form.
 *
 * All memory is one arena addressed in bytes. A kernel is called as `(args, task)`: `args` is the byte address of a row
 * of int32 parameters (the byte addresses of its buffers, then its runtime sizes, in the order of `params`), `task` the
 * number of the task to do. Tasks of one kernel never read what another task of it writes. The language has loops,
 * conditions, vector loads and stores and plain arithmetic; no pointers, calls or recursion, so that WebAssembly, C and
 * WGSL can all say it. Multiply and add are never contracted, so every backend gives the same bits.
 */
import type { DType } from "./dtype.ts";

/** `bool` is a truth value: 0/1 as a scalar, a full mask per lane as a vector. Only the emitter knows which. */
export type Scalar = "f32" | "i32" | "bool";

/** A register type. `lanes` is 1 for scalars, else a multiple of 4. */
export interface VType {
  readonly scalar: Scalar;
  readonly lanes: number;
}

/** Identifies a value of a kernel: an index into `Kernel.values`. */
export type Val = number;

/**
 * Arithmetic on registers, lane by lane.
 *  f32: `fmin`/`fmax` return NaN if either is NaN and order -0 below +0; `fnearest` rounds half to even.
 *  i32: wraps; `idiv`/`irem` truncate toward zero, division by 0 gives 0 (and remainder 0); comparisons are signed
 *  unless the name begins with u. Shifts are by the constant `imm`.
 *  `f2i` truncates and saturates, NaN gives 0. `u2f` converts an unsigned value. `b2i` gives 0 or 1.
 */
export const primOps = {
  fadd: { args: ["f32", "f32"], result: "f32" },
  fsub: { args: ["f32", "f32"], result: "f32" },
  fmul: { args: ["f32", "f32"], result: "f32" },
  fdiv: { args: ["f32", "f32"], result: "f32" },
  fmin: { args: ["f32", "f32"], result: "f32" },
  fmax: { args: ["f32", "f32"], result: "f32" },
  fneg: { args: ["f32"], result: "f32" },
  fabs: { args: ["f32"], result: "f32" },
  fsqrt: { args: ["f32"], result: "f32" },
  ffloor: { args: ["f32"], result: "f32" },
  fceil: { args: ["f32"], result: "f32" },
  ftrunc: { args: ["f32"], result: "f32" },
  fnearest: { args: ["f32"], result: "f32" },
  iadd: { args: ["i32", "i32"], result: "i32" },
  isub: { args: ["i32", "i32"], result: "i32" },
  imul: { args: ["i32", "i32"], result: "i32" },
  idiv: { args: ["i32", "i32"], result: "i32" },
  irem: { args: ["i32", "i32"], result: "i32" },
  imin: { args: ["i32", "i32"], result: "i32" },
  imax: { args: ["i32", "i32"], result: "i32" },
  iand: { args: ["i32", "i32"], result: "i32" },
  ior: { args: ["i32", "i32"], result: "i32" },
  ixor: { args: ["i32", "i32"], result: "i32" },
  ishl: { args: ["i32"], result: "i32" },
  ishr: { args: ["i32"], result: "i32" },
  ushr: { args: ["i32"], result: "i32" },
  flt: { args: ["f32", "f32"], result: "bool" },
  fle: { args: ["f32", "f32"], result: "bool" },
  feq: { args: ["f32", "f32"], result: "bool" },
  fne: { args: ["f32", "f32"], result: "bool" },
  ilt: { args: ["i32", "i32"], result: "bool" },
  ile: { args: ["i32", "i32"], result: "bool" },
  ieq: { args: ["i32", "i32"], result: "bool" },
  ine: { args: ["i32", "i32"], result: "bool" },
  ult: { args: ["i32", "i32"], result: "bool" },
  band: { args: ["bool", "bool"], result: "bool" },
  bor: { args: ["bool", "bool"], result: "bool" },
  bxor: { args: ["bool", "bool"], result: "bool" },
  bnot: { args: ["bool"], result: "bool" },
  fselect: { args: ["bool", "f32", "f32"], result: "f32" },
  iselect: { args: ["bool", "i32", "i32"], result: "i32" },
  i2f: { args: ["i32"], result: "f32" },
  u2f: { args: ["i32"], result: "f32" },
  f2i: { args: ["f32"], result: "i32" },
  b2i: { args: ["bool"], result: "i32" },
  /** The same 32 bits read as the other type. */
  bitsToF: { args: ["i32"], result: "f32" },
  bitsToI: { args: ["f32"], result: "i32" },
} as const satisfies Record<string, { args: readonly Scalar[]; result: Scalar }>;

export type PrimOp = keyof typeof primOps;

/** Folding the lanes of a vector into one scalar: with n lanes, lane i meets lane i + n/2, then n/4, … (a fixed tree). */
export type FoldOp = "fadd" | "fmul" | "fmin" | "fmax" | "iadd" | "imul" | "imin" | "imax";

/** How a value comes about. */
export type Def =
  /** The same constant in every lane; for `bool` 0 or 1. */
  | { readonly k: "const"; readonly value: number }
  /** The int32 at `args + 4 * index`. */
  | { readonly k: "param"; readonly index: number }
  | { readonly k: "task" }
  /** The variable of a `for`, bound by that statement. */
  | { readonly k: "loop" }
  | { readonly k: "prim"; readonly op: PrimOp; readonly args: readonly Val[]; readonly imm?: number }
  /**
   * Reads `lanes` neighbouring elements at byte address `addr + offset` (offset >= 0, a constant). float32 gives f32;
   * int32 gives i32; uint8 and bool give i32, zero-extended. Addresses need no more than element alignment.
   * With `count` (i32 scalar) only the first `count` lanes are read, the others are 0; `count` may exceed the lanes.
   */
  | {
      readonly k: "load";
      readonly dtype: DType;
      readonly addr: Val;
      readonly offset: number;
      readonly count?: Val;
    }
  | { readonly k: "splat"; readonly arg: Val }
  /** A vector from `lanes` scalars. */
  | { readonly k: "pack"; readonly args: readonly Val[] }
  | { readonly k: "extract"; readonly arg: Val; readonly lane: number }
  | { readonly k: "fold"; readonly op: FoldOp; readonly arg: Val }
  /** Lanes of `a` followed by lanes of `b`, picked by index; result lanes = indices.length. */
  | { readonly k: "shuffle"; readonly a: Val; readonly b: Val; readonly indices: readonly number[] }
  /** A mutable register declared by a `cell` statement; the value itself stands for the cell. */
  | { readonly k: "cell" }
  /** The content of a cell at this point of the statement list. */
  | { readonly k: "get"; readonly cell: Val };

export interface Value {
  readonly type: VType;
  readonly def: Def;
}

/**
 * Statements. A `let` computes a value where it stands (constants, parameters, the task and loop variables are never
 * `let`: they are available everywhere in their scope).
 */
export type Stmt =
  | { readonly s: "let"; readonly value: Val }
  /** `for (i = from; i < to; i += step)`; `step` > 0. */
  | {
      readonly s: "for";
      readonly variable: Val;
      readonly from: Val;
      readonly to: Val;
      readonly step: number;
      readonly body: readonly Stmt[];
    }
  /** Do `body`, then again while the cell `again` (i32) is not 0. */
  | { readonly s: "loop"; readonly body: readonly Stmt[]; readonly again: Val }
  | { readonly s: "if"; readonly cond: Val; readonly then: readonly Stmt[]; readonly else: readonly Stmt[] }
  /** Declares the mutable register `cell` with a first content. */
  | { readonly s: "cell"; readonly cell: Val; readonly init: Val }
  | { readonly s: "set"; readonly cell: Val; readonly value: Val }
  /** The memory at `addr + offset` may be read soon; the address may be anything. Without effect where there is no such hint. */
  | { readonly s: "prefetch"; readonly addr: Val; readonly offset: number }
  /** Writes f32 to float32, i32 to int32, the low byte of i32 to uint8, and i32 0/1 to bool. */
  | {
      readonly s: "store";
      readonly dtype: DType;
      readonly addr: Val;
      readonly offset: number;
      readonly value: Val;
    };

export type Param =
  | {
      readonly kind: "buffer";
      readonly name: string;
      readonly dtype: DType;
      readonly access: "read" | "write" | "update";
    }
  | { readonly kind: "size"; readonly name: string };

export interface Kernel {
  readonly name: string;
  readonly params: readonly Param[];
  readonly values: readonly Value[];
  readonly body: readonly Stmt[];
  /** Identifies the content: equal keys, equal kernels. */
  readonly key: string;
}

/** The kernel as readable text, one statement a line. */
export function printKernel(k: Kernel): string {
  const out: string[] = [
    `${k.name}(${k.params.map((p) => (p.kind === "buffer" ? `${p.name}: ${p.access} ${p.dtype}` : p.name)).join(", ")})`,
  ];
  const name = (v: Val): string => {
    const { def } = k.values[v]!;
    if (def.k === "const") return String(def.value);
    if (def.k === "param") return k.params[def.index]!.name;
    if (def.k === "task") return "task";
    return `v${v}`;
  };
  const show = (v: Val): string => {
    const { def, type } = k.values[v]!;
    const lanes = type.lanes > 1 ? `x${type.lanes}` : "";
    switch (def.k) {
      case "prim":
        return `${def.op}${lanes} ${def.args.map(name).join(", ")}${def.imm === undefined ? "" : ` #${def.imm}`}`;
      case "load":
        return `load ${def.dtype}${lanes} [${name(def.addr)} + ${def.offset}]${def.count === undefined ? "" : ` first ${name(def.count)}`}`;
      case "splat":
        return `splat${lanes} ${name(def.arg)}`;
      case "pack":
        return `pack ${def.args.map(name).join(", ")}`;
      case "extract":
        return `extract ${name(def.arg)}.${def.lane}`;
      case "fold":
        return `fold ${def.op} ${name(def.arg)}`;
      case "shuffle":
        return `shuffle ${name(def.a)}, ${name(def.b)} [${def.indices.join(",")}]`;
      case "get":
        return `get v${def.cell}`;
      default:
        return name(v);
    }
  };
  const walk = (body: readonly Stmt[], pad: string): void => {
    for (const s of body) {
      switch (s.s) {
        case "let":
          out.push(`${pad}v${s.value} = ${show(s.value)}`);
          break;
        case "for":
          out.push(`${pad}for v${s.variable} = ${name(s.from)} to ${name(s.to)} step ${s.step}`);
          walk(s.body, pad + "  ");
          break;
        case "loop":
          out.push(`${pad}loop`);
          walk(s.body, pad + "  ");
          out.push(`${pad}again if v${s.again}`);
          break;
        case "if":
          out.push(`${pad}if ${name(s.cond)}`);
          walk(s.then, pad + "  ");
          if (s.else.length > 0) {
            out.push(`${pad}else`);
            walk(s.else, pad + "  ");
          }
          break;
        case "cell":
          out.push(`${pad}cell v${s.cell} = ${name(s.init)}`);
          break;
        case "set":
          out.push(`${pad}v${s.cell} <- ${name(s.value)}`);
          break;
        case "prefetch":
          out.push(`${pad}prefetch [${name(s.addr)} + ${s.offset}]`);
          break;
        case "store":
          out.push(`${pad}store ${s.dtype} [${name(s.addr)} + ${s.offset}] = ${name(s.value)}`);
          break;
      }
    }
  };
  walk(k.body, "  ");
  return out.join("\n");
}
