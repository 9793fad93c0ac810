/** What every code generator works with: one kernel under construction, and the memory it reads and writes. */
import type { DType, Kernel, Size } from "../../ir/index.ts";
import { addSize, byteSize, countOf, mulSize } from "../../ir/index.ts";
import { type BufferRef, KernelBuilder } from "../builder.ts";
import { Evaluator } from "../evaluate.ts";
import type { CNode } from "../graph.ts";
import { asIx, Ix, LaneIx } from "../ix.ts";

/** Memory that only the rows of one stage use. */
export interface Temp {
  readonly dtype: DType;
  readonly count: Size;
}
export type Storage = CNode | Temp;

/** A row of the plan before slots are given out. */
export interface Draft {
  readonly kernel: Kernel;
  readonly args: readonly (
    | { readonly storage: Storage; readonly access: BufferRef["access"] }
    | { readonly size: Size }
  )[];
  readonly tasks: Size;
  readonly flops: Size;
  readonly bytes: Size;
  readonly label: string;
}

export class Context {
  readonly k = new KernelBuilder();
  readonly ev: Evaluator;
  readonly #buffers = new Map<Storage, BufferRef>();

  /** `inMemory` tells which nodes are read from memory; those made by this very kernel are not. */
  constructor(inMemory: (n: CNode) => boolean) {
    this.ev = new Evaluator(this.k, (n) => (inMemory(n) ? this.read(n) : undefined));
  }

  read(s: Storage): BufferRef {
    return this.#buffer(s, "read");
  }

  write(s: Storage): BufferRef {
    return this.#buffer(s, "write");
  }

  /** Read and written. */
  update(s: Storage): BufferRef {
    return this.#buffer(s, "update");
  }

  #buffer(s: Storage, access: BufferRef["access"]): BufferRef {
    const known = this.#buffers.get(s);
    if (known) return known;
    const made = this.k.buffer(`b${this.#buffers.size}`, s.dtype, access);
    this.#buffers.set(s, made);
    return made;
  }

  finish(name: string, tasks: Size, work: { flops: Size; bytes: Size }, label: string): Draft {
    const kernel = this.k.finish(name);
    const storageOf = new Map(
      [...this.#buffers].map(([s, b]) => [b.param, { storage: s, access: b.access }]),
    );
    const args = kernel.params.map((_, i) => storageOf.get(i) ?? { size: this.k.sizeParams.get(i)! });
    return { kernel, args, tasks, ...work, label };
  }
}

/**
 * Runs `body` with vectors of `lanes` (a power of two), then of half as many, …, then with single elements for what is
 * left. Fixed loops of at most `unroll` rounds are written out.
 */
export function vectorLoop(
  k: KernelBuilder,
  from: Ix | number,
  to: Ix | number,
  lanes: number,
  body: (i: Ix, lanes: number) => void,
  unroll = 4,
): void {
  const lo = asIx(from);
  const hi = asIx(to);
  const count = hi.sub(lo).constant;
  if (count !== undefined) {
    const whole = count - (count % lanes);
    if (whole / lanes <= unroll) for (let i = 0; i < whole; i += lanes) body(lo.add(i), lanes);
    else k.for(lo, lo.add(whole), lanes, (i) => body(i, lanes));
    if (lanes > 1) vectorLoop(k, lo.add(whole), hi, lanes > 4 ? lanes / 2 : 1, body, unroll);
    return;
  }
  const n = k.value(hi.sub(lo));
  const whole = lo.add(Ix.of(k.prim("isub", n, k.prim("iand", n, k.i32(lanes - 1)))));
  k.for(lo, whole, lanes, (i) => body(i, lanes));
  if (lanes > 1) k.for(whole, hi, 1, (i) => body(i, 1));
}

/** The indices of one vector along the last axis of a loop nest. */
export function along(i: Ix, lanes: number): LaneIx {
  return lanes === 1 ? LaneIx.uniform(i) : LaneIx.linear(i, 1);
}

/** Loops over `sizes` in row-major order. */
export function nest(
  k: KernelBuilder,
  sizes: readonly Size[],
  body: (index: Ix[]) => void,
  index: Ix[] = [],
): void {
  if (index.length === sizes.length) body(index);
  else k.for(0, k.size(sizes[index.length]!), 1, (i) => nest(k, sizes, body, [...index, i]));
}

/** The first and the end of what task `t` does when `count` things are cut into parts of `part`. */
export function taskRange(k: KernelBuilder, count: Size, part: number): { from: Ix; to: Ix } {
  const total = k.size(count);
  if (typeof count === "number" && count <= part) return { from: Ix.number(0), to: total };
  const from = k.task().mul(part);
  if (typeof count === "number" && count % part === 0) return { from, to: from.add(part) };
  return { from, to: Ix.of(k.prim("imin", k.value(from.add(part)), k.value(total))) };
}

/** Bytes of all of `nodes`, once. */
export function bytesOf(nodes: readonly CNode[]): Size {
  return nodes.reduce((total: Size, n) => addSize(total, mulSize(countOf(n.shape), byteSize[n.dtype])), 0);
}
