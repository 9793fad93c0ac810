import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  datasets,
  makeBlobs,
  makeCircles,
  makeGaussianQuantiles,
  makeMoons,
  makeSpirals,
  makeXor,
  mnist,
  mnistSource,
} from "../../src/data/datasets/index.ts";
import { sha256Hex } from "../../src/data/source.ts";
import { writeIdx } from "../../src/formats/idx.ts";
import { DataError, UsageError } from "../../src/ir/errors.ts";

const shared = "../shared/data";

describe("MNIST", () => {
  test.skipIf(!existsSync(shared))("loads from a folder (needs ../shared)", async () => {
    const { train, test: held, classes } = await mnist({ data: shared });
    expect([train.images.length, train.labels.length]).toEqual([60_000 * 784, 60_000]);
    expect([held.images.length, held.labels.length]).toEqual([10_000 * 784, 10_000]);
    expect([...train.labels.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9]);
    expect(classes).toHaveLength(10);
    const labels = writeIdx({ dtype: "uint8", shape: [10_000], data: held.labels });
    expect(await sha256Hex(labels)).toBe(mnistSource.files[3]!.sha256);
    const images = writeIdx({ dtype: "uint8", shape: [10_000, 28, 28], data: held.images });
    expect(await sha256Hex(images)).toBe(mnistSource.files[2]!.sha256);
  });

  /** A folder with a set of two images in MNIST's form, with one file replaced. */
  async function withFolder<T>(
    replace: Record<string, Uint8Array>,
    use: (folder: string) => Promise<T>,
  ): Promise<T> {
    const folder = await mkdtemp(join(tmpdir(), "tendril-mnist-"));
    await mkdir(join(folder, "mnist"));
    const images = writeIdx({ dtype: "uint8", shape: [2, 28, 28], data: new Uint8Array(2 * 784).fill(7) });
    const labels = writeIdx({ dtype: "uint8", shape: [2], data: Uint8Array.of(3, 9) });
    for (const { name } of mnistSource.files) {
      await writeFile(
        join(folder, "mnist", name),
        replace[name] ?? (name.includes("images") ? images : labels),
      );
    }
    try {
      return await use(folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  test("reads one's own set in the same form", async () => {
    const { train } = await withFolder({}, (data) => mnist({ data }));
    expect([...train.labels]).toEqual([3, 9]);
  });

  test.each<[string, string, Uint8Array, RegExp]>([
    [
      "a label out of range",
      "train-labels-idx1-ubyte",
      writeIdx({ dtype: "uint8", shape: [2], data: Uint8Array.of(3, 10) }),
      /label 10 for image 1/,
    ],
    [
      "too few labels",
      "t10k-labels-idx1-ubyte",
      writeIdx({ dtype: "uint8", shape: [1], data: Uint8Array.of(3) }),
      /uint8\[2\]/,
    ],
    [
      "images of another size",
      "t10k-images-idx3-ubyte",
      writeIdx({ dtype: "uint8", shape: [2, 8, 8], data: new Uint8Array(128) }),
      /uint8\[n, 28, 28\]/,
    ],
  ])("refuses %s", async (_name, file, bytes, message) => {
    const error = await withFolder({ [file]: bytes }, (data) => mnist({ data })).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DataError);
    expect(String(error)).toMatch(message);
  });
});

describe("toy sets", () => {
  const names = [...datasets].filter(([, d]) => d.kind === "points").map(([name]) => name);

  test.each(names)("%s: the number asked for, every class, the same for the same seed only", async (name) => {
    const entry = datasets.get(name)!;
    if (entry.kind !== "points") throw new Error("not points");
    for (const nSamples of [0, 7, 100]) {
      const a = await entry.load({ nSamples, noise: 0.1, seed: 3 });
      expect([a.x.length, a.y.length]).toEqual([nSamples * a.features, nSamples]);
      expect(await entry.load({ nSamples, noise: 0.1, seed: 3 })).toEqual(a);
      if (nSamples === 0) continue;
      expect(await entry.load({ nSamples, noise: 0.1, seed: 4 })).not.toEqual(a);
      expect(a.x.every(Number.isFinite)).toBe(true);
      expect(new Set(a.y)).toEqual(new Set(Array.from({ length: a.classes }, (_, i) => i)));
    }
    await expect(entry.load({ nSamples: -1 })).rejects.toThrow(UsageError);
    await expect(entry.load({ noise: -1 })).rejects.toThrow(/noise/);
    await expect(entry.load({ seed: 0.5 })).rejects.toThrow(/seed/);
  });

  test("XOR is the truth table", () => {
    const { x, y } = makeXor();
    expect([...x]).toEqual([0, 0, 0, 1, 1, 0, 1, 1]);
    expect([...y]).toEqual([0, 1, 1, 0]);
  });

  test("moons and circles lie where scikit-learn puts them", () => {
    const moons = makeMoons({ nSamples: 5, shuffle: false });
    const expected = [1, 0, -1, 0, 0, 0.5, 1, -0.5, 2, 0.5];
    moons.x.forEach((v, i) => {
      expect(v).toBeCloseTo(expected[i]!, 6);
    });
    expect([...moons.y]).toEqual([0, 0, 1, 1, 1]);
    const circles = makeCircles({ nSamples: 4, shuffle: false, factor: 0.5 });
    const points = [1, 0, -1, 0, 0.5, 0, -0.5, 0];
    circles.x.forEach((v, i) => {
      expect(v).toBeCloseTo(points[i]!, 6);
    });
  });

  test("blobs have the centres and the spread asked for", () => {
    const centers = [
      [0, 0, 5],
      [10, -10, 0],
    ];
    const { x, y, features } = makeBlobs({ nSamples: 20_000, centers, clusterStd: 2 });
    expect(features).toBe(3);
    for (const label of [0, 1]) {
      for (let k = 0; k < 3; k++) {
        const values = Array.from(y).flatMap((c, i) => (c === label ? [x[i * 3 + k]!] : []));
        const mean = values.reduce((a, b) => a + b, 0) / values.length;
        const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
        expect(Math.abs(mean - centers[label]![k]!)).toBeLessThan(0.1);
        expect(Math.abs(Math.sqrt(variance) - 2)).toBeLessThan(0.1);
      }
    }
    expect(() => makeBlobs({ centers: [[1, 2], [3]] })).toThrow(/centers/);
  });

  test("Gaussian quantiles are shells of equal numbers", () => {
    const { x, y } = makeGaussianQuantiles({ nSamples: 300, nClasses: 3, mean: [5, 5], cov: 4 });
    const radius = (i: number) => Math.hypot(x[2 * i]! - 5, x[2 * i + 1]! - 5);
    const shells = [0, 1, 2].map((c) =>
      Array.from(y.keys())
        .filter((i) => y[i] === c)
        .map(radius),
    );
    expect(shells.map((s) => s.length)).toEqual([100, 100, 100]);
    expect(Math.max(...shells[0]!)).toBeLessThanOrEqual(Math.min(...shells[1]!));
    expect(Math.max(...shells[1]!)).toBeLessThanOrEqual(Math.min(...shells[2]!));
  });

  test("spirals wind outwards, an arm for each class", () => {
    const { x, y, classes } = makeSpirals({ nSamples: 90, classes: 3, turns: 2, shuffle: false });
    expect(classes).toBe(3);
    expect([...y.subarray(0, 4)]).toEqual([0, 1, 2, 0]);
    expect(Math.hypot(x[178]!, x[179]!)).toBeCloseTo(1, 6);
  });
});
