import { describe, expect, test } from "vitest";
import { manualSeed, TorchGenerator } from "../../src/core/index.ts";
import { Data } from "../../src/graph/data.ts";
import { GraphDataset } from "../../src/graph/dataset.ts";
import { EdgeIndex } from "../../src/graph/edge-index.ts";
import { knnGraph } from "../../src/graph/neighbours/index.ts";
import * as U from "../../src/graph/utils/index.ts";
import { DataError, ShapeError, UsageError } from "../../src/ir/errors.ts";
import { attr, numNodes, pairs, plain, recorded, wide } from "./recorded.ts";

const own = (edgeAttr: number[] | number[][] = attr) => ({ edgeAttr, numNodes });

const cases: Record<string, () => unknown> = {
  degree: () => U.degree(pairs[1], numNodes),
  addSelfLoops: () => U.addSelfLoops(pairs, { numNodes }),
  "addSelfLoops 2": () => U.addSelfLoops(pairs, { ...own(), fillValue: 2 }),
  "addSelfLoops row": () => U.addSelfLoops(pairs, { ...own(wide), fillValue: [5, 7] }),
  ...Object.fromEntries(
    (["add", "mean", "min", "max", "mul"] as const).map((fillValue) => [
      `addSelfLoops ${fillValue}`,
      () => U.addSelfLoops(pairs, { ...own(wide), fillValue }),
    ]),
  ),
  addRemainingSelfLoops: () => U.addRemainingSelfLoops(pairs, { ...own(wide), fillValue: "mean" }),
  removeSelfLoops: () => U.removeSelfLoops(pairs, own(wide)),
  coalesce: () => U.coalesce(pairs, own(wide)),
  "coalesce mean": () => U.coalesce(pairs, { ...own(), reduce: "mean" }),
  "coalesce max": () => U.coalesce(pairs, { ...own(), reduce: "max" }),
  "coalesce columns": () => U.coalesce(pairs, { ...own(), sortByRow: false }),
  sortEdgeIndex: () => U.sortEdgeIndex(pairs, own()),
  toUndirected: () => U.toUndirected(pairs, own(wide)),
  "toUndirected min": () => U.toUndirected(pairs, { ...own(), reduce: "min" }),
  isUndirected: () => [U.isUndirected(pairs), U.isUndirected(U.toUndirected(pairs).edgeIndex)],
  subgraph: () => U.subgraph([4, 2, 1], pairs, own(wide)),
  "kHopSubgraph directed": () =>
    U.kHopSubgraph(1, 2, pairs, { numNodes, directed: true, flow: "targetToSource" }),
  kHopSubgraph: () => U.kHopSubgraph([1, 5], 1, pairs, { numNodes }),
  "kHopSubgraph relabelled": () => U.kHopSubgraph(2, 2, pairs, { numNodes, relabelNodes: true }),
  removeIsolatedNodes: () => U.removeIsolatedNodes(pairs, own()),
  toDenseAdj: () => U.toDenseAdj(pairs, { edgeAttr: attr }),
  "toDenseAdj batch": () =>
    U.toDenseAdj(
      [
        [0, 1, 3, 3, 2],
        [1, 0, 4, 4, 2],
      ],
      { batch: [0, 0, 1, 1, 1], maxNumNodes: 2 },
    ),
  denseToSparse: () =>
    U.denseToSparse([
      [
        [0, 2],
        [0, 1],
      ],
      [
        [3, 0],
        [0.5, 0],
      ],
    ]),
};

