/**
 * A literal interpreter of Kernels over an ArrayBuffer. Registers are float64 numbers, one per lane, which hold every
 * float32 and int32 exactly; a kernel becomes a list of closures, one per statement, run in the order written.
 */
import type { Def, FoldOp, Kernel, Stmt, Val } from "../../ir/index.ts";
import { internal } from "../../ir/index.ts";
import type { ArenaMemory } from "../arena.ts";
import { Arena, INTERRUPT } from "../arena.ts";
import { ENTRY_BYTES, GUARD, STOPPABLE } from "../layout.ts";
import type { Machine } from "../runner.ts";
import { DONE, STOPPED } from "../runner.ts";
import { prims } from "./prims.ts";

type Action = () => void;
type KernelFunction = (args: number, task: number) => void;

/** An ArrayBuffer that is replaced by a longer one. */
class GrowingBuffer implements ArenaMemory {
  buffer = new ArrayBuffer(1 << 20);
  data = new DataView(this.buffer);

  grow(bytes: number): void {
    const bigger = new ArrayBuffer(Math.ceil(bytes / 65536) * 65536);
    new Uint8Array(bigger).set(new Uint8Array(this.buffer));
    this.buffer = bigger;
    this.data = new DataView(bigger);
  }
}

export class JsMachine implements Machine {
  private readonly memory = new GrowingBuffer();
  readonly arena = new Arena(this.memory);
  readonly threads = 1;
  readonly helpers = 0;
  private readonly kernels: KernelFunction[] = [];
  private readonly indices = new Map<string, number>();

  load(kernels: readonly Kernel[]): number[] {
    return kernels.map((k) => {
      const found = this.indices.get(k.key);
      if (found !== undefined) return found;
      const index = this.kernels.push(new Interpreter(k, this.memory).compile()) - 1;
      this.indices.set(k.key, index);
      return index;
    });
  }

  summon(): void {}

  release(): void {}

  walk(table: number, from: number, to: number): number {
    const { data } = this.memory;
    for (let row = from; row < to; row++) {
      const entry = table + row * ENTRY_BYTES;
      const kernel = data.getInt32(entry, true);
      const args = data.getUint32(entry + 4, true);
      const tasks = data.getInt32(entry + 8, true);
      const stoppable = (data.getInt32(entry + 12, true) & STOPPABLE) !== 0;
      if (stoppable && data.getInt32(INTERRUPT, true) !== 0) return STOPPED;
      if (kernel === GUARD) {
        if (data.getUint8(args) === 0) return row;
      } else for (let task = 0; task < tasks; task++) this.kernels[kernel]!(args, task);
    }
    return DONE;
  }
}

class Interpreter {
  private readonly k: Kernel;
  private readonly memory: GrowingBuffer;
  /** The lanes of value v are registers[first[v]] and following. */
  private readonly registers: Float64Array;
  private readonly first: number[] = [];

  constructor(k: Kernel, memory: GrowingBuffer) {
    this.k = k;
    this.memory = memory;
    let n = 0;
    for (const { type } of k.values) {
      this.first.push(n);
      n += type.lanes;
    }
    this.registers = new Float64Array(n);
  }

  compile(): KernelFunction {
    const { registers, memory, first } = this;
    const parameters: [register: number, index: number][] = [];
    const tasks: number[] = [];
    this.k.values.forEach(({ def, type }, v) => {
      if (def.k === "const") registers.fill(def.value, first[v], first[v]! + type.lanes);
      else if (def.k === "param") parameters.push([first[v]!, def.index]);
      else if (def.k === "task") tasks.push(first[v]!);
    });
    const body = this.list(this.k.body);
    return (args, task) => {
      for (const [register, index] of parameters) {
        registers[register] = memory.data.getInt32(args + 4 * index, true);
      }
      for (const register of tasks) registers[register] = task;
      for (const action of body) action();
    };
  }

  private list(body: readonly Stmt[]): Action[] {
    return body.map((s) => this.statement(s));
  }

