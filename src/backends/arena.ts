/** One block of memory that grows, an allocator on it, and the buffers handed out. Shared by the plan backends. */
import type { DeviceBuffer, DType, TypedArray } from "../ir/index.ts";
import { byteSize, DeviceError, UsageError } from "../ir/index.ts";
import { checkAllocation } from "./allocation.ts";

/** Where the bytes are: a WebAssembly memory or an ArrayBuffer. */
export interface ArenaMemory {
  readonly buffer: ArrayBufferLike;
  /** Makes `buffer` at least `bytes` long and keeps its content; throws if that is impossible. */
  grow(bytes: number): void;
}

export const ALIGN = 64;
/** Unused bytes that follow every allocation, so that a vector may be read past the end of an array. */
export const SLACK = 64;
/**
 * The first bytes are never handed out: a kernel's address in them is a mistake, and addresses of padding stay positive.
 * The words in which threads agree are there.
 */
const RESERVED = 1 << 16;
/** The byte address of the interrupt word: a run that finds it not 0 between two rows stops. */
export const INTERRUPT = 64;
/** The last bytes are never handed out either: a vector read at the last array stays inside the memory. */
const TAIL = 1024;
/** Addresses are 32 bits, unsigned. */
const MAX_BYTES = 65535 * 65536;

/** The bytes an array of `bytes` takes in the arena. */
export function padded(bytes: number): number {
  return Math.ceil((bytes + SLACK) / ALIGN) * ALIGN;
}

/** All of the memory, as each element type. Never keep one across a call that may allocate. */
export interface ArenaView {
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
  readonly f32: Float32Array;
}

/** Allocates byte ranges; free neighbours are joined; the lowest range that fits is taken. */
export class Arena {
  private readonly memory: ArenaMemory;
  private current: ArenaView;
  /** Free ranges by address; none is empty, no two touch. */
  private free: { at: number; bytes: number }[];
  private readonly sizes = new Map<number, number>();
  private used = 0;

  constructor(memory: ArenaMemory) {
    this.memory = memory;
    this.current = viewOf(memory.buffer);
    this.free = [{ at: RESERVED, bytes: memory.buffer.byteLength - RESERVED - TAIL }];
  }

  /** The memory as it is now. */
  view(): ArenaView {
    return this.current;
  }

  /** Bytes taken from the system. */
  get reserved(): number {
    return this.current.u8.length;
  }

  /** Bytes in live allocations, padding included. */
  get allocated(): number {
    return this.used;
  }

  /** The address of a new range of at least `bytes`, aligned to 64 and followed by slack. The content is undefined. */
  allocate(bytes: number): number {
    const need = padded(bytes);
    let i = this.free.findIndex((f) => f.bytes >= need);
    if (i < 0) {
      this.growBy(need);
      i = this.free.length - 1;
    }
    const range = this.free[i]!;
    const { at } = range;
    if (range.bytes === need) this.free.splice(i, 1);
    else this.free[i] = { at: at + need, bytes: range.bytes - need };
    this.sizes.set(at, need);
    this.used += need;
    return at;
  }

  release(at: number): void {
    const bytes = this.sizes.get(at);
    if (bytes === undefined) {
      throw new UsageError({
        where: "backend memory",
        problem: "this memory was released before",
        try: "release a buffer once",
      });
    }
    this.sizes.delete(at);
    this.used -= bytes;
    this.addFree(at, bytes);
  }

  private addFree(at: number, bytes: number): void {
    let lo = 0;
    let hi = this.free.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (this.free[mid]!.at < at) lo = mid + 1;
      else hi = mid;
    }
    const before = this.free[lo - 1];
    const after = this.free[lo];
    const joinsBefore = before !== undefined && before.at + before.bytes === at;
    const joinsAfter = after !== undefined && at + bytes === after.at;
    const start = joinsBefore ? before.at : at;
    const end = joinsAfter ? after.at + after.bytes : at + bytes;
    this.free.splice(lo - (joinsBefore ? 1 : 0), (joinsBefore ? 1 : 0) + (joinsAfter ? 1 : 0), {
      at: start,
      bytes: end - start,
    });
  }

  /** Makes room for `need` more bytes at the end; grows by half at least, to grow seldom. */
  private growBy(need: number): void {
    const old = this.reserved - TAIL;
    const last = this.free.at(-1);
    const tail = last !== undefined && last.at + last.bytes === old ? last.bytes : 0;
    const least = old - tail + need + TAIL;
    const wanted = Math.min(MAX_BYTES, Math.max(least, Math.ceil(old * 1.5)));
    const tooMuch = (cause?: unknown): DeviceError =>
      new DeviceError({
        where: "backend memory",
        problem: `no memory for ${need} more bytes`,
        expected: `at most ${MAX_BYTES} bytes in all`,
        got: `${this.used} bytes in use`,
        try: "use a smaller batch or fewer units, or release buffers that are not needed",
        cause,
      });
    if (least > MAX_BYTES) throw tooMuch();
    try {
      this.memory.grow(wanted);
    } catch {
      try {
        this.memory.grow(least);
      } catch (cause) {
        throw tooMuch(cause);
      }
    }
    this.current = viewOf(this.memory.buffer);
    this.addFree(old, this.reserved - TAIL - old);
  }
}