describe("functions of edges are PyTorch Geometric's", () => {
  test.each(Object.entries(cases))("%s", (name, run) => {
    expect(plain(run())).toEqual(recorded[name]);
  });

  test("subgraphs with new numbers", () => {
    const { edgeIndex, edgeAttr } = U.subgraph([4, 2, 1], pairs, { ...own(), relabelNodes: true });
    expect(plain([edgeIndex, edgeAttr])).toEqual(recorded["subgraph relabelled"]);
    const mask = [true, true, false, false, true, true, false];
    const masked = U.subgraph(mask, pairs, { ...own(), relabelNodes: true });
    expect(plain([masked.edgeIndex, masked.edgeAttr])).toEqual(recorded["subgraph mask"]);
    expect(() => U.subgraph([9], pairs)).toThrow(DataError);
  });

  test("what is dropped is what PyTorch's generator drops", () => {
    manualSeed(7);
    expect(plain(U.dropoutEdge(pairs, { p: 0.4 }))).toEqual(recorded.dropoutEdge);
    expect(plain(U.dropoutEdge(pairs, { p: 0.3, forceUndirected: true }))).toEqual(
      recorded["dropoutEdge undirected"],
    );
    expect(plain(U.dropoutNode(pairs, { p: 0.4, numNodes, relabelNodes: true }))).toEqual(
      recorded.dropoutNode,
    );
    expect(U.dropoutEdge(pairs, { training: false }).edgeIndex.numEdges).toBe(10);
    expect(() => U.dropoutEdge(pairs, { p: 1.5 })).toThrow(UsageError);
  });

  test("values must fit the edges, reductions must exist", () => {
    expect(() => U.coalesce(pairs, { edgeAttr: [1, 2] })).toThrow(ShapeError);
    expect(() => U.coalesce(pairs, { edgeAttr: attr, reduce: "median" as "sum" })).toThrow(UsageError);
    expect(() => U.denseToSparse([[1, 2]])).toThrow(ShapeError);
    expect(U.containsSelfLoops(pairs)).toBe(true);
    expect([U.containsIsolatedNodes(pairs, 7), U.containsIsolatedNodes(pairs, 6)]).toEqual([true, false]);
  });

  test("graphs without edges or nodes", () => {
    const none: [number[], number[]] = [[], []];
    expect(U.addSelfLoops(none, { numNodes: 2 }).edgeIndex.numEdges).toBe(2);
    expect(U.toUndirected(none, { edgeAttr: [] }).edgeIndex.numEdges).toBe(0);
    expect(U.coalesce(none).edgeIndex.numNodes).toBe(0);
    expect(U.toDenseAdj(none).shape).toEqual([1, 0, 0]);
    expect(U.removeIsolatedNodes(none, { numNodes: 3 }).nodeMask.data).toEqual(new Uint8Array(3));
    expect(knnGraph({ data: new Float32Array(0), shape: [0, 3], dtype: "float32" }, 4).numEdges).toBe(0);
  });
});

test("columns are brought to mean 0 and deviation 1 over a set", () => {
  const set = new GraphDataset("two", [
    new Data({
      x: [
        [1, 5],
        [3, 5],
      ],
    }),
    new Data({
      x: [
        [5, 5],
        [7, 5],
      ],
    }),
  ]);
  const [first, second] = [...U.standardize(set, ["x"])].map((g) => [...g.x!.data]);
  [-3, 0, -1, 0].forEach((v, i) => {
    expect(first![i]).toBeCloseTo(v / Math.sqrt(5), 6);
  });
  [1, 0, 3, 0].forEach((v, i) => {
    expect(second![i]).toBeCloseTo(v / Math.sqrt(5), 6);
  });
  const byFirst = U.standardize(set, ["x"], set.slice(0, 1));
  expect([...byFirst.at(1).x!.data]).toEqual([3, 0, 5, 0]);
});

describe("negative samples", () => {
  const generator = () => new TorchGenerator(5);
  const key = (e: EdgeIndex) => Array.from(e.source, (a, i) => a * 1000 + e.target[i]!);
  const club = new EdgeIndex(recorded.links.edges, 60);

  test("join nodes that no edge joins, each pair once", () => {
    const drawn = U.negativeSampling(club, { generator: generator() });
    expect([drawn.numEdges, drawn.hasSelfLoops, new Set(key(drawn)).size]).toEqual([
      club.numEdges,
      false,
      club.numEdges,
    ]);
    const there = new Set(key(club));
    expect(key(drawn).some((k) => there.has(k))).toBe(false);
    expect(key(U.negativeSampling(club, { generator: generator() }))).toEqual(key(drawn));
  });

  test("in both directions, of two kinds of nodes, or all that there are", () => {
    const both = U.negativeSampling(club, {
      forceUndirected: true,
      numNegSamples: 0.5,
      generator: generator(),
    });
    expect([both.numEdges, both.isUndirected, both.hasSelfLoops]).toEqual([
      2 * Math.floor(club.numEdges / 4),
      true,
      false,
    ]);
    const all = U.negativeSampling(pairs, { numNegSamples: 1000, generator: generator() });
    expect(all.numEdges).toBe(6 * 5 - 6);
    const kinds = U.negativeSampling(
      [
        [0, 1],
        [2, 0],
      ],
      { numNodes: [2, 3], numNegSamples: 9, generator: generator() },
    );
    expect(key(kinds).sort((a, b) => a - b)).toEqual([0, 1, 1001, 1002]);
    expect(
      U.negativeSampling([
        [0, 1],
        [1, 0],
      ]).numEdges,
    ).toBe(0);
  });
});
