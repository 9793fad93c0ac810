import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { digits, mnist } from "../../src/data/datasets/index.ts";
import { cosTurns, Stream, sinTurns } from "../../src/data/digits/random.ts";
import { UsageError } from "../../src/ir/errors.ts";

const shared = "../shared/data";
const PIXELS = 784;

describe("digits", () => {
  const set = digits({ train: 1000, test: 200, seed: 3 });

  test("has the sizes asked for, and ten classes in equal numbers", () => {
    expect([set.train.images.length, set.train.labels.length]).toEqual([1000 * PIXELS, 1000]);
    expect([set.test.images.length, set.test.labels.length]).toEqual([200 * PIXELS, 200]);
    expect(set.classes).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    const counts = new Array(10).fill(0);
    for (const label of set.train.labels) counts[label]++;
    expect(counts).toEqual(new Array(10).fill(100));
  });

  test("image i depends on the seed and i alone", () => {
    const short = digits({ train: 37, test: 5, seed: 3 });
    expect(short.train.images).toEqual(set.train.images.subarray(0, 37 * PIXELS));
    expect(short.train.labels).toEqual(set.train.labels.subarray(0, 37));
    expect(short.test.images).toEqual(set.test.images.subarray(0, 5 * PIXELS));
  });

  test("other seeds and the test part are other drawings", () => {
    const other = digits({ train: 200, test: 0, seed: 4 });
    expect(other.train.images).not.toEqual(set.train.images.subarray(0, 200 * PIXELS));
    const seen = new Set<string>();
    for (const { images } of [set.train, set.test, other.train]) {
      for (let i = 0; i < images.length; i += PIXELS) seen.add(images.subarray(i, i + PIXELS).join());
    }
    expect(seen.size).toBe(1400);
  });

  test("the bytes are fixed: the same in every engine and from one version to the next", () => {
    const hash = createHash("sha256").update(set.train.images).update(set.test.labels).digest("hex");
    expect(hash).toMatchInlineSnapshot(`"013f1ed1a16658d545f1a7b9e01bb5d83f94d924679fd5d85b35d1607e661aeb"`);
  });

  test("is in MNIST's form: a box of about 20 pixels, white ink, centre of mass in the middle", () => {
    for (let n = 0; n < 1000; n++) {
      const image = set.train.images.subarray(n * PIXELS, (n + 1) * PIXELS);
      let mass = 0;
      let mx = 0;
      let my = 0;
      const xs: number[] = [];
      const ys: number[] = [];
      image.forEach((v, i) => {
        const x = i % 28;
        const y = Math.floor(i / 28);
        mass += v;
        mx += v * x;
        my += v * y;
        if (v > 0) {
          xs.push(x);
          ys.push(y);
        }
      });
      expect(Math.max(...image)).toBeGreaterThan(200);
      expect(Math.abs(mx / mass - 14)).toBeLessThan(0.75);
      expect(Math.abs(my / mass - 14)).toBeLessThan(0.75);
      const side = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys)) + 1;
      expect(side).toBeGreaterThanOrEqual(12);
      expect(side).toBeLessThanOrEqual(22);
    }
  });

  test("refuses what is not a number of images or a seed", () => {
    expect(() => digits({ train: -1 })).toThrow(UsageError);
    expect(() => digits({ test: 2.5 })).toThrow(/whole number/);
    expect(() => digits({ train: Number.NaN })).toThrow(UsageError);
    expect(() => digits({ seed: 0.5 })).toThrow(/digits\(\{ seed: 0 \}\)/);
    expect(digits({ train: 0, test: 0 }).train.images).toHaveLength(0);
  });

  test.skipIf(!existsSync(shared))("class means read most of MNIST (needs ../shared)", async () => {
    const means = new Float64Array(10 * PIXELS);
    set.train.labels.forEach((label, n) => {
      for (let i = 0; i < PIXELS; i++) means[label * PIXELS + i]! += set.train.images[n * PIXELS + i]! / 100;
    });
    const real = await mnist({ data: shared });
    let right = 0;
    const count = 2000;
    for (let n = 0; n < count; n++) {
      let best = Infinity;
      let read = -1;
      for (let c = 0; c < 10; c++) {
        let distance = 0;
        for (let i = 0; i < PIXELS; i++) {
          distance += (real.train.images[n * PIXELS + i]! - means[c * PIXELS + i]!) ** 2;
        }
        if (distance < best) {
          best = distance;
          read = c;
        }
      }
      if (read === real.train.labels[n]) right++;
    }
    // MNIST's own class means read about 0.82.
    expect(right / count).toBeGreaterThan(0.65);
  });
});

describe("random stream of a drawing", () => {
  test("is uniform, and bell has mean 0 and variance 1", () => {
    const r = new Stream(1, 2, 3);
    let sum = 0;
    let square = 0;
    for (let i = 0; i < 20_000; i++) {
      const u = r.unit();
      expect(u >= 0 && u < 1).toBe(true);
      const b = r.bell();
      sum += b;
      square += b * b;
    }
    expect(Math.abs(sum / 20_000)).toBeLessThan(0.03);
    expect(Math.abs(square / 20_000 - 1)).toBeLessThan(0.05);
  });

  test("sine and cosine in turns", () => {
    for (let t = -3; t <= 3; t += 0.013) {
      expect(sinTurns(t)).toBeCloseTo(Math.sin(2 * Math.PI * t), 5);
      expect(cosTurns(t)).toBeCloseTo(Math.cos(2 * Math.PI * t), 5);
    }
  });
});
