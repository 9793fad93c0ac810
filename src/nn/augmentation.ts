/** What the layers that change images at random have in common. They do so while training only. */
import { type RandomKey, randomUniform, type Tensor } from "../core/index.ts";
import type { CallContext } from "./context.ts";
import { readNumber, readPairOf, refuse } from "./fields.ts";
import { noiseKey } from "./noise.ts";

/** A bound for both directions, or the bounds of each. */
export type RangeOption = number | readonly [number, number];

/** Reads a range within [min, max] as [lower, upper]; one number f is [-f, f]. */
export function readRange(
  min: number,
  max: number,
): (value: unknown, at: string) => readonly [number, number] {
  const item = readNumber(min, max);
  const pair = readPairOf(item);
  return (value, at) => {
    if (typeof value === "number") {
      const f = Math.abs(item(value, at));
      return [Math.max(-f, min), f];
    }
    const [lower, upper] = pair(value, at);
    return lower <= upper ? [lower, upper] : refuse(at, "the smaller bound first", value);
  };
}

/** Draws for each image: a uniform number in the range, [n, 1], of its own for each `purpose`. */
export function draws(
  ctx: CallContext,
  seed: number | null,
  rows: Tensor["shape"][number],
): (purpose: string, range: readonly [number, number]) => Tensor {
  return (purpose, [low, high]) => {
    const random: RandomKey = noiseKey(ctx, seed, "augmentation", purpose);
    return randomUniform(random, [rows, 1])
      .mul(high - low)
      .add(low);
  };
}
