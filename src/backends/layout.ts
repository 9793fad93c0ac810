/**
 * Where the arrays of a plan lie: from the values of its symbolic sizes to byte offsets in the scratch region, and to the
 * words of the plan's table, which kernels and the walker read. The same for every backend that runs plans.
 *
 * The table is an array of 32-bit words: first one *entry* per row (kernel, address of the row's arguments, number of
 * tasks, flags), with one more entry for the guard (kernel `GUARD`, address of the guard's byte); then the arguments
 * of each row, in the order of its kernel's parameters.
 */
import type { Arg, Dim, Plan, Row, Size } from "../ir/index.ts";
import { byteSize, internal, LimitError, symbolsOf } from "../ir/index.ts";
import { padded } from "./arena.ts";

export const ENTRY_WORDS = 4;
export const ENTRY_BYTES = 4 * ENTRY_WORDS;
/** In place of a kernel's number: this entry is the guard. */
export const GUARD = -1;
/** Flags of an entry: threads share its tasks; the interrupt word is looked at before it. */
export const SHARED = 1;
export const STOPPABLE = 2;

/**
 * What a run on one thread does in a nanosecond, by the operations and bytes that rows declare. Only whether to share is
 * decided by it, which changes no bit.
 */
const FLOPS = 20;
const BYTES = 8;
/** Bits of the number of a task that threads share. */
export const TASK_BITS = 24;
/** Predicted nanoseconds from which the tasks of a row are shared, and from which a plan shares at all. */
const SHARED_ROW = 5_000;
const SHARED_PLAN = 100_000;

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
  /** By row: the flags of its entry. */
  readonly flags: Int32Array;
  /** Whether any row is shared. */
  readonly shared: boolean;
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
  readonly elementBytes: number;
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
  private readonly placer: Placer;
  /** Pairs, one after the other: a word that holds an address and its slot; a size and its index; arguments and their word. */
  private readonly slotWords: number[] = [];
  private readonly sizeWords: number[] = [];
  private readonly argWords: number[] = [];
  /** How many sizes, from the first on, are those of memory and of words. */
  private readonly checked: number;
  /** By row: the indices of its tasks, operations and bytes among the sizes. */
  private readonly work: readonly (readonly [tasks: number, flops: number, bytes: number])[];
  /** The first row that writes a variable. */
  private readonly firstEffect: number;

  constructor(plan: Plan) {
    this.plan = plan;
    this.counts = plan.slots.map((s) => this.sizes.add(s.count));
    this.ranges = rangesOf(plan);
    this.placer = new Placer(this.ranges);
    this.entries = plan.rows.length + (plan.guard === undefined ? 0 : 1);
    let word = this.entries * ENTRY_WORDS;
    plan.rows.forEach((row, r) => {
      checkArguments(plan, r);
      const entry = this.entryOf(r) * ENTRY_WORDS;
      this.argWords.push(entry + 1, word);
      this.sizeWords.push(entry + 2, this.sizes.add(row.tasks));
      for (const arg of row.args) this.addArgument(word++, arg);
    });
    if (plan.guard !== undefined) {
      this.slotWords.push(plan.guard.at * ENTRY_WORDS + 1, plan.guard.slot);
    }
    this.words = word;
    this.checked = this.sizes.length;
    this.work = plan.rows.map((r) => [
      this.sizes.add(r.tasks),
      this.sizes.add(r.flops),
      this.sizes.add(r.bytes),
    ]);
    const effect = plan.rows.findIndex((r) => writesVariable(plan, r));
    this.firstEffect = effect < 0 ? plan.rows.length : effect;
  }

  private addArgument(word: number, arg: Arg): void {
    if ("slot" in arg) this.slotWords.push(word, arg.slot);
    else this.sizeWords.push(word, this.sizes.add(arg.size));
  }

  /** The entry of a row. */
  entryOf(row: number): number {
    const { guard } = this.plan;
    return guard !== undefined && row >= guard.at ? row + 1 : row;
  }

  /** Sizes and offsets for the given values of the symbols; `host(i)` says whether input i needs room. */
  at(symbols: Float64Array, host: (input: number) => boolean): Layout {
    const sizes = this.sizes.evaluate(symbols);
    const counts = new Float64Array(this.counts.length);
    for (let i = 0; i < counts.length; i++) counts[i] = sizes[this.counts[i]!]!;
    this.check(sizes, counts);
    const bytes = new Float64Array(this.ranges.length);
    this.ranges.forEach((r, i) => {
      const needed = r.input === undefined || host(r.input);
      bytes[i] = needed ? padded(counts[r.slot]! * r.elementBytes) : 0;
    });
    const offsets = new Float64Array(this.plan.slots.length).fill(-1);
    const scratch = this.placer.place(bytes, offsets);
    const flags = this.flags(sizes);
    return { sizes, offsets, counts, scratch, flags, shared: flags.some((f) => (f & SHARED) !== 0) };
  }

  /** A run may be stopped as long as it has changed nothing; rows are shared where that pays for the meeting. */
  private flags(sizes: Float64Array): Int32Array {
    const cost = this.work.map(([, flops, bytes]) => Math.max(sizes[flops]! / FLOPS, sizes[bytes]! / BYTES));
    const worth = cost.reduce((a, b) => a + b, 0) >= SHARED_PLAN;
    return Int32Array.from(this.work, ([tasks], r) => {
      const several = sizes[tasks]! > 1 && sizes[tasks]! < 2 ** TASK_BITS;
      const shared = worth && several && cost[r]! >= SHARED_ROW;
      return (shared ? SHARED : 0) | (r <= this.firstEffect ? STOPPABLE : 0);
    });
  }

  private check(sizes: Float64Array, counts: Float64Array): void {
    for (const n of counts) if (n < 0) internal(`a slot of the plan has ${n} elements`);
    for (const n of sizes.subarray(0, this.checked)) {
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
      const entry = this.entryOf(r) * ENTRY_WORDS;
      out[entry] = kernel;
      out[entry + 3] = l.flags[r]!;
    });
    if (this.plan.guard !== undefined) out[this.plan.guard.at * ENTRY_WORDS] = GUARD;
    const { argWords, slotWords, sizeWords } = this;
    for (let i = 0; i < argWords.length; i += 2) out[argWords[i]!] = base + 4 * argWords[i + 1]!;
    for (let i = 0; i < slotWords.length; i += 2) out[slotWords[i]!] = addresses[slotWords[i + 1]!]!;
    for (let i = 0; i < sizeWords.length; i += 2) out[sizeWords[i]!] = l.sizes[sizeWords[i + 1]!]!;
  }
}

