/** Pipelines of samples: where they come from, what is done with them, and in which order they come. */
import { UsageError } from "../../ir/errors.ts";
import { Stream } from "../digits/random.ts";
import { ahead } from "./ahead.ts";
import { type Batched, rowsOf, stack } from "./stack.ts";

type Source<T> = AsyncIterable<T> | Iterable<T>;

export interface ShuffleOptions {
  /** How many samples are held at a time, one of which is drawn; all of them unless given. */
  buffer?: number;
  /** Same seed, same orders; 0 unless given. */
  seed?: number;
  /** An order of its own for each pass (epoch); true unless given. */
  eachPass?: boolean;
}

export interface MapOptions {
  /** How many samples may be under way at a time where the function is asynchronous; 1 unless given. */
  parallel?: number;
}

export interface BatchOptions {
  /** Leave out a last batch that is not full. */
  dropRemainder?: boolean;
}

/**
 * A sequence of samples that can be gone over again and again. It is lazy and never changes: each method gives a new
 * Dataset. Everything random depends on seeds and on the number of the pass alone, so that a run which is resumed sees what
 * it would have seen. Accepted by `fit`, `evaluate` and `predict` once its samples are batches `[x, y]`.
 *
 * @example
 * const batches = Dataset.fromArrays([x, y]).shuffle({ seed: 1 }).batch(32).prefetch(2);
 * await model.fit(batches, undefined, { epochs: 5 });
 */
export class Dataset<T> implements AsyncIterable<T> {
  /** The number of samples; undefined where it is not known, infinite with `repeat()`. */
  readonly size: number | undefined;
  readonly #open: (pass: number) => Source<T>;

  private constructor(open: (pass: number) => Source<T>, size: number | undefined) {
    this.#open = open;
    this.size = size;
  }

  /** The values of an iterable, or of what a function makes for each pass (from 0). */
  static from<T>(source: Source<T> | ((pass: number) => Source<T>), size?: number): Dataset<T> {
    const known = Array.isArray(source) ? source.length : size;
    return new Dataset(typeof source === "function" ? source : () => source, known);
  }

  /**
   * The rows of arrays: of one, of a tuple `[x, y]` or of a record. Arrays are typed arrays (a number per row), `{ data, shape }`
   * with rows along the first axis, or numbers in brackets. Throws DataError where their numbers of rows differ.
   */
  static fromArrays<C>(columns: C): Dataset<RowOf<C>> {
    const { count, row } = rowsOf(columns);
    return new Dataset(function* () {
      for (let i = 0; i < count; i++) yield row(i) as RowOf<C>;
    }, count);
  }

  /** Tuples of one sample of each; ends with the shortest. */
  static zip<D extends readonly Dataset<unknown>[]>(
    ...sets: D
  ): Dataset<{ [K in keyof D]: D[K] extends Dataset<infer U> ? U : never }> {
    type Tuple = { [K in keyof D]: D[K] extends Dataset<infer U> ? U : never };
    const sizes = sets.map((s) => s.size);
    const size = sizes.includes(undefined) ? undefined : Math.min(...(sizes as number[]));
    return new Dataset<Tuple>(async function* (pass) {
      const iterators = sets.map((s) => s.pass(pass));
      try {
        for (;;) {
          const next = await Promise.all(iterators.map((i) => i.next()));
          if (next.length === 0 || next.some((n) => n.done)) return;
          yield next.map((n) => n.value) as Tuple;
        }
      } finally {
        await Promise.all(iterators.map((i) => i.return()));
      }
    }, size);
  }

  /** One pass over the samples, the number `pass` of which decides about orders. */
  async *pass(pass: number): AsyncGenerator<T, void, undefined> {
    yield* this.#open(pass);
  }

