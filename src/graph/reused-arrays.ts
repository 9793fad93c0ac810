/** Arrays that are used again: filling fresh memory takes longer than joining graphs. */
import { arrayOf, type DType, type TypedArray } from "../ir/dtype.ts";

/** Where arrays are taken from. */
export type Arrays = typeof arrayOf;

/**
 * Arrays for one batch after the other. What is asked for gets the memory that was given for it the last time, and is not
 * cleared: whoever asks fills all of it.
 */
export class ReusedArrays implements Arrays {
  readonly #kept: Readonly<Record<DType, TypedArray[]>> = { float32: [], int32: [], uint8: [], bool: [] };
  readonly #used: Record<DType, number> = { float32: 0, int32: 0, uint8: 0, bool: 0 };

  /** From now on all arrays that were given are free. */
  renew(): this {
    this.#used.float32 = this.#used.int32 = this.#used.uint8 = this.#used.bool = 0;
    return this;
  }

  float32 = (n: number): TypedArray => this.#take("float32", n);
  int32 = (n: number): TypedArray => this.#take("int32", n);
  uint8 = (n: number): TypedArray => this.#take("uint8", n);
  bool = (n: number): TypedArray => this.#take("bool", n);

  #take(dtype: DType, n: number): TypedArray {
    const kept = this.#kept[dtype];
    const i = this.#used[dtype]++;
    // A quarter more, so that batches of about the same size find room.
    if (kept[i] === undefined || kept[i].length < n) kept[i] = arrayOf[dtype](Math.ceil(n * 1.25));
    return kept[i].subarray(0, n);
  }
}
