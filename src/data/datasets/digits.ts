/** A built-in data set of handwritten-looking digits, drawn by a generator: nothing to download, any number, seeded. */
import { UsageError } from "../../ir/errors.ts";
import { drawStrokes } from "../digits/draw.ts";
import { Stream } from "../digits/random.ts";
import { writeDigit } from "../digits/shapes.ts";
import type { ImageDataset, ImageSplit } from "./types.ts";

export interface DigitsOptions {
  /** Number of training images (default 20,000). */
  train?: number;
  /** Number of test images (default 2,000); none is a training image. */
  test?: number;
  /** Any whole number: another seed is another data set (default 0). */
  seed?: number;
}

const PIXELS = 28 * 28;
/** Keys of the random streams: what a drawing is for. */
const STREAMS = { train: 0, test: 1, order: 2 };

/**
 * Digits 0 to 9 as 28×28 grey levels in MNIST's form (white ink on black, 20×20 box, centre of mass in the middle).
 *
 * Image i depends on the seed and on i alone, so a longer data set begins with a shorter one; every ten images in a row
 * hold each digit once. The bytes are the same in every JavaScript engine.
 *
 * @throws UsageError where a number of images or the seed is not a whole number.
 * @example const { train, test } = digits({ train: 20000, test: 2000, seed: 0 });
 */
export function digits(options: DigitsOptions = {}): ImageDataset {
  const { train = 20000, test = 2000, seed = 0 } = options;
  for (const [name, value] of Object.entries({ train, test })) {
    if (!Number.isSafeInteger(value) || value < 0 || value > 2 ** 21) {
      throw new UsageError({
        where: `digits({ ${name} })`,
        problem: "not a number of images",
        expected: "a whole number from 0 to 2,097,152",
        got: String(value),
        try: "digits({ train: 20000, test: 2000 })",
      });
    }
  }
  if (!Number.isSafeInteger(seed)) {
    throw new UsageError({
      where: "digits({ seed })",
      problem: "not a seed",
      expected: "a whole number",
      got: String(seed),
      try: "digits({ seed: 0 })",
    });
  }
  return {
    train: draw(train, seed, STREAMS.train),
    test: draw(test, seed, STREAMS.test),
    classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
  };
}

function draw(count: number, seed: number, stream: number): ImageSplit {
  const images = new Uint8Array(count * PIXELS);
  const labels = new Uint8Array(count);
  for (let start = 0; start < count; start += 10) {
    const order = shuffledDigits(new Stream(seed, STREAMS.order + stream, start));
    for (let i = start; i < Math.min(start + 10, count); i++) {
      const random = new Stream(seed, stream, i);
      labels[i] = order[i - start]!;
      drawStrokes(writeDigit(labels[i]!, random), random, images.subarray(i * PIXELS, (i + 1) * PIXELS));
    }
  }
  return { images, labels };
}

function shuffledDigits(random: Stream): number[] {
  const order = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  for (let i = 9; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
