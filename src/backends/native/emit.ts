/**
 * Kernel → one C function `(base, args, task)`.
 *
 * A vector of n lanes is n / w C vectors ("chunks") of the widest w that the machine has and that divides n. A `let` is a
 * constant in the block where it stands, a cell a variable: which of them live in registers is the C compiler's business.
 * Addresses are unsigned 32-bit offsets from `base`, as in WebAssembly.
 */
import type { Def, Kernel, Stmt, Val } from "../../ir/index.ts";
import { internal } from "../../ir/index.ts";
import { reduceStrength } from "../wasm/induction.ts";
import { divisionBy, prims } from "./prims.ts";

/** The vector widths of the prelude, in lanes. */
const WIDTHS = [16, 8, 4] as const;

/** The most statements of an innermost loop that is written twice a round. */
const SHORT_BODY = 64;

/** The widths that a machine with registers of `lanes` lanes uses. */
export function widthsFor(lanes: number): readonly number[] {
  return WIDTHS.filter((w) => w <= lanes).reverse();
}

/** The parameters and the body of the function; `lanes` is the width of the machine's registers. */
export function emitKernel(k: Kernel, lanes: number): string {
  return new Emitter(reduceStrength(k), lanes).emit();
}

const isWide = (dtype: string): boolean => dtype === "float32" || dtype === "int32";

class Emitter {
  private readonly k: Kernel;
  private readonly lanes: number;
  private readonly lines: string[] = [];
  private pad = "  ";

  constructor(k: Kernel, lanes: number) {
    this.k = k;
    this.lanes = lanes;
  }

  emit(): string {
    this.k.values.forEach(({ def }, v) => {
      if (def.k === "param") this.line(`const int v${v} = AT(const ui1, args, ${4 * def.index});`);
    });
    this.list(this.k.body);
    return `(uint8_t *base, uint32_t args, int task) {\n${this.lines.join("\n")}\n}`;
  }

  private line(text: string): void {
    this.lines.push(this.pad + text);
  }
  private def(v: Val): Def {
    return this.k.values[v]!.def;
  }
  private laneCount(v: Val): number {
    return this.k.values[v]!.type.lanes;
  }
  private isFloat(v: Val): boolean {
    return this.k.values[v]!.type.scalar === "f32";
  }
  /** Lanes of a chunk of `v`. */
  private width(v: Val): number {
    const n = this.laneCount(v);
    if (n === 1) return 1;
    return (
      WIDTHS.find((w) => w <= this.lanes && n % w === 0) ?? internal(`${n} lanes are not a multiple of 4`)
    );
  }
  private chunks(v: Val): number {
    return this.laneCount(v) / this.width(v);
  }
  private type(v: Val): string {
    const w = this.width(v);
    if (w === 1) return this.isFloat(v) ? "float" : "int";
    return `v${this.isFloat(v) ? "f" : "i"}${w}`;
  }
  private eachChunk(v: Val, write: (j: number) => void): void {
    for (let j = 0; j < this.chunks(v); j++) write(j);
  }

  /** The expression of chunk `j` of a value. */
  private at(v: Val, j = 0): string {
    const def = this.def(v);
    if (def.k === "const") return this.constant(v, def.value);
    if (def.k === "task") return "task";
    return this.chunks(v) === 1 ? `v${v}` : `v${v}_${j}`;
  }

  private constant(v: Val, value: number): string {
    const { scalar } = this.k.values[v]!.type;
    const w = this.width(v);
    if (scalar === "f32") return w === 1 ? floatText(value) : `all_f${w}(${floatText(value)})`;
    if (w === 1) return intText(value);
    return `all_i${w}(${intText(scalar === "bool" ? -value : value)})`;
  }

  /** A scalar in the form it has as a lane: a truth value becomes 0 or -1. */
  private asLane(scalar: Val): string {
    return this.k.values[scalar]!.type.scalar === "bool" ? `-${this.at(scalar)}` : this.at(scalar);
  }

