import { describe, expect, test } from "vitest";
import { manualSeed, TorchGenerator } from "../../src/core/index.ts";
import { Data } from "../../src/graph/data.ts";
import type { Transform } from "../../src/graph/dataset.ts";
import type { Splitter } from "../../src/graph/transforms/index.ts";
import * as T from "../../src/graph/transforms/index.ts";
import { UsageError } from "../../src/ir/errors.ts";
import { pairs, plain, recorded, wide } from "./recorded.ts";

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
