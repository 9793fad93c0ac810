import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { manualSeed, TorchGenerator } from "../../src/core/index.ts";
import { Data, isGraphArray } from "../../src/graph/data.ts";
import type { Transform } from "../../src/graph/dataset.ts";
import { EdgeIndex } from "../../src/graph/edge-index.ts";
import { knnGraph, radiusGraph } from "../../src/graph/neighbours/index.ts";
import type { Splitter } from "../../src/graph/transforms/index.ts";
import * as T from "../../src/graph/transforms/index.ts";
import * as U from "../../src/graph/utils/index.ts";
import { DataError, ShapeError, UsageError } from "../../src/ir/errors.ts";

const recorded = JSON.parse(readFileSync(new URL("../reference/pyg-utils.json", import.meta.url), "utf8"));

const pairs: [number[], number[]] = [
  [0, 2, 2, 1, 0, 4, 4, 3, 1, 5],
  [1, 1, 2, 0, 1, 2, 4, 1, 1, 0],
];
const attr = [1.5, -2, 3, 0.5, 4, -1, 2.5, 6, -3.5, 0.25];
const wide = attr.map((v) => [v, 2 * v - 1]);
const numNodes = 7;
const own = (edgeAttr: number[] | number[][] = attr) => ({ edgeAttr, numNodes });

/** Results as PyTorch Geometric's are recorded: tensors as lists in lists, truth values as numbers or not. */
function plain(value: unknown): unknown {
  if (value instanceof EdgeIndex) return [[...value.source], [...value.target]];
  if (value instanceof Data) return [...value.fields.values()].map(plain);
  if (isGraphArray(value)) {
    const flat = Array.from(value.data, (v) => (value.dtype === "bool" ? v === 1 : v));
    return value.shape.reduceRight<unknown[]>(
      (rows, size) =>
        Array.from({ length: rows.length / (size || 1) }, (_, i) => rows.slice(i * size, (i + 1) * size)),
      flat,
    )[0];
  }
  if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array);
  if (value === undefined) return null;
  return typeof value === "object" && value !== null ? Object.values(value).map(plain) : value;
}

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

