/**
 * A writer of WebAssembly modules (the binary format of the WebAssembly Core Specification 2.0, §5): bytes, LEB128
 * numbers, instructions and the few sections that kernels need.
 */
import { op } from "./opcodes.ts";

/** Value types of the binary format. */
export const valType = { i32: 0x7f, i64: 0x7e, f32: 0x7d, v128: 0x7b } as const;
export type ValType = keyof typeof valType;

const EMPTY_BLOCK = 0x40;

/** A growing array of bytes. */
export class ByteWriter {
  private bytes = new Uint8Array(256);
  private end = 0;

  get length(): number {
    return this.end;
  }

  /** The bytes written so far, as a copy. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.end);
  }

  private room(n: number): void {
    if (this.end + n <= this.bytes.length) return;
    const bigger = new Uint8Array(Math.max(this.bytes.length * 2, this.end + n));
    bigger.set(this.bytes.subarray(0, this.end));
    this.bytes = bigger;
  }

  byte(b: number): this {
    this.room(1);
    this.bytes[this.end++] = b;
    return this;
  }

  raw(bytes: ArrayLike<number>): this {
    this.room(bytes.length);
    this.bytes.set(bytes, this.end);
    this.end += bytes.length;
    return this;
  }

  /** Unsigned LEB128 of a whole number below 2^32. */
  u32(n: number): this {
    let rest = n >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    return this.byte(rest);
  }

  /** Signed LEB128 of an int32. */
  s32(n: number): this {
    let rest = n | 0;
    while (rest < -64 || rest > 63) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    return this.byte(rest & 0x7f);
  }

  f32(x: number): this {
    return this.raw(new Uint8Array(new Float32Array([x]).buffer));
  }

  name(text: string): this {
    const bytes = new TextEncoder().encode(text);
    return this.u32(bytes.length).raw(bytes);
  }

  /** A vector: its length, then each item. */
  list<T>(items: readonly T[], write: (w: ByteWriter, item: T) => void): this {
    this.u32(items.length);
    for (const item of items) write(this, item);
    return this;
  }
}

/** The body of one function: instructions and locals. Locals given back by `freeLocal` are used again. */
export class FunctionWriter {
  readonly code = new ByteWriter();
  private readonly types: ValType[] = [];
  private readonly free: Record<ValType, number[]> = { i32: [], i64: [], f32: [], v128: [] };
  private readonly params: number;

  constructor(params: number) {
    this.params = params;
  }

  /** A local that holds no value yet: write it before reading it. */
  local(type: ValType): number {
    return this.free[type].pop() ?? this.params + this.types.push(type) - 1;
  }

  freeLocal(index: number): void {
    this.free[this.types[index - this.params]!].push(index);
  }

  /** One instruction without immediates (opcode only). */
  op(code: number): void {
    const prefix = code >>> 24;
    if (prefix === 0) this.code.byte(code);
    else this.code.byte(prefix).u32(code & 0xff_ffff);
  }

  get(local: number): void {
    this.code.byte(op.localGet).u32(local);
  }
  set(local: number): void {
    this.code.byte(op.localSet).u32(local);
  }
  tee(local: number): void {
    this.code.byte(op.localTee).u32(local);
  }

  i32(value: number): void {
    this.code.byte(op.i32Const).s32(value);
  }
  /** A constant of the range of an int32. */
  i64(value: number): void {
    this.code.byte(op.i64Const).s32(value);
  }
  f32(value: number): void {
    this.code.byte(op.f32Const).f32(value);
  }
  v128(bytes: Uint8Array): void {
    this.op(op.v128Const);
    this.code.raw(bytes);
  }

  /** A load or store; `align` is the base-2 logarithm of the alignment promised (atomics demand that of their width). */
  memory(code: number, offset: number, align = 0): void {
    this.op(code);
    this.code.u32(align).u32(offset);
  }
  /** A load or store of one lane. */
  memoryLane(code: number, offset: number, lane: number): void {
    this.memory(code, offset);
    this.code.byte(lane);
  }
  lane(code: number, lane: number): void {
    this.op(code);
    this.code.byte(lane);
  }
  shuffle(bytes: readonly number[]): void {
    this.op(op.i8x16Shuffle);
    this.code.raw(bytes);
  }

