/**
 * Kernel → the body of one WebAssembly function `(args: i32, task: i32)`.
 *
 * A vector of n lanes is n/4 v128 locals ("chunks"); a vector truth value is a mask of 0 and -1, a scalar one is 0 or 1.
 * Elementwise expressions are written chunk by chunk; what stays on the stack and what goes to locals is decided in
 * analysis.ts. Addresses are unsigned; constant offsets go into the instructions. A load of a uint8 or bool vector reads
 * bytes and widens; a load with `count` reads whole vectors and masks them, which stays inside the memory because every
 * allocation of the arena is followed by slack.
 *
 * Over 400 lines, because statements, memory and lanes all work on the same locals.
 */
import type { Def, FoldOp, Kernel, Stmt, Val } from "../../ir/index.ts";
import { internal } from "../../ir/index.ts";
import type { Analysis } from "./analysis.ts";
import { analyse, chunksOf } from "./analysis.ts";
import type { ValType } from "./encoder.ts";
import { FunctionWriter } from "./encoder.ts";
import { reduceStrength } from "./induction.ts";
import { op } from "./opcodes.ts";
import type { WritePrim } from "./prims.ts";
import { divisionBy, prims } from "./prims.ts";

/** The locals of the two parameters of a kernel function. */
const ARGS = 0;
const TASK = 1;

const LANE_ALIGN = 2;

/** The finished function body of a kernel. */
export function emitKernel(k: Kernel): Uint8Array {
  return new Emitter(reduceStrength(k)).emit();
}

/** 16 bytes that hold four lanes. */
function lanes4(float: boolean, values: readonly number[]): Uint8Array {
  return new Uint8Array((float ? Float32Array.from(values) : Int32Array.from(values)).buffer);
}

class Emitter {
  private readonly k: Kernel;
  private readonly w = new FunctionWriter(2);
  private readonly a: Analysis;
  /** Locals of values kept in locals, of cells, parameters, loop variables and constants that loops use. */
  private readonly locals: (readonly number[] | undefined)[];

  constructor(k: Kernel) {
    this.k = k;
    this.a = analyse(k);
    this.locals = new Array(k.values.length);
  }

  emit(): Uint8Array {
    this.prologue();
    this.list(this.k.body);
    return this.w.finish();
  }

  private def(v: Val): Def {
    return this.k.values[v]!.def;
  }
  private laneCount(v: Val): number {
    return this.k.values[v]!.type.lanes;
  }
  private chunks(v: Val): number {
    return chunksOf(this.k, this.a.uniform, v);
  }
  private localType(v: Val): ValType {
    const { scalar, lanes } = this.k.values[v]!.type;
    if (lanes > 1) return "v128";
    return scalar === "f32" ? "f32" : "i32";
  }
  private isFloat(v: Val): boolean {
    return this.k.values[v]!.type.scalar === "f32";
  }

  /** Gives `v` its locals, which the caller fills. */
  private bind(v: Val): readonly number[] {
    const type = this.localType(v);
    const out = Array.from({ length: this.chunks(v) }, () => this.w.local(type));
    this.locals[v] = out;
    return out;
  }

  /** Reads the parameters and puts vector constants of loops into locals. */
  private prologue(): void {
    const { k, w } = this;
    k.values.forEach(({ def, type }, v) => {
      if (!this.a.used[v]) return;
      if (def.k === "param") {
        w.get(ARGS);
        w.memory(op.i32Load, 4 * def.index, LANE_ALIGN);
        w.set(this.bind(v)[0]!);
      } else if (def.k === "const" && type.lanes > 1 && this.a.inLoop[v] && def.value !== 0) {
        this.vectorConst(v, def.value);
        w.set(this.bind(v)[0]!);
      }
    });
  }

