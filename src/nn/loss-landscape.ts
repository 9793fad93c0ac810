/**
 * The loss around the weights of a model, along two random directions (Li, Xu, Taylor, Studer and Goldstein, 2018). A
 * direction has for each filter the length of that filter, so that landscapes of different models can be compared; biases
 * and other weights of one axis stay where they are.
 */
import { key, type RandomKey, randomNormal } from "../core/index.ts";
import { UsageError } from "../ir/errors.ts";
import type { FitInput, FitTarget } from "./fit.ts";
import type { Model } from "./model.ts";

export interface LossLandscapeOptions {
  /** Points along each direction; an odd number, so that the model itself is one of them. 25 unless given. */
  resolution?: number;
  /** How far to go: 1 is as far as the weights are long. */
  range?: number;
  batchSize?: number;
  /** Of the two directions. */
  seed?: number;
  /** Cancels the work; the weights are put back. */
  signal?: AbortSignal;
}

/** Losses on a grid: row i lies at `at[i]` along the second direction, column j at `at[j]` along the first. */
export interface LossLandscape {
  readonly at: readonly number[];
  /** [resolution, resolution]. */
  readonly losses: { readonly shape: readonly [number, number]; readonly data: Float64Array };
}

/**
 * Evaluates a compiled model at `resolution`² places around its weights, which are put back afterwards.
 *
 * @throws UsageError for a resolution that is not an odd number from 3 on, or a range that is not positive.
 */
export async function lossLandscape(
  model: Model,
  x: FitInput,
  y: FitTarget,
  options: LossLandscapeOptions = {},
): Promise<LossLandscape> {
  const { resolution = 25, range = 1, batchSize = 256, seed = 0, signal } = options;
  if (!(Number.isInteger(resolution) && resolution >= 3 && resolution % 2 === 1)) {
    refuse("resolution", "an odd number from 3 on", resolution);
  }
  if (!(range > 0 && Number.isFinite(range))) refuse("range", "a positive number", range);
  const weights = model.trainableWeights();
  const home = weights.map((w) => Float32Array.from(w.read()));
  const random = key(seed, "loss landscape");
  const directions = [0, 1].map((d) =>
    weights.map((w, i) => directionOf(home[i]!, w.shape as number[], random.child(`${d} ${i}`))),
  );
  const middle = (resolution - 1) / 2;
  const at = Array.from({ length: resolution }, (_, i) => ((i - middle) / middle) * range);
  const data = new Float64Array(resolution * resolution);
  try {
    for (const [row, up] of at.entries()) {
      for (const [column, right] of at.entries()) {
        weights.forEach((w, i) => {
          const [first, second] = directions.map((d) => d[i]);
          if (!first || !second) return;
          w.write(home[i]!.map((v, j) => v + right * first[j]! + up * second[j]!));
        });
        data[row * resolution + column] = await lossOf(model, x, y, { batchSize, ...(signal && { signal }) });
      }
    }
  } finally {
    weights.forEach((w, i) => {
      w.write(home[i]!);
    });
  }
  return { at, losses: { shape: [resolution, resolution], data } };
}

/** NaN where the loss is not finite: far from home it may be anything. */
async function lossOf(
  model: Model,
  x: FitInput,
  y: FitTarget,
  options: { batchSize: number; signal?: AbortSignal },
): Promise<number> {
  try {
    return (await model.evaluate(x, y, { ...options, verbose: 0 }))[0]!;
  } catch (error) {
    if ((error as { code?: unknown }).code === "numeric") return Number.NaN;
    throw error;
  }
}

/** A random direction whose filters (the last axis counts them) are as long as the weight's; undefined for one axis. */
function directionOf(
  weight: Float32Array,
  shape: readonly number[],
  random: RandomKey,
): Float32Array | undefined {
  if (shape.length < 2) return undefined;
  const direction = Float32Array.from(randomNormal(random, [...shape]).dataSync());
  const filters = shape.at(-1)!;
  const lengths = (values: Float32Array) => {
    const squares = new Float64Array(filters);
    values.forEach((v, i) => {
      squares[i % filters]! += v * v;
    });
    return squares.map(Math.sqrt);
  };
  const [wanted, found] = [lengths(weight), lengths(direction)];
  return direction.map((v, i) => {
    const filter = i % filters;
    return found[filter] === 0 ? 0 : (v * wanted[filter]!) / found[filter]!;
  });
}

function refuse(option: string, expected: string, got: number): never {
  throw new UsageError({
    where: `lossLandscape \`${option}\``,
    problem: "this value is not acceptable",
    expected,
    got: String(got),
    try: "leave it out",
  });
}
