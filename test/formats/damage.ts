/** What every reader is tried with: each truncation and each single-bit flip of a small file. */
import { TendrilError } from "../../src/ir/errors.ts";

/** Every proper prefix; with `step`, every `step`-th. */
export function* truncations(seed: Uint8Array, step = 1): Generator<{ name: string; bytes: Uint8Array }> {
  for (let n = 0; n < seed.length; n += step) yield { name: `cut at ${n}`, bytes: seed.slice(0, n) };
}

/** Every flip of one bit; with `step`, every `step`-th. */
export function* bitFlips(seed: Uint8Array, step = 1): Generator<{ name: string; bytes: Uint8Array }> {
  for (let bit = 0; bit < seed.length * 8; bit += step) {
    const bytes = seed.slice();
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    yield { name: `bit ${bit & 7} of byte ${bit >> 3}`, bytes };
  }
}

/** The value a reader gives, or its typed error. Any other error is passed on, with the damage in its message. */
export function verdict<T>(
  name: string,
  read: () => T,
): { value: T; error?: undefined } | { value?: undefined; error: TendrilError } {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof TendrilError && error.code !== "internal") return { error };
    throw new Error(`${name}: not a typed error: ${error}`, { cause: error });
  }
}