function writesVariable({ slots }: Plan, { args, kernel }: Row): boolean {
  return args.some((a, i) => {
    const param = kernel.params[i]!;
    const written = param.kind === "buffer" && param.access !== "read";
    return written && "slot" in a && slots[a.slot]!.where.kind === "variable";
  });
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
  plan.slots.forEach(({ where, dtype }, slot) => {
    const used = lastUse[slot]!;
    const elementBytes = byteSize[dtype];
    const add = (first: number, last: number, input?: number): void => {
      out.push({ slot, first, last, elementBytes, input });
    };
    if (where.kind === "scratch") add(where.first, Math.max(where.last, used));
    else if (where.kind === "output") add(where.first, end);
    else if (where.kind === "input") add(0, used, where.index);
  });
  return out;
}

/**
 * Puts the largest first, each at the lowest offset at which it meets no array that lives at the same time ("greedy by
 * size", Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020).
 */
class Placer {
  private readonly ranges: readonly Range[];
  /** Ranges by falling size, the lower index first among equals; as it was last time, since sizes change little. */
  private readonly order: Int32Array;
  /** Ranges that have a place, by rising offset. */
  private readonly placed: Int32Array;
  private readonly start: Float64Array;
  private readonly first: Int32Array;
  private readonly last: Int32Array;

  constructor(ranges: readonly Range[]) {
    this.ranges = ranges;
    this.order = Int32Array.from(ranges, (_, i) => i);
    this.placed = new Int32Array(ranges.length);
    this.start = new Float64Array(ranges.length);
    this.first = Int32Array.from(ranges, (r) => r.first);
    this.last = Int32Array.from(ranges, (r) => r.last);
  }

  /** Fills `offsets` (by slot) for the ranges that need bytes; returns how many bytes that takes. */
  place(bytes: Float64Array, offsets: Float64Array): number {
    const { order, placed, start } = this;
    this.sort(bytes);
    let count = 0;
    let total = 0;
    for (const i of order) {
      const need = bytes[i]!;
      if (need === 0) break;
      const at = this.lowest(i, need, bytes, count);
      let k = count++;
      for (; k > 0 && start[placed[k - 1]!]! > at; k--) placed[k] = placed[k - 1]!;
      placed[k] = i;
      start[i] = at;
      offsets[this.ranges[i]!.slot] = at;
      total = Math.max(total, at + need);
    }
    return total;
  }

  private lowest(i: number, need: number, bytes: Float64Array, count: number): number {
    const { placed, start, first, last } = this;
    let at = 0;
    for (let k = 0; k < count; k++) {
      const j = placed[k]!;
      if (first[j]! > last[i]! || last[j]! < first[i]!) continue;
      if (start[j]! - at >= need) break;
      at = Math.max(at, start[j]! + bytes[j]!);
    }
    return at;
  }

  /** Insertion sort: fast on what is nearly sorted. */
  private sort(bytes: Float64Array): void {
    const { order } = this;
    for (let n = 1; n < order.length; n++) {
      const i = order[n]!;
      let k = n;
      for (; k > 0; k--) {
        const j = order[k - 1]!;
        if (bytes[j]! > bytes[i]! || (bytes[j]! === bytes[i]! && j < i)) break;
        order[k] = j;
      }
      order[k] = i;
    }
  }
}
