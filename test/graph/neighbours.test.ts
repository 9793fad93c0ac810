import { describe, expect, test } from "vitest";
import { TorchGenerator } from "../../src/core/index.ts";
import type { EdgeIndex } from "../../src/graph/edge-index.ts";
import { knnGraph, radiusGraph } from "../../src/graph/neighbours/index.ts";
import { ShapeError, UsageError } from "../../src/ir/errors.ts";

describe("neighbours", () => {
  /** Points with equal ones among them, in events of different sizes. */
  function cloud(axes: number, sizes: readonly number[], grid: number) {
    const generator = new TorchGenerator(axes);
    const count = sizes.reduce((a, b) => a + b, 0);
    const values = generator.rand(count * axes).map((v) => (grid > 0 ? Math.floor(v * grid) : v));
    return {
      points: { data: values, shape: [count, axes], dtype: "float32" as const },
      batch: Int32Array.from(sizes.flatMap((n, e) => new Array<number>(n).fill(e))),
    };
  }
  type Cloud = ReturnType<typeof cloud>;

  /** All pairs compared. */
  function slowly(
    { points, batch }: Cloud,
    most: number,
    r: number,
    loop: boolean,
    cosine = false,
  ): number[][] {
    const axes = points.shape[1]!;
    const at = (p: number) => Array.from(points.data.subarray(p * axes, (p + 1) * axes));
    const unit = (v: number[]) => v.map((c) => c / Math.sqrt(v.reduce((s, w) => s + w * w, 0)));
    const edges: number[][] = [];
    batch.forEach((event, p) => {
      const found: [number, number][] = [];
      batch.forEach((other, q) => {
        if (other !== event || (p === q && !loop)) return;
        const [a, b] = cosine ? [unit(at(p)), unit(at(q))] : [at(p), at(q)];
        const d = a.reduce((s, v, c) => s + (b[c]! - v) ** 2, 0);
        if (d <= r * r) found.push([d, q]);
      });
      found.sort(([d, q], [e, s]) => d - e || q - s);
      for (const [, q] of found.slice(0, most)) edges.push([q, p]);
    });
    return edges;
  }
  const edgesOf = (e: EdgeIndex) => Array.from(e.source, (s, i) => [s, e.target[i]!]);

  test.each([
    ["in 3 dimensions", cloud(3, [150, 1, 3, 0, 90], 0)],
    ["with many ties", cloud(2, [200, 60], 4)],
    ["along a line", cloud(1, [80, 70], 9)],
    ["in 20 dimensions", cloud(20, [70, 30], 0)],
  ])("%s are those of the comparison of all pairs", (_, set) => {
    const { points, batch } = set;
    for (const loop of [false, true]) {
      expect(edgesOf(knnGraph(points, 5, { batch, loop }))).toEqual(slowly(set, 5, 1e9, loop));
      const r = points.shape[1]! > 3 ? 1.2 : 0.5;
      expect(edgesOf(radiusGraph(points, r, { batch, loop, maxNumNeighbors: 7 }))).toEqual(
        slowly(set, 7, r, loop),
      );
    }
  });

  test("by direction, and with edges the other way", () => {
    const set = cloud(3, [40, 30], 0);
    const { points, batch } = set;
    expect(edgesOf(knnGraph(points, 4, { batch, cosine: true }))).toEqual(slowly(set, 4, 1e9, false, true));
    const turned = knnGraph(points, 4, { batch, flow: "targetToSource" });
    expect(edgesOf(turned).map(([a, b]) => [b, a])).toEqual(edgesOf(knnGraph(points, 4, { batch })));
    expect(turned.numNodes).toBe(70);
  });

  test("of few points, and of what are none", () => {
    const three = [
      [0, 0],
      [1, 0],
      [0, 2],
    ];
    expect(edgesOf(knnGraph(three, 5))).toEqual([
      [1, 0],
      [2, 0],
      [0, 1],
      [2, 1],
      [0, 2],
      [1, 2],
    ]);
    expect(edgesOf(knnGraph([[0], [0], [0]], 1))).toEqual([
      [1, 0],
      [0, 1],
      [0, 2],
    ]);
    expect(radiusGraph(three, 1).numEdges).toBe(2);
    expect(() => knnGraph(three, 0)).toThrow(UsageError);
    expect(() => radiusGraph(three, Number.NaN)).toThrow(UsageError);
    expect(() => knnGraph([[Number.NaN]], 1)).toThrow(/not finite/);
    expect(() => knnGraph(three, 1, { batch: [0, 1, 0] })).toThrow(/ascending order/);
    expect(() => knnGraph(three, 1, { batch: [0] })).toThrow(ShapeError);
  });
});
