import { describe, expect, test } from "vitest";
import { KarateClub } from "../../src/graph/datasets.ts";
import { EdgeIndex } from "../../src/graph/edge-index.ts";
import { ShapeError, UsageError } from "../../src/ir/errors.ts";
import { forceLayout, pca, plotGraph, tsne } from "../../src/plot/index.ts";
import { numbers } from "./samples.ts";

const club = KarateClub().at(0).edgeIndex;

describe("force layout", () => {
  test("draws neighbours nearer than others, the same for the same seed", () => {
    const { x, y } = forceLayout(club, 34);
    const far = (a: number, b: number) => Math.hypot(x[a]! - x[b]!, y[a]! - y[b]!);
    const mean = (list: number[]) => list.reduce((a, b) => a + b, 0) / list.length;
    const all = Array.from({ length: 34 }, (_, a) => Array.from({ length: a }, (_, b) => far(a, b))).flat();
    const near = Array.from(club.source, (a, e) => far(a, club.target[e]!));
    expect(mean(near)).toBeLessThan(0.75 * mean(all));
    expect(Math.min(...all)).toBeGreaterThan(0.01);
    expect(forceLayout(club, 34)).toEqual({ x, y });
    expect(forceLayout(club, 34, { seed: 1 })).not.toEqual({ x, y });
  });

  test("of no nodes, one node, nodes without edges", () => {
    expect(forceLayout({ source: [], target: [] }, 0).x).toHaveLength(0);
    for (const nodes of [1, 5]) {
      const { x, y } = forceLayout({ source: [0], target: [0] }, nodes);
      expect([...x, ...y].every(Number.isFinite)).toBe(true);
    }
  });
});

describe("principal components", () => {
  test("of points around a line: the direction, its sign and the variance", () => {
    const noise = numbers(200);
    const data = noise.flatMap((v, i) => [3 * v + 1, -4 * v, 0.01 * noise[199 - i]!]);
    const { data: found, explained } = pca({ shape: [200, 3], data });
    expect(explained[0]).toBeGreaterThan(0.999);
    expect(explained[0]! + explained[1]!).toBeLessThanOrEqual(1 + 1e-12);
    // The largest coefficient, that of the second column, is positive.
    const mean = noise.reduce((a, b) => a + b, 0) / 200;
    noise.forEach((v, i) => {
      expect(found[2 * i]).toBeCloseTo(-5 * (v - mean), 2);
    });
  });

  test("are uncorrelated, also of wide data; constant data have none", () => {
    const { data, explained } = pca({ shape: [12, 40], data: numbers(480) }, 3);
    const column = (c: number) => Array.from({ length: 12 }, (_, i) => data[3 * i + c]!);
    const dot = (a: number[], b: number[]) => a.reduce((s, v, i) => s + v * b[i]!, 0);
    for (const [a, b] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ]) {
      expect(dot(column(a!), column(b!))).toBeCloseTo(0, 6);
    }
    expect([...explained].sort((a, b) => b - a)).toEqual(explained);
    expect(pca({ shape: [4, 3], data: new Float32Array(12).fill(2) }).explained).toEqual([0, 0]);
    expect(() => pca({ shape: [4], data: [1, 2, 3, 4] })).toThrow(ShapeError);
  });
});

describe("t-SNE", () => {
  const noise = numbers(400, 9);
  const clusters = Array.from(
    { length: 400 },
    (_, k) => 20 * Number(k % 8 === Math.floor(k / 8) % 3) + noise[k]!,
  );

  test("keeps clusters together and apart, and gives the same each time", () => {
    const values = { shape: [50, 8], data: clusters };
    const y = tsne(values, { perplexity: 10, iterations: 300 });
    const far = (a: number, b: number) => Math.hypot(y[2 * a]! - y[2 * b]!, y[2 * a + 1]! - y[2 * b + 1]!);
    for (let a = 0; a < 50; a++) {
      const others = Array.from({ length: 50 }, (_, b) => b).filter((b) => b !== a);
      others.sort((b, c) => far(a, b) - far(a, c));
      expect(others.slice(0, 5).every((b) => b % 3 === a % 3)).toBe(true);
    }
    expect(tsne(values, { perplexity: 10, iterations: 300 })).toEqual(y);
  });

  test("of few points, of equal points, of a perplexity that is none", () => {
    expect(tsne({ shape: [2, 3], data: [1, 2, 3, 4, 5, 6] })).toHaveLength(4);
    const same = tsne({ shape: [9, 2], data: new Float32Array(18).fill(1) }, { iterations: 20 });
    expect(same.every(Number.isFinite)).toBe(true);
    expect(() => tsne({ shape: [9, 2], data: numbers(18) }, { perplexity: Number.NaN })).toThrow(UsageError);
  });
});

test("a drawing of a graph takes a value for each node and edge", () => {
  expect(() => plotGraph(club, { classes: [1, 2] })).toThrow(ShapeError);
  expect(() => plotGraph(club, { edgeWeights: [1] })).toThrow(ShapeError);
  expect(plotGraph(new EdgeIndex([[], []], 0)).panels).toHaveLength(1);
});