  private list(body: readonly Stmt[]): void {
    const mine: (readonly number[])[] = [];
    for (const s of body) {
      switch (s.s) {
        case "let":
          if (this.a.modes[s.value] === "local") {
            this.keep(s.value);
            mine.push(this.locals[s.value]!);
          }
          break;
        case "for":
          this.forLoop(s);
          break;
        case "loop":
          this.w.loop();
          this.list(s.body);
          this.w.get(this.locals[s.again]![0]!);
          this.w.brIf(0);
          this.w.end();
          break;
        case "if":
          this.push(s.cond, 0);
          this.w.if();
          this.list(s.then);
          if (s.else.length > 0) {
            this.w.else();
            this.list(s.else);
          }
          this.w.end();
          break;
        case "cell": {
          const locals = this.bind(s.cell);
          mine.push(locals);
          this.assign(locals, s.init);
          break;
        }
        case "set":
          this.assign(this.locals[s.cell]!, s.value);
          break;
        case "store":
          this.store(s);
          break;
      }
    }
    for (const locals of mine) for (const l of locals) this.w.freeLocal(l);
  }

  private forLoop(s: Extract<Stmt, { s: "for" }>): void {
    const { w } = this;
    const i = w.local("i32");
    this.locals[s.variable] = [i];
    const below = (): void => {
      this.push(s.to, 0);
      w.op(op.i32LtS);
    };
    this.push(s.from, 0);
    w.tee(i);
    below();
    w.if();
    w.loop();
    this.list(s.body);
    w.get(i);
    w.i32(s.step);
    w.op(op.i32Add);
    w.tee(i);
    below();
    w.brIf(0);
    w.end();
    w.end();
    w.freeLocal(i);
  }

  /** Fills the locals of a cell. */
  private assign(locals: readonly number[], value: Val): void {
    locals.forEach((local, j) => {
      this.push(value, this.a.uniform[value] ? 0 : j);
      this.w.set(local);
    });
  }

  /** Computes a value into locals of its own. */
  private keep(v: Val): void {
    const def = this.def(v);
    const locals = this.bind(v);
    if (def.k === "load" && def.count !== undefined) this.loadSome(v, def, def.count, locals);
    else if (def.k === "load") this.loadAll(v, def, locals);
    else {
      locals.forEach((local, j) => {
        this.compute(v, j);
        this.w.set(local);
      });
    }
  }

  /** Pushes chunk `j` of a value, from wherever it is. */
  private push(v: Val, j: number): void {
    const def = this.def(v);
    const locals = this.locals[v];
    if (locals !== undefined && def.k !== "get") this.w.get(locals[locals.length === 1 ? 0 : j]!);
    else if (def.k === "task") this.w.get(TASK);
    else if (def.k === "get") {
      const from = this.a.modes[v] === "alias" ? this.locals[def.cell] : locals;
      if (from === undefined) internal(`kernel ${this.k.name}: v${def.cell} is read before it is declared`);
      this.w.get(from[from.length === 1 ? 0 : j]!);
    } else if (this.a.modes[v] === "inline" || def.k === "const") this.compute(v, j);
    else internal(`kernel ${this.k.name}: v${v} is used where it does not exist`);
  }

  /** Pushes chunk `j` of a value, computing it from its operands. */
  private compute(v: Val, j: number): void {
    const def = this.def(v);
    const { w } = this;
    switch (def.k) {
      case "const":
        if (this.laneCount(v) > 1) this.vectorConst(v, def.value);
        else if (this.isFloat(v)) w.f32(def.value);
        else w.i32(def.value);
        break;
      case "get":
        w.get(this.locals[def.cell]![j]!);
        break;
      case "prim":
        this.prim(v, def, j);
        break;
      case "load":
        this.loadChunk(v, def, j);
        break;
      case "splat":
        this.splat(v, def.arg);
        break;
      case "pack":
        this.pack(v, def.args.slice(4 * j, 4 * j + 4));
        break;
      case "extract":
        this.push(def.arg, def.lane >> 2);
        this.extractLane(def.arg, def.lane & 3);
        break;
      case "fold":
        this.fold(def);
        break;
      case "shuffle":
        this.shuffle(def, def.indices.slice(4 * j, 4 * j + 4));
        break;
      default:
        internal(`kernel ${this.k.name}: v${v} (${def.k}) cannot be computed`);
    }
  }

  private vectorConst(v: Val, value: number): void {
    const { scalar } = this.k.values[v]!.type;
    const lane = scalar === "bool" ? -value : value;
    this.w.v128(lanes4(scalar === "f32", [lane, lane, lane, lane]));
  }