function viewOf(buffer: ArrayBufferLike): ArenaView {
  return { u8: new Uint8Array(buffer), i32: new Int32Array(buffer), f32: new Float32Array(buffer) };
}

/** A copy of `count` elements at byte address `at`. */
export function readArray(view: ArenaView, dtype: DType, at: number, count: number): TypedArray {
  if (dtype === "float32") return view.f32.slice(at / 4, at / 4 + count);
  if (dtype === "int32") return view.i32.slice(at / 4, at / 4 + count);
  return view.u8.slice(at, at + count);
}

/** Writes numbers at byte address `at`, rounded (float32), truncated (int32, uint8) or as 0 and 1 (bool). */
export function writeArray(view: ArenaView, dtype: DType, at: number, data: ArrayLike<number>): void {
  if (dtype === "float32") view.f32.set(data, at / 4);
  else if (dtype === "int32") view.i32.set(data, at / 4);
  else if (dtype === "uint8") view.u8.set(data, at);
  else for (let i = 0; i < data.length; i++) view.u8[at + i] = data[i] ? 1 : 0;
}

/** Live buffers of a backend. */
export interface Ledger {
  buffers: number;
  bytes: number;
}

/** A buffer in an arena. It holds `content` at first, or else zeros. */
export class ArenaBuffer implements DeviceBuffer {
  readonly dtype: DType;
  readonly count: number;
  private readonly arena: Arena;
  private readonly ledger: Ledger;
  private at: number;

  constructor(arena: Arena, ledger: Ledger, dtype: DType, count: number, content?: ArrayLike<number>) {
    checkAllocation(count, content);
    this.dtype = dtype;
    this.count = count;
    this.arena = arena;
    this.ledger = ledger;
    this.at = arena.allocate(this.bytes);
    if (content) writeArray(arena.view(), dtype, this.at, content);
    // Whole words, of shared memory in a quarter of the time; what is behind the last byte belongs to the buffer, too.
    else arena.view().i32.fill(0, this.at / 4, Math.ceil((this.at + this.bytes) / 4));
    ledger.buffers += 1;
    ledger.bytes += this.bytes;
  }

  get bytes(): number {
    return this.count * byteSize[this.dtype];
  }

  /** Whether the memory belongs to `arena`. */
  livesIn(arena: Arena): boolean {
    return this.arena === arena;
  }

  /** The byte address in the arena. Throws a UsageError after `release`. */
  get address(): number {
    if (this.at < 0) {
      throw new UsageError({
        where: "buffer",
        problem: "this buffer was released",
        expected: "a live buffer",
        try: "keep the variable or data set until the last run that uses it",
      });
    }
    return this.at;
  }

  read(): TypedArray {
    return readArray(this.arena.view(), this.dtype, this.address, this.count);
  }

  write(data: ArrayLike<number>, at = 0): void {
    if (at < 0 || at + data.length > this.count) {
      throw new UsageError({
        where: "buffer.write",
        problem: "the data do not fit",
        expected: `at most ${this.count - at} elements from element ${at} on`,
        got: `${data.length} elements`,
        try: "write an array of the buffer's own size",
      });
    }
    writeArray(this.arena.view(), this.dtype, this.address + at * byteSize[this.dtype], data);
  }

  release(): void {
    if (this.at < 0) return;
    this.arena.release(this.at);
    this.at = -1;
    this.ledger.buffers -= 1;
    this.ledger.bytes -= this.bytes;
  }
}

/** The memory of a backend: its arena, what lives there, and one scratch region for all plans, which run one at a time. */
export class Store {
  readonly arena: Arena;
  readonly ledger: Ledger = { buffers: 0, bytes: 0 };
  private scratchAt = -1;
  private scratchBytes = 0;

  constructor(arena: Arena) {
    this.arena = arena;
  }

  /** The address of the scratch region, which has at least `bytes` bytes; its capacity grows by half at least. */
  scratch(bytes: number): number {
    if (bytes > this.scratchBytes || this.scratchAt < 0) {
      const grown = Math.max(bytes, Math.ceil(this.scratchBytes * 1.5));
      if (this.scratchAt >= 0) {
        this.arena.release(this.scratchAt);
        this.scratchAt = -1;
        this.scratchBytes = 0;
      }
      this.scratchAt = this.arena.allocate(grown);
      this.scratchBytes = grown;
    }
    return this.scratchAt;
  }
}
