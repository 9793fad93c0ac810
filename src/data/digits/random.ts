/** A stream of random numbers made from counters, the same in every JavaScript engine. */
import { threefry2x32 } from "../../ir/scalar.ts";

/**
 * Random numbers of one drawing: the Threefry-2x32 stream with key (seed, stream) at counters (index, 0), (index, 1), …
 * Two drawings share nothing, so each can be made alone and in any order.
 */
export class Stream {
  readonly #seed: number;
  readonly #stream: number;
  readonly #index: number;
  #counter = 0;
  #spare: number | undefined;

  constructor(seed: number, stream: number, index: number) {
    this.#seed = seed;
    this.#stream = stream;
    this.#index = index;
  }

  /** Uniform in [0, 1), a multiple of 2^-24. */
  unit(): number {
    if (this.#spare !== undefined) {
      const word = this.#spare;
      this.#spare = undefined;
      return (word >>> 8) / 0x1000000;
    }
    const [first, second] = threefry2x32(this.#seed, this.#stream, this.#index, this.#counter++);
    this.#spare = second;
    return (first >>> 8) / 0x1000000;
  }

  /** Uniform in [from, to). */
  between(from: number, to: number): number {
    return from + (to - from) * this.unit();
  }

  /** Nearly normal with mean 0 and standard deviation 1: the sum of three uniforms, so never beyond 3. */
  bell(): number {
    return 2 * (this.unit() + this.unit() + this.unit()) - 3;
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** A whole number in [0, n). */
  below(n: number): number {
    return Math.floor(this.unit() * n);
  }
}

/** Sine of an angle given in turns, by its Taylor polynomial on a quarter turn (error below 4e-6). */
export function sinTurns(turns: number): number {
  let t = turns - Math.floor(turns + 0.5);
  if (t > 0.25) t = 0.5 - t;
  else if (t < -0.25) t = -0.5 - t;
  const x = t * 6.283185307179586;
  const y = x * x;
  return x * (1 + y * (-1 / 6 + y * (1 / 120 + y * (-1 / 5040 + y / 362880))));
}

/** Cosine of an angle given in turns. */
export function cosTurns(turns: number): number {
  return sinTurns(turns + 0.25);
}
