/** The Mersenne Twister MT19937 (Matsumoto and Nishimura 1998), which PyTorch's CPU generator and NumPy's RandomState run on. */

const SIZE = 624;
const PERIOD = 397;

/** A stream of 32-bit words from a seed. */
export class MT19937 {
  readonly #state: Uint32Array;
  #next: number;

  /** Seeds as `init_genrand` does, by the lower 32 bits of `seed`. */
  constructor(seed: number | bigint) {
    this.#state = new Uint32Array(SIZE);
    this.#state[0] = Number(BigInt.asUintN(32, BigInt(seed)));
    for (let i = 1; i < SIZE; i++) {
      const before = this.#state[i - 1]!;
      this.#state[i] = Math.imul(before ^ (before >>> 30), 1812433253) + i;
    }
    this.#next = SIZE;
  }

  /** The next word, 0 … 2^32 - 1. */
  word(): number {
    if (this.#next === SIZE) this.#twist();
    let y = this.#state[this.#next++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  #twist(): void {
    const s = this.#state;
    for (let i = 0; i < SIZE; i++) {
      const y = (s[i]! & 0x80000000) | (s[(i + 1) % SIZE]! & 0x7fffffff);
      s[i] = s[(i + PERIOD) % SIZE]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#next = 0;
  }

  /** The words still to come and the place among them, for `restore`. */
  save(): readonly number[] {
    return [this.#next, ...this.#state];
  }

  /** Goes back to what `save` gave. */
  restore(saved: readonly number[]): void {
    this.#next = saved[0]!;
    this.#state.set(saved.slice(1));
  }
}