  /** One lane of a vector as a scalar. */
  private lane(vector: Val, lane: number): string {
    const w = this.width(vector);
    if (this.def(vector).k === "const") return this.rawLane(this.at(vector), 0, vector);
    return this.rawLane(this.at(vector, Math.floor(lane / w)), lane % w, vector);
  }
  private rawLane(chunk: string, lane: number, vector: Val): string {
    const mask = this.k.values[vector]!.type.scalar === "bool" ? " & 1" : "";
    return this.laneCount(vector) === 1 ? chunk : `${chunk}[${lane}]${mask}`;
  }

  // -- statements -----------------------------------------------------------------------------------------------------

  private block(head: string, body: readonly Stmt[], tail = "}"): void {
    this.line(head);
    const { pad } = this;
    this.pad += "  ";
    this.list(body);
    this.pad = pad;
    this.line(tail);
  }

  private list(body: readonly Stmt[]): void {
    for (const s of body) this.statement(s);
  }

  private statement(s: Stmt): void {
    switch (s.s) {
      case "let":
        this.keep(s.value, this.def(s.value));
        break;
      case "for": {
        const i = `v${s.variable}`;
        if (isShort(s.body)) this.line("#pragma GCC unroll 2");
        this.block(
          `for (int ${i} = ${this.at(s.from)}; ${i} < ${this.at(s.to)}; ${i} += ${s.step}) {`,
          s.body,
        );
        break;
      }
      case "loop":
        this.block("do {", s.body, `} while (${this.at(s.again)});`);
        break;
      case "if":
        this.block(`if (${this.at(s.cond)}) {`, s.then);
        if (s.else.length > 0) this.block("else {", s.else);
        break;
      case "cell":
        this.eachChunk(s.cell, (j) =>
          this.line(`${this.type(s.cell)} ${this.at(s.cell, j)} = ${this.at(s.init, j)};`),
        );
        break;
      case "set":
        this.eachChunk(s.cell, (j) => this.line(`${this.at(s.cell, j)} = ${this.at(s.value, j)};`));
        break;
      case "prefetch":
        this.line(`__builtin_prefetch(&AT(const ub1, ${this.at(s.addr)}, ${s.offset}));`);
        break;
      case "store":
        this.eachChunk(s.value, (j) => this.store(s, j));
        break;
    }
  }

  private store(s: Extract<Stmt, { s: "store" }>, j: number): void {
    const w = this.width(s.value);
    const wide = isWide(s.dtype);
    const kind = wide ? (this.isFloat(s.value) ? "f" : "i") : "b";
    const offset = s.offset + j * w * (wide ? 4 : 1);
    let value = this.at(s.value, j);
    if (!wide) value = w === 1 ? `(uint8_t)${value}` : `to_bytes${w}(${value})`;
    this.line(`AT(u${kind}${w}, ${this.at(s.addr)}, ${offset}) = ${value};`);
  }

  /** Declares the value of a `let`. */
  private keep(v: Val, def: Def): void {
    if (def.k === "load" && def.count !== undefined) this.loadSome(v, def, def.count);
    else if (def.k === "fold") this.fold(v, def);
    else if (this.width(v) > 1 && this.isSumOfProducts(v)) {
      this.eachChunk(v, (j) =>
        this.line(`${this.type(v)} ${this.at(v, j)} = ${this.compute(v, def, j)}; HERE(${this.at(v, j)});`),
      );
    } else this.eachChunk(v, (j) => this.constantOf(v, j, this.compute(v, def, j)));
  }

  /** A sum written out, without a loop: compilers would move its terms about until they no longer fit the registers. */
  private isSumOfProducts(v: Val): boolean {
    const def = this.def(v);
    const isTerm = (x: Val): boolean => {
      const term = this.def(x);
      return (term.k === "prim" && term.op === "fmul") || this.isSumOfProducts(x);
    };
    return def.k === "prim" && def.op === "fadd" && def.args.every(isTerm);
  }

