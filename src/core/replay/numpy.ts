/** NumPy's legacy generator, which scikit-learn's `random_state` means (numpy/random/mtrand.pyx, _legacy). */
import { UsageError } from "../../ir/errors.ts";
import { MT19937 } from "./mt19937.ts";

/** `numpy.random.RandomState(seed)`: the same numbers from the same calls in the same order. */
export class RandomState {
  readonly #words: MT19937;
  /** The second of two normal numbers that are made together. */
  #spare: number | undefined;

  /** @throws UsageError for a seed that is no whole number of 0 … 2^32 - 1. */
  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
      throw new UsageError({
        where: "RandomState",
        problem: "this is not a seed",
        expected: "a whole number of 0 … 2^32 - 1",
        got: String(seed),
        try: "new RandomState(0)",
      });
    }
    this.#words = new MT19937(seed);
  }

  /** `random_sample()`: evenly distributed over [0, 1), 53 bits. */
  random(): number {
    const high = this.#words.word() >>> 5;
    const low = this.#words.word() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** `uniform(low, high, size)`. */
  uniform(low: number, high: number, size: number): Float64Array {
    return Float64Array.from({ length: size }, () => low + (high - low) * this.random());
  }

  /** `normal(mean, sd)` by the polar method. */
  normal(mean = 0, sd = 1): number {
    if (this.#spare !== undefined) {
      const z = this.#spare;
      this.#spare = undefined;
      return mean + sd * z;
    }
    for (;;) {
      const x = 2 * this.random() - 1;
      const y = 2 * this.random() - 1;
      const r2 = x * x + y * y;
      if (r2 >= 1 || r2 === 0) continue;
      const f = Math.sqrt((-2 * Math.log(r2)) / r2);
      this.#spare = f * x;
      return mean + sd * f * y;
    }
  }

  /** A whole number of 0 … `most` (below 2^32): words cut to the bits of `most`, until one fits. */
  #interval(most: number): number {
    if (most === 0) return 0;
    const mask = 2 ** (32 - Math.clz32(most)) - 1;
    for (;;) {
      const value = (this.#words.word() & mask) >>> 0;
      if (value <= most) return value;
    }
  }

  /** `randint(low, high)`: a whole number of low … high - 1, less than 2^32 apart. */
  randint(low: number, high: number): number {
    if (!(high > low && high - low <= 2 ** 32)) {
      throw new UsageError({
        where: "RandomState.randint",
        problem: "there is no such range",
        expected: "low < high, at most 2^32 apart",
        got: `${low} … ${high}`,
        try: "randint(0, 10)",
      });
    }
    return low + this.#interval(high - low - 1);
  }

  /** `shuffle(array)`, in place. */
  shuffle(array: { [i: number]: number; readonly length: number }): void {
    for (let i = array.length - 1; i > 0; i--) {
      const j = this.#interval(i);
      const moved = array[i]!;
      array[i] = array[j]!;
      array[j] = moved;
    }
  }

  /** `permutation(n)`. */
  permutation(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    this.shuffle(order);
    return order;
  }
}