  block(): void {
    this.code.byte(op.block).byte(EMPTY_BLOCK);
  }
  loop(): void {
    this.code.byte(op.loop).byte(EMPTY_BLOCK);
  }
  if(): void {
    this.code.byte(op.if).byte(EMPTY_BLOCK);
  }
  /** An `if` that leaves one value on the stack. */
  ifValue(type: ValType): void {
    this.code.byte(op.if).byte(valType[type]);
  }
  else(): void {
    this.code.byte(op.else);
  }
  end(): void {
    this.code.byte(op.end);
  }
  br(depth: number): void {
    this.code.byte(op.br).u32(depth);
  }
  brIf(depth: number): void {
    this.code.byte(op.brIf).u32(depth);
  }
  /** Calls a function of the same module. */
  call(index: number): void {
    this.code.byte(op.call).u32(index);
  }
  /** Calls table 0 at the index on top of the stack; `type` indexes the module's function types. */
  callIndirect(type: number): void {
    this.code.byte(op.callIndirect).u32(type).u32(0);
  }

  /** The function as an entry of the code section. */
  finish(): Uint8Array {
    const w = new ByteWriter();
    const runs: [number, ValType][] = [];
    for (const t of this.types) {
      const last = runs.at(-1);
      if (last?.[1] === t) last[0]++;
      else runs.push([1, t]);
    }
    w.list(runs, (x, [n, t]) => x.u32(n).byte(valType[t]));
    w.raw(this.code.finish()).byte(op.end);
    return w.finish();
  }
}

export interface FunctionType {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}

export interface ModuleParts {
  readonly types: readonly FunctionType[];
  /** Imported as `env.memory` and `env.table`. */
  readonly memory: { readonly initial: number; readonly maximum: number; readonly shared: boolean };
  /** Each function: its type and its finished body. */
  readonly functions: readonly { readonly type: number; readonly body: Uint8Array }[];
  readonly exports: readonly { readonly name: string; readonly function: number }[];
  /** All functions, in order, are written into the table from this index on, where given. */
  readonly tableAt?: number;
}

/** The bytes of a module. */
export function encodeModule(m: ModuleParts): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter().raw([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const section = (id: number, write: (w: ByteWriter) => void): void => {
    const w = new ByteWriter();
    write(w);
    out.byte(id).u32(w.length).raw(w.finish());
  };
  const types = (w: ByteWriter, list: readonly ValType[]): void => {
    w.list(list, (x, t) => x.byte(valType[t]));
  };
  section(1, (w) =>
    w.list(m.types, (x, t) => {
      x.byte(0x60);
      types(x, t.params);
      types(x, t.results);
    }),
  );
  section(2, (w) => {
    w.u32(2);
    w.name("env").name("memory").byte(0x02);
    w.byte(m.memory.shared ? 0x03 : 0x01)
      .u32(m.memory.initial)
      .u32(m.memory.maximum);
    w.name("env").name("table").byte(0x01).byte(0x70).byte(0x00).u32(0);
  });
  section(3, (w) => w.list(m.functions, (x, f) => x.u32(f.type)));
  section(7, (w) => w.list(m.exports, (x, e) => x.name(e.name).byte(0x00).u32(e.function)));
  const { tableAt } = m;
  if (tableAt !== undefined) {
    section(9, (w) => {
      w.u32(1).u32(0);
      w.byte(op.i32Const).s32(tableAt).byte(op.end);
      w.list(
        m.functions.map((_, i) => i),
        (x, i) => x.u32(i),
      );
    });
  }
  section(10, (w) => w.list(m.functions, (x, f) => x.u32(f.body.length).raw(f.body)));
  return out.finish();
}