  private constantOf(v: Val, j: number, value: string): void {
    this.line(`const ${this.type(v)} ${this.at(v, j)} = ${value};`);
  }

  /** The expression that computes chunk `j` of a value from its operands. */
  private compute(v: Val, def: Def, j: number): string {
    const w = this.width(v);
    switch (def.k) {
      case "get":
        return this.at(def.cell, j);
      case "prim":
        return this.prim(def, w, j);
      case "load":
        return this.load(v, def, j);
      case "splat":
        return `all_${this.isFloat(v) ? "f" : "i"}${w}(${this.asLane(def.arg)})`;
      case "pack":
        return `(${this.type(v)}){${def.args
          .slice(j * w, (j + 1) * w)
          .map((x) => this.asLane(x))
          .join(", ")}}`;
      case "extract":
        return this.lane(def.arg, def.lane);
      case "shuffle":
        return this.shuffle(v, def, def.indices.slice(j * w, (j + 1) * w));
      default:
        return internal(`kernel ${this.k.name}: v${v} (${def.k}) cannot be computed`);
    }
  }

  private prim(def: Extract<Def, { k: "prim" }>, w: number, j: number): string {
    const byOrder = def.op === "fselect" ? this.pickByOrder(def.args, w, j) : undefined;
    if (byOrder !== undefined) return byOrder;
    const divisor = def.args.length === 2 ? this.def(def.args[1]!) : undefined;
    const simple = divisor?.k === "const" ? divisionBy(def.op, divisor.value) : undefined;
    const args = def.args.map((a) => this.at(a, j));
    return (simple ?? prims[def.op])(args, w, def.imm ?? 0);
  }

  /** `p < q ? q : p` and `p < q ? p : q` are one instruction each on x64, NaN and signs of zero included. */
  private pickByOrder([cond, a, b]: readonly Val[], w: number, j: number): string | undefined {
    const test = this.def(cond!);
    if (test.k !== "prim" || test.op !== "flt") return undefined;
    const [p, q] = [test.args[0]!, test.args[1]!];
    if (a === q && b === p) return `higher${w}(${this.at(q, j)}, ${this.at(p, j)})`;
    if (a === p && b === q) return `lower${w}(${this.at(p, j)}, ${this.at(q, j)})`;
    return undefined;
  }

  // -- memory ---------------------------------------------------------------------------------------------------------

  private load(v: Val, def: Extract<Def, { k: "load" }>, j: number): string {
    const w = this.width(v);
    const wide = isWide(def.dtype);
    const kind = wide ? (this.isFloat(v) ? "f" : "i") : "b";
    const place = `AT(const u${kind}${w}, ${this.at(def.addr)}, ${def.offset + j * w * (wide ? 4 : 1)})`;
    if (w === 1) return place;
    return wide ? `(${this.type(v)})${place}` : `from_bytes${w}(&${place})`;
  }

  /** `count` lanes, the rest 0. Whole vectors are read, as slack follows every array; nothing where the count is not positive. */
  private loadSome(v: Val, def: Extract<Def, { k: "load" }>, count: Val): void {
    const w = this.width(v);
    const zero = w === 1 ? "0" : `(${this.type(v)}){0}`;
    const n = this.at(count);
    this.eachChunk(v, (j) => {
      const all = this.load(v, def, j);
      const first = `(${this.type(v)})first${w}((vi${w})${all}, ${n} - ${j * w})`;
      const some = w === 1 ? all : `${n} >= ${(j + 1) * w} ? ${all} : ${first}`;
      this.constantOf(v, j, `${n} > ${j * w} ? (${some}) : ${zero}`);
    });
  }

  // -- lanes ----------------------------------------------------------------------------------------------------------

