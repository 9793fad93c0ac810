/**
 * Where the arrays of a plan lie: from the values of its symbolic sizes to byte offsets in the scratch region, and to the
 * words of the plan's table, which kernels and the walker read. The same for every backend that runs plans.
 *
 * The table is an array of 32-bit words: first one *entry* per row (kernel, address of the row's arguments, number of
 * tasks, unused), with one more entry for the guard (kernel `GUARD`, address of the guard's byte); then the arguments
 * of each row, in the order of its kernel's parameters.
 */
import type { Arg, Dim, Plan, Size } from "../ir/index.ts";
import { byteSize, internal, LimitError, symbolsOf } from "../ir/index.ts";
import { padded } from "./arena.ts";

export const ENTRY_WORDS = 4;
export const ENTRY_BYTES = 4 * ENTRY_WORDS;
/** In place of a kernel's number: this entry is the guard. */
export const GUARD = -1;

/** The layout for one vector of sizes. */
export interface Layout {
  /** The value of every distinct size of the plan. */
  readonly sizes: Float64Array;
  /** By slot: the offset in the scratch region, or -1 where the slot lives elsewhere. */
  readonly offsets: Float64Array;
  /** By slot: the number of elements. */
  readonly counts: Float64Array;
  /** Bytes of scratch. */
  readonly scratch: number;
}

type SizeProgram = (symbols: Float64Array, done: Float64Array) => number;

/** Distinct sizes, each compiled once to a small closure; evaluated in the order in which they were added. */
export class SizeTable {
  /** Symbol ids; the values of a vector are in this order. */
  readonly symbols: number[] = [];
  readonly names: string[] = [];
  private readonly index = new Map<string, number>();
  private readonly programs: SizeProgram[] = [];

  get length(): number {
    return this.programs.length;
  }

  /** The index of a size; equal sizes have one index. */
  add(s: Size): number {
    const key = typeof s === "number" ? `#${s}` : s.key;
    const found = this.index.get(key);
    if (found !== undefined) return found;
    const program = typeof s === "number" ? () => s : this.compile(s);
    this.index.set(key, this.programs.length);
    return this.programs.push(program) - 1;
  }

  private symbol(id: number, name: string): number {
    const at = this.symbols.indexOf(id);
    if (at >= 0) return at;
    this.names.push(name);
    return this.symbols.push(id) - 1;
  }

  private compile(s: Dim): SizeProgram {
    for (const [id, name] of symbolsOf(s)) this.symbol(id, name);
    const terms = s.terms.map(({ coef, atoms }) => {
      const factors = atoms.map((a): SizeProgram => {
        if (a.kind === "symbol") {
          const at = this.symbol(a.id, a.name);
          return (symbols) => symbols[at]!;
        }
        const of = this.add(a.of);
        return (_, done) => Math.floor(done[of]! / a.by);
      });
      return { coef, factors };
    });
    return (symbols, done) => {
      let total = 0;
      for (const t of terms) {
        let x = t.coef;
        for (const f of t.factors) x *= f(symbols, done);
        total += x;
      }
      return total;
    };
  }

  evaluate(symbols: Float64Array): Float64Array {
    const done = new Float64Array(this.programs.length);
    for (let i = 0; i < done.length; i++) done[i] = this.programs[i]!(symbols, done);
    return done;
  }
}

/** A slot that may lie in the scratch region: live in the rows [first, last]. */
interface Range {
  readonly slot: number;
  readonly first: number;
  readonly last: number;
  /** The index of an input that needs scratch only if it is host data. */
  readonly input: number | undefined;
}

/** Everything about a plan's memory that does not depend on sizes, made once. */
export class PlanLayout {
  readonly sizes = new SizeTable();
  /** Words of the table. */
  readonly words: number;
  /** Entries of the table, the guard's included. */
  readonly entries: number;
  private readonly plan: Plan;
  private readonly counts: readonly number[];
  private readonly ranges: readonly Range[];
  /** Word positions that hold an address, and the slot of each; word positions that hold a size, and its index. */
  private readonly slotWords: [word: number, slot: number][] = [];
  private readonly sizeWords: [word: number, size: number][] = [];
  private readonly argWords: [word: number, args: number][] = [];

  constructor(plan: Plan) {
    this.plan = plan;
    this.counts = plan.slots.map((s) => this.sizes.add(s.count));
    this.ranges = rangesOf(plan);
    this.entries = plan.rows.length + (plan.guard === undefined ? 0 : 1);
    let word = this.entries * ENTRY_WORDS;
    plan.rows.forEach((row, r) => {
      checkArguments(plan, r);
      const entry = this.entryOf(r) * ENTRY_WORDS;
      this.argWords.push([entry + 1, word]);
      this.sizeWords.push([entry + 2, this.sizes.add(row.tasks)]);
      for (const arg of row.args) this.addArgument(word++, arg);
    });
    if (plan.guard !== undefined) {
      this.slotWords.push([plan.guard.at * ENTRY_WORDS + 1, plan.guard.slot]);
    }
    this.words = word;
  }