  private statement(s: Stmt): Action {
    const { registers: r, first } = this;
    switch (s.s) {
      case "let":
        return this.definition(s.value, this.k.values[s.value]!.def);
      case "for": {
        const [i, from, to] = [first[s.variable]!, first[s.from]!, first[s.to]!];
        const body = this.list(s.body);
        return () => {
          for (r[i] = r[from]!; r[i]! < r[to]!; r[i]! += s.step) for (const action of body) action();
        };
      }
      case "loop": {
        const again = first[s.again]!;
        const body = this.list(s.body);
        return () => {
          do for (const action of body) action();
          while (r[again] !== 0);
        };
      }
      case "if": {
        const cond = first[s.cond]!;
        const [yes, no] = [this.list(s.then), this.list(s.else)];
        return () => {
          for (const action of r[cond] !== 0 ? yes : no) action();
        };
      }
      case "cell":
        return this.copy(s.init, s.cell);
      case "set":
        return this.copy(s.value, s.cell);
      case "prefetch":
        return () => {};
      case "store":
        return this.store(s);
    }
  }

  private copy(from: Val, to: Val): Action {
    const { registers: r } = this;
    const [a, b, lanes] = [this.first[from]!, this.first[to]!, this.k.values[to]!.type.lanes];
    return () => {
      for (let l = 0; l < lanes; l++) r[b + l] = r[a + l]!;
    };
  }

  private store(s: Extract<Stmt, { s: "store" }>): Action {
    const { registers: r, memory } = this;
    const [addr, value, lanes] = [
      this.first[s.addr]!,
      this.first[s.value]!,
      this.k.values[s.value]!.type.lanes,
    ];
    return () => {
      const at = (r[addr]! >>> 0) + s.offset;
      for (let l = 0; l < lanes; l++) {
        const x = r[value + l]!;
        if (s.dtype === "float32") memory.data.setFloat32(at + 4 * l, x, true);
        else if (s.dtype === "int32") memory.data.setInt32(at + 4 * l, x, true);
        else memory.data.setUint8(at + l, x);
      }
    };
  }

  private definition(v: Val, def: Def): Action {
    const { registers: r, first } = this;
    const out = first[v]!;
    const { lanes } = this.k.values[v]!.type;
    switch (def.k) {
      case "prim": {
        const f = prims[def.op];
        const imm = def.imm ?? 0;
        const [a, b, c] = [0, 1, 2].map((n) => first[def.args[n] ?? v]!) as [number, number, number];
        return () => {
          for (let l = 0; l < lanes; l++) r[out + l] = f(r[a + l]!, r[b + l]!, r[c + l]!, imm);
        };
      }
      case "load":
        return this.load(v, def);
      case "splat": {
        const a = first[def.arg]!;
        return () => r.fill(r[a]!, out, out + lanes);
      }
      case "pack": {
        const args = def.args.map((a) => first[a]!);
        return () =>
          args.forEach((a, l) => {
            r[out + l] = r[a]!;
          });
      }
      case "extract": {
        const a = first[def.arg]! + def.lane;
        return () => {
          r[out] = r[a]!;
        };
      }
      case "fold":
        return this.fold(v, def.op, def.arg);
      case "shuffle": {
        const half = this.k.values[def.a]!.type.lanes;
        const from = def.indices.map((i) => (i < half ? first[def.a]! + i : first[def.b]! + i - half));
        return () =>
          from.forEach((a, l) => {
            r[out + l] = r[a]!;
          });
      }
      case "get":
        return this.copy(def.cell, v);
      default:
        return internal(`kernel ${this.k.name}: v${v} (${def.k}) is not computed by a let`);
    }
  }

  private load(v: Val, def: Extract<Def, { k: "load" }>): Action {
    const { registers: r, memory } = this;
    const out = this.first[v]!;
    const { lanes } = this.k.values[v]!.type;
    const addr = this.first[def.addr]!;
    const count = def.count === undefined ? undefined : this.first[def.count]!;
    return () => {
      const at = (r[addr]! >>> 0) + def.offset;
      const some = count === undefined ? lanes : r[count]!;
      for (let l = 0; l < lanes; l++) {
        if (l >= some) r[out + l] = 0;
        else if (def.dtype === "float32") r[out + l] = memory.data.getFloat32(at + 4 * l, true);
        else if (def.dtype === "int32") r[out + l] = memory.data.getInt32(at + 4 * l, true);
        else r[out + l] = memory.data.getUint8(at + l);
      }
    };
  }

  private fold(v: Val, op: FoldOp, arg: Val): Action {
    const { registers: r } = this;
    const f = prims[op];
    const [out, a] = [this.first[v]!, this.first[arg]!];
    const { lanes } = this.k.values[arg]!.type;
    return () => {
      const x = Array.from(r.subarray(a, a + lanes));
      for (let half = lanes / 2; half >= 1; half /= 2) {
        for (let l = 0; l < half; l++) x[l] = f(x[l]!, x[l + half]!, 0, 0);
      }
      r[out] = x[0]!;
    };
  }
}