  /** Lane i meets lane i + n/2, then n/4, …: first whole chunks, then halves of one chunk, at last two scalars. */
  private fold(v: Val, def: Extract<Def, { k: "fold" }>): void {
    const n = this.laneCount(def.arg);
    if (n < 4 || (n & (n - 1)) !== 0) internal(`kernel ${this.k.name}: fold of ${n} lanes`);
    const w = this.width(def.arg);
    const type = this.type(def.arg);
    const combine = prims[def.op];
    const name = (step: number, j: number): string => `v${v}_fold${step}_${j}`;
    let level = Array.from({ length: n / w }, (_, j) => this.at(def.arg, j));
    let step = 0;
    for (; level.length > 1; step++) {
      const half = level.length / 2;
      level = level.slice(0, half).map((low, j) => {
        this.line(`const ${type} ${name(step, j)} = ${combine([low, level[j + half]!], w, 0)};`);
        return name(step, j);
      });
    }
    let [chunk] = level as [string];
    for (let half = w / 2; half >= 2; half /= 2, step++) {
      const turned = Array.from({ length: w }, (_, l) => (l + half) % w);
      this.line(`const ${type} ${name(step, 1)} = SHUFFLE(${w}, ${chunk}, ${chunk}, ${turned.join(", ")});`);
      this.line(`const ${type} ${name(step, 0)} = ${combine([chunk, name(step, 1)], w, 0)};`);
      chunk = name(step, 0);
    }
    this.line(`const ${this.type(v)} v${v}_a = ${chunk}[0], v${v}_b = ${chunk}[1];`);
    this.constantOf(v, 0, combine([`v${v}_a`, `v${v}_b`], 1, 0));
  }

  /** Lanes picked from two vectors: one instruction or two where they come from two chunks of the width of the result. */
  private shuffle(v: Val, def: Extract<Def, { k: "shuffle" }>, indices: readonly number[]): string {
    const w = this.width(v);
    const n = this.laneCount(def.a);
    const from = indices.map((i) => (i < n ? { vector: def.a, lane: i } : { vector: def.b, lane: i - n }));
    const chunkOf = ({ vector, lane }: (typeof from)[number]): string =>
      this.at(vector, Math.floor(lane / this.width(vector)));
    const sources = [...new Set(from.map(chunkOf))];
    const raw = from.map((f) => `${chunkOf(f)}[${f.lane % this.width(f.vector)}]`);
    if (raw.every((x) => x === raw[0])) return `all_${this.isFloat(v) ? "f" : "i"}${w}(${raw[0]})`;
    if (sources.length > 2 || this.width(def.a) !== w || this.width(def.b) !== w) {
      return `(${this.type(v)}){${raw.join(", ")}}`;
    }
    const picks = from.map((f) => w * sources.indexOf(chunkOf(f)) + (f.lane % w));
    return `SHUFFLE(${w}, ${sources[0]}, ${sources[1] ?? sources[0]}, ${picks.join(", ")})`;
  }
}

/** Whether counting and jumping cost a part worth sparing of what a round of the loop does. */
function isShort(body: readonly Stmt[]): boolean {
  return body.length <= SHORT_BODY && !body.some((s) => s.s === "for" || s.s === "loop");
}

/** A float32 as C text, to the bit. */
function floatText(value: number): string {
  if (Number.isNaN(value)) return '__builtin_nanf("")';
  if (!Number.isFinite(value)) return value > 0 ? "__builtin_inff()" : "(-__builtin_inff())";
  const text = Object.is(value, -0) ? "-0.0" : String(value);
  const real = /[.e]/.test(text) ? text : `${text}.0`;
  return value < 0 || Object.is(value, -0) ? `(${real}f)` : `${real}f`;
}

/** An int32 as C text. */
function intText(value: number): string {
  const int = value | 0;
  if (int === -(2 ** 31)) return "(-2147483647 - 1)";
  return int < 0 ? `(${int})` : String(int);
}