  private addArgument(word: number, arg: Arg): void {
    if ("slot" in arg) this.slotWords.push([word, arg.slot]);
    else this.sizeWords.push([word, this.sizes.add(arg.size)]);
  }

  /** The entry of a row. */
  entryOf(row: number): number {
    const { guard } = this.plan;
    return guard !== undefined && row >= guard.at ? row + 1 : row;
  }

  /** Sizes and offsets for the given values of the symbols; `host(i)` says whether input i needs room. */
  at(symbols: Float64Array, host: (input: number) => boolean): Layout {
    const sizes = this.sizes.evaluate(symbols);
    const counts = Float64Array.from(this.counts, (i) => sizes[i]!);
    this.check(sizes, counts);
    const offsets = new Float64Array(this.plan.slots.length).fill(-1);
    const placed = this.ranges.filter((r) => r.input === undefined || host(r.input));
    const bytes = placed.map((r) => padded(counts[r.slot]! * byteSize[this.plan.slots[r.slot]!.dtype]));
    const scratch = place(placed, bytes, offsets);
    return { sizes, offsets, counts, scratch };
  }

  private check(sizes: Float64Array, counts: Float64Array): void {
    counts.forEach((n, slot) => {
      if (n < 0) internal(`slot ${slot} has ${n} elements`);
    });
    for (const n of sizes) {
      if (n < 2 ** 31 && n >= -(2 ** 31)) continue;
      throw new LimitError({
        where: "run",
        problem: "an array is too large for one plan",
        expected: `at most ${2 ** 31 - 1} elements`,
        got: String(n),
        try: "use smaller batches",
      });
    }
  }

  /** Writes the table: addresses by slot, sizes, and where each row's arguments are (the table itself is at `base`). */
  write(out: Int32Array, base: number, kernels: readonly number[], l: Layout, addresses: Float64Array): void {
    kernels.forEach((kernel, r) => {
      out[this.entryOf(r) * ENTRY_WORDS] = kernel;
    });
    if (this.plan.guard !== undefined) out[this.plan.guard.at * ENTRY_WORDS] = GUARD;
    for (const [word, args] of this.argWords) out[word] = base + 4 * args;
    for (const [word, slot] of this.slotWords) out[word] = addresses[slot]!;
    for (const [word, size] of this.sizeWords) out[word] = l.sizes[size]!;
  }
}

function checkArguments(plan: Plan, r: number): void {
  const { kernel, args } = plan.rows[r]!;
  const fits =
    args.length === kernel.params.length &&
    args.every((a, i) => "slot" in a === (kernel.params[i]!.kind === "buffer"));
  if (!fits) internal(`row ${r} (${kernel.name}) does not have the arguments its kernel takes`);
}

/** Live ranges of the slots in scratch. Host inputs live from the start to the last row that uses them. */
function rangesOf(plan: Plan): Range[] {
  const lastUse: number[] = plan.slots.map(() => 0);
  plan.rows.forEach((row, r) => {
    for (const a of row.args) if ("slot" in a) lastUse[a.slot] = r;
  });
  if (plan.guard) lastUse[plan.guard.slot] = Math.max(lastUse[plan.guard.slot]!, plan.guard.at);
  const end = plan.rows.length;
  for (const o of plan.outputs) lastUse[o.slot] = end;
  const out: Range[] = [];
  plan.slots.forEach(({ where }, slot) => {
    const used = lastUse[slot]!;
    if (where.kind === "scratch") {
      out.push({ slot, first: where.first, last: Math.max(where.last, used), input: undefined });
    } else if (where.kind === "output") out.push({ slot, first: where.first, last: end, input: undefined });
    else if (where.kind === "input") out.push({ slot, first: 0, last: used, input: where.index });
  });
  return out;
}

/**
 * Puts the largest first, each at the lowest offset at which it meets no array that lives at the same time ("greedy by
 * size", Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020). Returns the bytes used.
 */
function place(ranges: readonly Range[], bytes: readonly number[], offsets: Float64Array): number {
  const order = ranges.map((_, i) => i).sort((a, b) => bytes[b]! - bytes[a]! || a - b);
  /** What is placed, by offset. */
  const placed: number[] = [];
  let total = 0;
  for (const i of order) {
    const { slot, first, last } = ranges[i]!;
    const need = bytes[i]!;
    let at = 0;
    for (const j of placed) {
      const other = ranges[j]!;
      if (other.first > last || other.last < first) continue;
      const start = offsets[other.slot]!;
      if (start - at >= need) break;
      at = Math.max(at, start + bytes[j]!);
    }
    offsets[slot] = at;
    let k = placed.length;
    while (k > 0 && offsets[ranges[placed[k - 1]!]!.slot]! > at) k--;
    placed.splice(k, 0, i);
    total = Math.max(total, at + need);
  }
  return total;
}