  private prim(v: Val, def: Extract<Def, { k: "prim" }>, j: number): void {
    const vector = this.laneCount(v) > 1;
    if (vector && def.op === "fselect" && this.pickByOrder(def.args, j)) return;
    if (vector && (def.op === "fselect" || def.op === "iselect") && this.maskOut(def.args, j)) return;
    const row = prims[def.op];
    const divisor = def.args.length === 2 ? this.def(def.args[1]!) : undefined;
    const simple = divisor?.k === "const" ? divisionBy(def.op, divisor.value, vector) : undefined;
    const how: number | WritePrim = simple ?? (vector ? row.vector : row.scalar);
    const args = def.args.map((x) => (): void => this.push(x, j));
    if (typeof how === "number") {
      for (const push of args) push();
      this.w.op(how);
    } else how(this.w, args, def.imm ?? 0);
  }

  /** `p < q ? q : p` and `p < q ? p : q` are one instruction each, NaN and signs of zero included. */
  private pickByOrder([cond, a, b]: readonly Val[], j: number): boolean {
    const test = this.def(cond!);
    if (test.k !== "prim" || test.op !== "flt") return false;
    const [p, q] = [test.args[0]!, test.args[1]!];
    if (a === q && b === p) {
      this.push(p, j);
      this.push(q, j);
      this.w.op(op.f32x4Pmax);
    } else if (a === p && b === q) {
      this.push(q, j);
      this.push(p, j);
      this.w.op(op.f32x4Pmin);
    } else return false;
    return true;
  }

  /** A choice between something and 0 is the mask and that something. */
  private maskOut([cond, a, b]: readonly Val[], j: number): boolean {
    const isZero = (v: Val): boolean => {
      const def = this.def(v);
      return def.k === "const" && Object.is(def.value, 0);
    };
    if (!isZero(b!) && !isZero(a!)) return false;
    this.push(isZero(b!) ? a! : b!, j);
    this.push(cond!, j);
    this.w.op(isZero(b!) ? op.v128And : op.v128Andnot);
    return true;
  }

  // -- memory ---------------------------------------------------------------------------------------------------------

  private loadChunk(v: Val, def: Extract<Def, { k: "load" }>, j: number): void {
    const { w } = this;
    this.push(def.addr, 0);
    const wide = def.dtype === "float32" || def.dtype === "int32";
    if (this.laneCount(v) === 1) {
      if (def.dtype === "float32") w.memory(op.f32Load, def.offset, LANE_ALIGN);
      else if (wide) w.memory(op.i32Load, def.offset, LANE_ALIGN);
      else w.memory(op.i32Load8U, def.offset);
    } else if (wide) w.memory(op.v128Load, def.offset + 16 * j, LANE_ALIGN);
    else {
      w.memory(op.v128Load32Zero, def.offset + 4 * j);
      w.op(op.i16x8ExtendLowI8x16U);
      w.op(op.i32x4ExtendLowI16x8U);
    }
  }

  private loadAll(v: Val, def: Extract<Def, { k: "load" }>, locals: readonly number[]): void {
    const { w } = this;
    const bytes = def.dtype === "uint8" || def.dtype === "bool";
    for (let j = 0; j < locals.length; j++) {
      if (bytes && j + 1 < locals.length) {
        this.push(def.addr, 0);
        w.memory(op.v128Load8x8U, def.offset + 4 * j);
        w.tee(locals[j + 1]!);
        w.op(op.i32x4ExtendLowI16x8U);
        w.set(locals[j]!);
        w.get(locals[++j]!);
        w.op(op.i32x4ExtendHighI16x8U);
      } else this.loadChunk(v, def, j);
      w.set(locals[j]!);
    }
  }

