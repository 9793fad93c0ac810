/** Random numbers: known answers of Threefry-2x32-13, streams that look uniform, host and program alike (DT-8). */
import { describe, expect, test } from "vitest";
import type { Tensor } from "../../src/core/index.ts";
import {
  bernoulli,
  key,
  permutation,
  permutationHost,
  randomInt,
  randomNormal,
  randomUniform,
  truncatedNormal,
} from "../../src/core/index.ts";
import { UsageError } from "../../src/ir/errors.ts";
import { threefry2x32 } from "../../src/ir/scalar.ts";

const values = (t: Tensor): number[] => [...t.dataSync()];

test("Threefry-2x32-13: the known answers of Random123", () => {
  const hex = (k: [number, number], c: [number, number]): string[] =>
    threefry2x32(k[0] | 0, k[1] | 0, c[0] | 0, c[1] | 0).map((w) => (w >>> 0).toString(16));
  expect(hex([0, 0], [0, 0])).toEqual(["9d1c5ec6", "8bd50731"]);
  expect(hex([0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff])).toEqual(["fd36d048", "2d17272c"]);
  expect(hex([0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3])).toEqual(["ba3e4725", "f27d669e"]);
});

describe("keys", () => {
  test("depend on seed, path and step, and on nothing else", () => {
    const words = (k: { words: unknown }): string => JSON.stringify(k.words);
    const distinct = [
      key(0),
      key(1),
      key(-1),
      key(2 ** 40),
      key(0, "a"),
      key(0, "b"),
      key(0, "ab"),
      key(0, "a/b"),
      key(0, "b/a"),
      key(0).at(0),
      key(0).at(1),
      key(0, "a").at(1),
    ].map(words);
    expect(new Set(distinct).size).toBe(distinct.length);
    expect(words(key(3, "a/b"))).toBe(words(key(3).child("a").child("b")));
    expect(() => key(0.5)).toThrow(UsageError);
  });
});

/** χ² of `counts` against equal expectation. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((a, b) => a + b, 0) / counts.length;
  return counts.reduce((sum, c) => sum + (c - expected) ** 2 / expected, 0);
}

/** The number of draws of `xs` in each of `bins` equal parts of [low, high). */
function histogram(xs: readonly number[], bins: number, low: number, high: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const x of xs) counts[Math.floor(((x - low) / (high - low)) * bins)]!++;
  return counts;
}

/** With 255 degrees of freedom χ² is above this once in a million. */
const limit = 255 + 4.9 * Math.sqrt(2 * 255) + 8;

describe("streams", () => {
  const n = 2 ** 17;

  test("uniform numbers fill their range evenly, one by one and in pairs", () => {
    const u = values(randomUniform(key(1), [n]));
    expect(Math.min(...u.slice(0, 1000))).toBeGreaterThanOrEqual(0);
    expect(chiSquare(histogram(u, 256, 0, 1))).toBeLessThan(limit);
    const pairs = Array.from(
      { length: n / 2 },
      (_, i) => Math.floor(u[2 * i]! * 16) * 16 + Math.floor(u[2 * i + 1]! * 16),
    );
    expect(chiSquare(histogram(pairs, 256, 0, 256))).toBeLessThan(limit);
    const runs = u.filter((x, i) => i > 0 && x < 0.5 !== u[i - 1]! < 0.5).length;
    expect(Math.abs(runs - (n - 1) / 2)).toBeLessThan(4.9 * Math.sqrt(n / 4));
    const scaled = values(randomUniform(key(1), [10], { low: -3, high: 5 }));
    for (const [i, x] of scaled.entries()) expect(x).toBeCloseTo(-3 + 8 * u[i]!, 5);
  });

  test("neighbouring steps and names give unrelated streams", () => {
    const streams = [key(1).at(0), key(1).at(1), key(1, "a"), key(1, "b")].map((k) =>
      values(randomUniform(k, [4096])),
    );
    for (const [i, a] of streams.entries()) {
      for (const b of streams.slice(i + 1)) {
        const covariance = a.reduce((s, x, k) => s + (x - 0.5) * (b[k]! - 0.5), 0) / a.length;
        expect(Math.abs(covariance * 12)).toBeLessThan(5 / Math.sqrt(a.length));
      }
    }
  });

  test("normal numbers have the normal distribution", () => {
    const z = values(randomNormal(key(2), [n]));
    const moment = (p: number): number => z.reduce((s, x) => s + x ** p, 0) / n;
    expect(Math.abs(moment(1))).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(moment(3))).toBeLessThan(5 * Math.sqrt(15 / n));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
    const [x] = values(randomNormal(key(2), [1], { mean: 10, stddev: 0.5 }));
    expect(x).toBeCloseTo(10 + 0.5 * z[0]!, 5);
  });

  test("truncated normal numbers stay within two deviations, with the right spread", () => {
    const z = values(truncatedNormal(key(3), [n]));
    expect(z.every((x) => Math.abs(x) <= 2)).toBe(true);
    const variance = z.reduce((s, x) => s + x * x, 0) / n;
    // 1 - 4 φ(2) / (Φ(2) - Φ(-2))
    expect(Math.abs(variance - 0.7737413)).toBeLessThan(0.01);
    const inside = z.filter((x) => Math.abs(x) < 1).length / n;
    expect(Math.abs(inside - 0.6826895 / 0.9544997)).toBeLessThan(5 / Math.sqrt(n));
  });

  test("bernoulli and whole numbers", () => {
    const p = values(bernoulli(key(4), [n], 0.3)).reduce((a, b) => a + b, 0) / n;
    expect(Math.abs(p - 0.3)).toBeLessThan(5 * Math.sqrt(0.21 / n));
    const k = values(randomInt(key(5), [n], -3, 253));
    expect(chiSquare(histogram(k, 256, -3, 253))).toBeLessThan(limit);
  });

  test("permutations: each number once, the same on the host, every place equally likely", () => {
    for (const n of [0, 1, 2, 17, 1000]) {
      const host = permutationHost(7, "shuffle", 3, n);
      expect([...host].sort((a, b) => a - b)).toEqual([...new Array(n).keys()]);
      expect(values(permutation(key(7, "shuffle").at(3), n))).toEqual([...host]);
    }
    const firsts = new Array<number>(8).fill(0);
    for (let epoch = 0; epoch < 4000; epoch++) firsts[permutationHost(1, "shuffle", epoch, 8)[0]!]!++;
    expect(chiSquare(firsts)).toBeLessThan(40);
  });

  test("the same bits on every backend", () => {
    const draw = (backend: "reference" | "js" | "wasm"): number[] => [
      ...randomUniform(key(9, "x").at(2), [100]).dataSync({ backend }),
    ];
    expect(draw("js")).toEqual(draw("reference"));
    expect(draw("wasm")).toEqual(draw("reference"));
  });
});