describe("transforms are PyTorch Geometric's", () => {
  const graph = new Data({
    x: [
      [1, 2],
      [0, -1],
      [3, 0.5],
      [0, 0],
      [1, 1],
      [2, 8],
      [4, 4],
    ],
    edgeIndex: pairs,
    edgeAttr: wide,
    y: [0, 1, 0, 1, 1, 0, 0],
    pos: [
      [0, 0],
      [1, 0.5],
      [3, -2],
      [0.25, 1],
      [-1, 1],
      [2, 2],
      [5, 0],
    ],
  });
  const table: Record<string, Transform> = {
    NormalizeFeatures: T.NormalizeFeatures(),
    AddSelfLoops: T.AddSelfLoops({ attr: "edgeAttr", fillValue: "mean" }),
    ToUndirected: T.ToUndirected({ reduce: "max" }),
    OneHotDegree: T.OneHotDegree({ maxDegree: 6 }),
    "OneHotDegree in": T.OneHotDegree({ maxDegree: 6, inDegree: true, cat: false }),
    Constant: T.Constant({ value: 2.5 }),
    "Constant alone": T.Constant({ cat: false }),
    Distance: T.Distance(),
    "Distance raw": T.Distance({ norm: false, cat: false }),
    "Distance interval": T.Distance({ maxValue: 10, cat: false, interval: [-1, 1] }),
    Cartesian: T.Cartesian({ cat: false }),
    "Cartesian interval": T.Cartesian({ maxValue: 4, interval: [2, 6] }),
    "Cartesian raw": T.Cartesian({ norm: false, cat: false }),
    Compose: T.Compose([T.Constant(), T.Distance()]),
  };

  test.each(Object.entries(table))("%s", (name, transform) => {
    const [label, fields] = recorded.transforms[name];
    const made = transform(graph);
    const round = (v: unknown): unknown =>
      Array.isArray(v) ? v.map(round) : typeof v === "number" ? Math.round(v * 1e6) / 1e6 : v;
    expect(String(transform).replace(/max_value=(4|10)\)/, "max_value=$1.0)")).toBe(label);
    for (const [field, key] of [
      ["x", "x"],
      ["edgeAttr", "edge_attr"],
      ["edgeIndex", "edge_index"],
      ["y", "y"],
    ]) {
      expect(round(plain(made.get(field!)))).toEqual(round(fields[key!]));
    }
  });

  test("a degree too many is named", () => {
    expect(() => T.OneHotDegree({ maxDegree: 1 })(graph)).toThrow(/degree of at most 1/);
  });

  test("edges of neighbours replace those of the graph", () => {
    const made = T.Compose([T.KNNGraph({ k: 2 }), T.Distance({ norm: false })])(graph);
    expect([made.numEdges, made.edgeAttr!.shape]).toEqual([14, [14, 1]]);
    expect(T.KNNGraph({ k: 2, forceUndirected: true })(graph).isUndirected).toBe(true);
    expect(T.RadiusGraph({ r: 1.2 })(graph).edgeIndex.isUndirected).toBe(true);
    expect(`${T.KNNGraph()} ${T.RadiusGraph({ r: 2 })}`).toBe("KNNGraph(k=6) RadiusGraph(r=2)");
  });

  const club = new Data({
    x: { data: new Float32Array(60), shape: [60, 1], dtype: "float32" },
    edgeIndex: recorded.links.edges,
    y: Int32Array.from({ length: 60 }, (_, i) => i % 3),
  });

  test.each<[string, T.RandomNodeSplitOptions]>([
    ["trainRest", { numVal: 10, numTest: 0.25 }],
    ["testRest", { split: "testRest", numTrainPerClass: 4, numVal: 0.225 }],
    ["random", { split: "random", numSplits: 2, numTrainPerClass: 5, numVal: 8, numTest: 12 }],
  ])("nodes are split as there: %s", (name, options) => {
    manualSeed(11);
    const split = T.RandomNodeSplit(options);
    const made = split(club);
    const masks = ["trainMask", "valMask", "testMask"].map((m) => ({
      ...made.array(m),
      dtype: "int32" as const,
    }));
    expect([String(split), ...masks.map(plain)]).toEqual(recorded.nodeSplits[name]);
  });

  test.each<[string, T.RandomLinkSplitOptions]>([
    ["directed", {}],
    ["undirected", { isUndirected: true, numVal: 0.05, numTest: 0.1, negSamplingRatio: 0.5 }],
    ["split", { numVal: 6, numTest: 9, splitLabels: true, disjointTrainRatio: 0.3 }],
    ["alone", { addNegativeTrainSamples: false }],
  ])("edges are split as there: %s", (name, options) => {
    const [label, parts] = recorded.links[name];
    manualSeed(13);
    const split: Splitter = T.RandomLinkSplit(options);
    const made = split(club);
    expect([String(split), made.map(String)]).toEqual([label, parts.map(([text]: [string]) => text)]);
    expect(made.map((d) => plain(d.edgeIndex))).toEqual(parts.map(([, edges]: [string, unknown]) => edges));
  });

  test("labels of links tell edges from pairs without one; values of edges go with them", () => {
    const weighted = club.with({ edgeWeight: Float32Array.from({ length: club.numEdges }, (_, e) => e) });
    const parts = T.Compose([T.Constant(), T.RandomLinkSplit({ generator: new TorchGenerator(1) })])(
      weighted,
    );
    expect(parts).toHaveLength(3);
    const there = new Set(Array.from(club.edgeIndex.source, (s, e) => `${s} ${club.edgeIndex.target[e]}`));
    for (const part of parts) {
      expect(part.x!.shape).toEqual([60, 2]);
      expect(part.array("edgeWeight").shape).toEqual([part.numEdges]);
      const { data, shape } = part.array("edgeLabelIndex");
      const labels = part.array("edgeLabel").data;
      labels.forEach((label, i) => {
        expect(there.has(`${data[i]} ${data[shape[1]! + i]}`)).toBe(label === 1);
      });
    }
    expect(() => T.RandomLinkSplit({ numVal: 0.5, numTest: 0.5 })(club)).toThrow(UsageError);
    const typed = T.RandomLinkSplit({ key: "edgeType", generator: new TorchGenerator(2) })(
      club.with({ edgeType: new Int32Array(club.numEdges).fill(2) }),
    );
    expect(new Set(typed[0].array("edgeType").data)).toEqual(new Set([3, 0]));
  });
});