  /** `count` lanes, the rest 0. Nothing is read where `count` is not positive: the address may then be anything. */
  private loadSome(v: Val, def: Extract<Def, { k: "load" }>, count: Val, locals: readonly number[]): void {
    const { w } = this;
    const lanes = this.laneCount(v);
    this.push(count, 0);
    w.i32(lanes);
    w.op(op.i32LtS);
    w.if();
    this.push(count, 0);
    w.i32(0);
    w.op(op.i32GtS);
    w.if();
    this.loadAll(v, def, locals);
    if (lanes > 1) {
      locals.forEach((local, j) => {
        w.get(local);
        this.push(count, 0);
        w.op(op.i32x4Splat);
        w.v128(lanes4(false, [4 * j, 4 * j + 1, 4 * j + 2, 4 * j + 3]));
        w.op(op.i32x4GtS);
        w.op(op.v128And);
        w.set(local);
      });
    }
    w.else();
    for (const local of locals) {
      if (lanes > 1) w.v128(new Uint8Array(16));
      else if (this.isFloat(v)) w.f32(0);
      else w.i32(0);
      w.set(local);
    }
    w.end();
    w.else();
    this.loadAll(v, def, locals);
    w.end();
  }

  private store(s: Extract<Stmt, { s: "store" }>): void {
    const { w } = this;
    const lanes = this.laneCount(s.value);
    const chunk = (j: number): void => this.push(s.value, this.a.uniform[s.value] ? 0 : j);
    const wide = s.dtype === "float32" || s.dtype === "int32";
    if (lanes === 1) {
      this.push(s.addr, 0);
      chunk(0);
      if (s.dtype === "float32") w.memory(op.f32Store, s.offset, LANE_ALIGN);
      else if (wide) w.memory(op.i32Store, s.offset, LANE_ALIGN);
      else w.memory(op.i32Store8, s.offset);
    } else if (wide) {
      for (let j = 0; j < lanes / 4; j++) {
        this.push(s.addr, 0);
        chunk(j);
        w.memory(op.v128Store, s.offset + 16 * j, LANE_ALIGN);
      }
    } else this.storeBytes(s, lanes / 4, chunk);
  }

  /** The low byte of every lane: four, eight or sixteen lanes with one store. */
  private storeBytes(s: Extract<Stmt, { s: "store" }>, chunks: number, chunk: (j: number) => void): void {
    const { w } = this;
    const low = [0, 4, 8, 12];
    const pair = (j: number): void => {
      chunk(j);
      chunk(j + 1);
      w.shuffle([...low, ...low.map((b) => b + 16), 0, 0, 0, 0, 0, 0, 0, 0]);
    };
    for (let j = 0; j < chunks; ) {
      this.push(s.addr, 0);
      const offset = s.offset + 4 * j;
      if (j + 4 <= chunks) {
        pair(j);
        pair(j + 2);
        w.shuffle([0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]);
        w.memory(op.v128Store, offset);
        j += 4;
      } else if (j + 2 <= chunks) {
        pair(j);
        w.memoryLane(op.v128Store64Lane, offset, 0);
        j += 2;
      } else {
        const t = w.local("v128");
        chunk(j);
        w.tee(t);
        w.get(t);
        w.shuffle([...low, ...low, ...low, ...low]);
        w.memoryLane(op.v128Store32Lane, offset, 0);
        w.freeLocal(t);
        j += 1;
      }
    }
  }

  // -- lanes ----------------------------------------------------------------------------------------------------------

  /** One scalar in every lane of a chunk; a load that nothing else uses is read and spread at once. */
  private splat(v: Val, scalar: Val): void {
    const { w } = this;
    const def = this.def(scalar);
    if (this.a.modes[scalar] === "inline" && def.k === "load" && def.count === undefined) {
      if (def.dtype === "float32" || def.dtype === "int32") {
        this.push(def.addr, 0);
        w.memory(op.v128Load32Splat, def.offset, LANE_ALIGN);
        return;
      }
    }
    this.pushAsLane(scalar);
    w.op(this.isFloat(v) ? op.f32x4Splat : op.i32x4Splat);
  }

  /** Pushes a scalar in the form it has as a lane: a truth value becomes 0 or -1. */
  private pushAsLane(scalar: Val): void {
    const mask = this.k.values[scalar]!.type.scalar === "bool";
    if (mask) this.w.i32(0);
    this.push(scalar, 0);
    if (mask) this.w.op(op.i32Sub);
  }