  /** The samples of pass 0. */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return this.pass(0);
  }

  /** `fn` of each sample and its number, in order. */
  map<U>(fn: (value: T, index: number) => U | Promise<U>, options: MapOptions = {}): Dataset<U> {
    const width = whole("map", "parallel", options.parallel ?? 1, 1);
    return new Dataset((pass) => ahead(this.pass(pass), width, fn), this.size);
  }

  /** The samples for which `fn` is true. */
  filter(fn: (value: T, index: number) => boolean | Promise<boolean>): Dataset<T> {
    const source = this;
    return new Dataset<T>(async function* (pass) {
      let index = 0;
      for await (const value of source.pass(pass)) if (await fn(value, index++)) yield value;
    }, undefined);
  }

  /** The samples in random order, by seed and number of the pass. */
  shuffle(options: ShuffleOptions = {}): Dataset<T> {
    const { buffer = Number.POSITIVE_INFINITY, seed = 0, eachPass = true } = options;
    if (buffer !== Number.POSITIVE_INFINITY) whole("shuffle", "buffer", buffer, 1);
    whole("shuffle", "seed", seed, Number.NEGATIVE_INFINITY);
    const source = this;
    return new Dataset<T>(async function* (pass) {
      const random = new Stream(seed, shuffleStream, eachPass ? pass : 0);
      const held: T[] = [];
      const draw = (): T => {
        const i = random.below(held.length);
        const value = held[i]!;
        held[i] = held.at(-1)!;
        held.pop();
        return value;
      };
      for await (const value of source.pass(pass)) {
        held.push(value);
        if (held.length > buffer) yield draw();
      }
      while (held.length > 0) yield draw();
    }, this.size);
  }

  /** Batches of `size` samples, put together entry by entry; see `stack`. The last may be smaller. */
  batch(size: number, options: BatchOptions = {}): Dataset<Batched<T>> {
    whole("batch", "size", size, 1);
    const { dropRemainder = false } = options;
    const source = this;
    const count =
      this.size === undefined ? undefined : (dropRemainder ? Math.floor : Math.ceil)(this.size / size);
    return new Dataset<Batched<T>>(async function* (pass) {
      let samples: T[] = [];
      let batch = 1;
      for await (const value of source.pass(pass)) {
        samples.push(value);
        if (samples.length < size) continue;
        yield stack(samples, `Dataset.batch: batch ${batch++}`);
        samples = [];
      }
      if (samples.length > 0 && !dropRemainder) yield stack(samples, `Dataset.batch: batch ${batch}`);
    }, count);
  }

  /** The samples `count` times over, or for ever. Each time is a pass of its own. */
  repeat(count = Number.POSITIVE_INFINITY): Dataset<T> {
    if (count !== Number.POSITIVE_INFINITY) whole("repeat", "count", count, 0);
    const source = this;
    const size = this.size === undefined ? undefined : this.size * count || 0;
    return new Dataset<T>(async function* (pass) {
      const first = count === Number.POSITIVE_INFINITY ? pass : pass * count;
      for (let i = 0; i < count; i++) {
        let some = false;
        for await (const value of source.pass(first + i)) {
          some = true;
          yield value;
        }
        // Nothing, for ever, would never end.
        if (!some && count === Number.POSITIVE_INFINITY) return;
      }
    }, size);
  }

  /** Has up to `count` samples made before they are asked for. */
  prefetch(count: number): Dataset<T> {
    whole("prefetch", "count", count, 1);
    return new Dataset((pass) => ahead(this.pass(pass), count + 1, (value) => value), this.size);
  }

  /** Keeps the samples of pass 0 in memory once they were gone over to the end; later passes are those. */
  cache(): Dataset<T> {
    const source = this;
    let kept: readonly T[] | undefined;
    return new Dataset<T>(async function* () {
      if (kept) {
        yield* kept;
        return;
      }
      const values: T[] = [];
      for await (const value of source.pass(0)) {
        values.push(value);
        yield value;
      }
      kept ??= values;
    }, this.size);
  }

  /** The first `count` samples. */
  take(count: number): Dataset<T> {
    whole("take", "count", count, 0);
    const source = this;
    return new Dataset<T>(
      async function* (pass) {
        let taken = 0;
        if (count === 0) return;
        for await (const value of source.pass(pass)) {
          yield value;
          if (++taken === count) return;
        }
      },
      this.size === undefined ? undefined : Math.min(count, this.size),
    );
  }

  /** All but the first `count` samples. */
  skip(count: number): Dataset<T> {
    whole("skip", "count", count, 0);
    const source = this;
    return new Dataset<T>(
      async function* (pass) {
        let skipped = 0;
        for await (const value of source.pass(pass)) if (++skipped > count) yield value;
      },
      this.size === undefined ? undefined : Math.max(0, this.size - count),
    );
  }

  /** The samples of this one, then those of others. */
  concatenate(...others: readonly Dataset<T>[]): Dataset<T> {
    const sets = [this, ...others];
    const sizes = sets.map((s) => s.size);
    const size = sizes.includes(undefined) ? undefined : (sizes as number[]).reduce((a, b) => a + b, 0);
    return new Dataset<T>(async function* (pass) {
      for (const set of sets) yield* set.pass(pass);
    }, size);
  }

  /** All samples of pass 0. */
  async toArray(): Promise<T[]> {
    const values: T[] = [];
    for await (const value of this) values.push(value);
    return values;
  }
}

/** A row of columns. */
export type RowOf<C> = C extends { readonly data: infer D; readonly shape: readonly number[] }
  ? { readonly data: D; readonly shape: readonly number[]; readonly divisor?: number }
  : C extends Float32Array | Int32Array | Uint8Array | readonly number[]
    ? number
    : C extends readonly (readonly number[])[]
      ? readonly number[]
      : { readonly [K in keyof C]: RowOf<C[K]> };

/** Tells the random numbers of shuffling from others with the same seed. */
const shuffleStream = 0x5f1e;

function whole(method: string, name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError({
    where: `Dataset.${method}: ${name}`,
    problem: `${name} must be a whole number${least > Number.NEGATIVE_INFINITY ? `, at least ${least}` : ""}`,
    expected: least > Number.NEGATIVE_INFINITY ? `a whole number >= ${least}` : "a whole number",
    got: String(value),
    try: `dataset.${method}(…) with another ${name}`,
  });
}