  private pack(v: Val, scalars: readonly Val[]): void {
    const { w } = this;
    const { scalar } = this.k.values[v]!.type;
    const float = scalar === "f32";
    const known = scalars.map((x) => this.def(x));
    if (known.every((d) => d.k === "const")) {
      w.v128(
        lanes4(
          float,
          known.map((d) => (scalar === "bool" ? -d.value : d.value)),
        ),
      );
      return;
    }
    scalars.forEach((x, lane) => {
      this.pushAsLane(x);
      if (lane === 0) w.op(float ? op.f32x4Splat : op.i32x4Splat);
      else w.lane(float ? op.f32x4ReplaceLane : op.i32x4ReplaceLane, lane);
    });
  }

  /** Replaces the chunk on the stack by one of its lanes. */
  private extractLane(vector: Val, lane: number): void {
    const { w } = this;
    const { scalar } = this.k.values[vector]!.type;
    w.lane(scalar === "f32" ? op.f32x4ExtractLane : op.i32x4ExtractLane, lane);
    if (scalar === "bool") {
      w.i32(1);
      w.op(op.i32And);
    }
  }

  private fold(def: Extract<Def, { k: "fold" }>): void {
    const { w } = this;
    const lanes = this.laneCount(def.arg);
    if (lanes < 4 || (lanes & (lanes - 1)) !== 0) {
      internal(`kernel ${this.k.name}: fold of ${lanes} lanes (must be a power of two)`);
    }
    const combine = prims[def.op satisfies FoldOp];
    const vector = combine.vector;
    if (typeof vector !== "number") internal(`fold ${def.op} has no vector instruction`);
    const halves = (from: number, count: number, stride: number): void => {
      if (count === 1) {
        this.push(def.arg, from);
        return;
      }
      halves(from, count / 2, stride * 2);
      halves(from + stride, count / 2, stride * 2);
      w.op(vector);
    };
    halves(0, lanes / 4, 1);
    const t = w.local("v128");
    w.tee(t);
    w.get(t);
    w.get(t);
    w.shuffle([8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]);
    w.op(vector);
    w.set(t);
    const extract = (lane: number) => (): void => {
      w.get(t);
      w.lane(this.isFloat(def.arg) ? op.f32x4ExtractLane : op.i32x4ExtractLane, lane);
    };
    if (typeof combine.scalar === "number") {
      extract(0)();
      extract(1)();
      w.op(combine.scalar);
    } else combine.scalar(w, [extract(0), extract(1)], 0);
    w.freeLocal(t);
  }

  /** Four lanes picked from the chunks of two vectors: the first two sources at once, each further one by one more step. */
  private shuffle(def: Extract<Def, { k: "shuffle" }>, indices: readonly number[]): void {
    const { w } = this;
    const half = this.laneCount(def.a);
    const source = (i: number): { vector: Val; chunk: number } => {
      const vector = i < half ? def.a : def.b;
      return { vector, chunk: this.a.uniform[vector] ? 0 : (i < half ? i : i - half) >> 2 };
    };
    const sources: { vector: Val; chunk: number }[] = [];
    const at = indices.map((i) => {
      const s = source(i);
      const found = sources.findIndex((x) => x.vector === s.vector && x.chunk === s.chunk);
      return found >= 0 ? found : sources.push(s) - 1;
    });
    const lane = (i: number): number => (i < half ? i : i - half) & 3;
    const bytes = (picks: readonly number[]): number[] =>
      picks.flatMap((p) => [4 * p, 4 * p + 1, 4 * p + 2, 4 * p + 3]);
    const pushSource = (n: number): void => {
      const s = sources[Math.min(n, sources.length - 1)]!;
      this.push(s.vector, s.chunk);
    };
    pushSource(0);
    if (sources.length === 1 && indices.every((i, n) => lane(i) === n)) return;
    pushSource(1);
    w.shuffle(bytes(indices.map((i, n) => (at[n] === 0 ? lane(i) : at[n] === 1 ? 4 + lane(i) : n))));
    for (let n = 2; n < sources.length; n++) {
      pushSource(n);
      const step = n;
      w.shuffle(bytes(indices.map((i, p) => (at[p] === step ? 4 + lane(i) : p))));
    }
  }
}
