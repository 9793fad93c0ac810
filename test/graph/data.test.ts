import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { manualSeed, TorchGenerator, tensor } from "../../src/core/index.ts";
import { Batch } from "../../src/graph/batch.ts";
import { compressedNames } from "../../src/graph/compressed.ts";
import { Data } from "../../src/graph/data.ts";
import { KarateClub, TUDataset } from "../../src/graph/datasets.ts";
import { EdgeIndex } from "../../src/graph/edge-index.ts";
import { DataLoader } from "../../src/graph/loader.ts";
import { DataError, ShapeError, UsageError } from "../../src/ir/errors.ts";

describe("the karate club", () => {
  const data = KarateClub().at(0);

  test("prints as PyTorch Geometric prints it", () => {
    const dataset = KarateClub();
    expect(`${dataset}`).toBe("KarateClub()");
    expect([dataset.length, dataset.numFeatures, dataset.numClasses]).toEqual([1, 34, 4]);
    expect(`${data}`).toBe("Data(x=[34, 34], edge_index=[2, 156], y=[34], train_mask=[34])");
  });

  test("its statistics", () => {
    const { numNodes, numEdges } = data;
    expect([numNodes, numEdges, (numEdges / numNodes).toFixed(2)]).toEqual([34, 156, "4.59"]);
    expect([data.hasIsolatedNodes, data.hasSelfLoops, data.isUndirected]).toEqual([false, false, true]);
    const training = [...data.array("trainMask").data].flatMap((m, i) => (m ? [i] : []));
    expect(training).toEqual([0, 4, 8, 24]);
    expect([...data.edgeIndex.source.slice(0, 3)]).toEqual([0, 0, 0]);
    expect([...data.edgeIndex.target.slice(0, 3)]).toEqual([1, 2, 3]);
  });
});

describe("Data", () => {
  test("numbers, texts, lists and dictionaries print as PyTorch Geometric prints them", () => {
    const data = new Data({
      y: tensor(3, { dtype: "int32" }),
      name: "a b",
      list: ["p", "q"],
      flag: true,
      edgeIndex: [[0], [1]],
      x: [[1], [2]],
    });
    expect(`${data}`).toBe("Data(x=[2, 1], edge_index=[2, 1], y=3, name='a b', list=[2], flag=True)");
    const meta = new Map<string, unknown>([
      ["a", 1],
      ["b", new Map()],
    ]);
    expect(`${new Data({ x: [[1]], meta, one: new Map([["k", 2]]) })}`).toBe(
      "Data(\n  x=[1, 1],\n  meta={\n    a=1,\n    b={},\n  },\n  one={ k=2 }\n)",
    );
  });

  test("is changed by making another one", () => {
    const data = new Data({ edgeIndex: [[0], [1]], numNodes: 3 });
    const more = data.with({ testMask: [true, false, true] });
    expect(`${data}`).toBe("Data(edge_index=[2, 1], num_nodes=3)");
    expect(`${more}`).toBe("Data(edge_index=[2, 1], num_nodes=3, test_mask=[3])");
    expect([more.numNodes, `${more.with({ testMask: null })}`]).toEqual([3, `${data}`]);
  });

  test("validate names the field", () => {
    const data = new Data({
      x: [[1], [2]],
      edgeIndex: [
        [0, 1],
        [1, 0],
      ],
    });
    expect(data.validate()).toBe(data);
    expect(() => data.with({ edgeAttr: [[1]] }).validate()).toThrow(/edgeAttr/);
    expect(() => data.with({ trainMask: [true] }).validate()).toThrow(ShapeError);
    expect(() => data.with({ edgeWeight: [1, Number.NaN] }).validate()).toThrow(/NaN at position 1/);
    expect(() => data.array("pos")).toThrow(DataError);
    expect(() => new Data({ x: [[1], [2, 3]] })).toThrow(ShapeError);
  });

  test("edges that do not fit are refused", () => {
    expect(() => new Data({ x: [[1]], edgeIndex: [[0], [1]] })).toThrow(DataError);
    expect(
      () =>
        new EdgeIndex([
          [0, -1],
          [0, 0],
        ]),
    ).toThrow(/edge 1/);
    expect(() => new EdgeIndex([[0], [0, 1]])).toThrow(ShapeError);
    expect(() => new EdgeIndex([[0.5], [0]])).toThrow(DataError);
    expect(new EdgeIndex([[], []]).numNodes).toBe(0);
  });
});

describe("EdgeIndex", () => {
  const index = new EdgeIndex(
    [
      [0, 2, 2, 1, 0],
      [1, 1, 2, 0, 1],
    ],
    4,
  );

  test("rows, columns and the self-loops that are missing", () => {
    const { ptr, source, edge, columnPtr, column } = index.compressed;
    expect([[...ptr], [...source], [...edge]]).toEqual([
      [0, 1, 4, 5, 5],
      [1, 0, 2, 0, 2],
      [3, 0, 1, 4, 2],
    ]);
    expect([[...columnPtr], [...column]]).toEqual([
      [0, 2, 3, 5, 5],
      [1, 3, 0, 2, 4],
    ]);
    const loops = index.compressedWithLoops;
    expect([...loops.ptr]).toEqual([0, 2, 6, 7, 8]);
    expect([...loops.source]).toEqual([1, 0, 0, 2, 0, 1, 2, 3]);
    expect([...loops.edge]).toEqual([3, 5, 0, 1, 4, 5, 2, 5]);
    expect([...loops.order]).toEqual([2, 4, 0, 1, 3, 5, 6, 7]);
    loops.order.forEach((e, p) => {
      expect(loops.place[e]).toBe(p);
    });
  });

  test("as a matrix and back", () => {
    expect([...index.toDense()]).toEqual([0, 2, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
    expect(
      EdgeIndex.fromDense([
        [0, 1],
        [1, 1],
      ]).target,
    ).toEqual(Int32Array.of(1, 0, 1));
    expect([index.hasSelfLoops, index.isUndirected, index.hasIsolatedNodes]).toEqual([true, false, true]);
    expect([...index.degree()]).toEqual([1, 3, 1, 0]);
  });

  test("joined structures are those of the joined edges", () => {
    const graphs = [
      index,
      new EdgeIndex([[], []], 0),
      new EdgeIndex([[0], [0]], 2),
      new EdgeIndex([
        [1, 0],
        [0, 1],
      ]),
    ];
    const joined = EdgeIndex.join(graphs);
    const plain = new EdgeIndex([joined.source, joined.target], joined.numNodes);
    for (const name of compressedNames) {
      expect(joined.compressed[name], name).toEqual(plain.compressed[name]);
      expect(joined.compressedWithLoops[name], name).toEqual(plain.compressedWithLoops[name]);
    }
  });
});

describe("batches", () => {
  const graphs = [
    new Data({ x: [[1], [2]], edgeIndex: [[0], [1]], y: [1], id: 7, assignIndex: [[0, 1]], name: "a" }),
    new Data({ x: [[3]], edgeIndex: [[], []], y: [0], id: 8, assignIndex: [[0]], name: "b" }),
  ];

  test("graphs stand side by side", () => {
    const batch = Batch.from(graphs);
    expect(`${batch}`).toBe(
      "DataBatch(x=[3, 1], edge_index=[2, 1], y=[2], id=[2], assign_index=[1, 3], name=[2], batch=[3], ptr=[3])",
    );
    expect([...batch.array("assignIndex").data]).toEqual([0, 1, 2]);
    expect([[...batch.batch.data], [...batch.ptr.data], batch.numGraphs]).toEqual([[0, 0, 1], [0, 2, 3], 2]);
    expect(batch.unbatch()).toEqual(graphs);
    expect(() => Batch.from([])).toThrow(DataError);
    expect(() => Batch.from([graphs[0]!, graphs[1]!.with({ id: null })])).toThrow(/no field id/);
    expect(() => Batch.from([graphs[0]!, graphs[1]!.with({ x: [[1, 2]] })])).toThrow(ShapeError);
  });

  test("loaders make them; the last one may be small", () => {
    const three = [...graphs, graphs[0]!];
    const sizes = (options: object) =>
      [...new DataLoader(three, { batchSize: 2, ...options })].map((b) => b.numGraphs);
    expect(sizes({})).toEqual([2, 1]);
    expect(sizes({ dropLast: true })).toEqual([2]);
    const seen = (seed: number) =>
      [...new DataLoader(three, { shuffle: true, generator: new TorchGenerator(seed) })].map(
        (b) => b.numNodes,
      );
    expect(seen(1)).toEqual(seen(1));
    expect(() => new DataLoader(three, { batchSize: 0 })).toThrow(UsageError);
  });
});

const shared = "../shared/data";
describe.skipIf(!existsSync(shared))("public data sets (need ../shared)", () => {
  test("MUTAG, and the three batches of the notebook", async () => {
    let dataset = await TUDataset(shared, "MUTAG");
    expect(`${dataset}`).toBe("MUTAG(188)");
    expect([dataset.numFeatures, dataset.numClasses, dataset.numEdgeFeatures]).toEqual([7, 2, 4]);
    expect(`${dataset.at(0)}`).toBe("Data(edge_index=[2, 38], x=[17, 7], edge_attr=[38, 4], y=[1])");
    const labels = [...dataset].map((d) => d.y!.data[0]);
    expect(labels.filter((y) => y === 1)).toHaveLength(125);

    manualSeed(12345);
    dataset = dataset.shuffle();
    const lines = [...new DataLoader(dataset.slice(0, 150), { batchSize: 64, shuffle: true })].map(String);
    expect(lines).toEqual([
      "DataBatch(edge_index=[2, 2636], x=[1188, 7], edge_attr=[2636, 4], y=[64], batch=[1188], ptr=[65])",
      "DataBatch(edge_index=[2, 2506], x=[1139, 7], edge_attr=[2506, 4], y=[64], batch=[1139], ptr=[65])",
      "DataBatch(edge_index=[2, 852], x=[387, 7], edge_attr=[852, 4], y=[22], batch=[387], ptr=[23])",
    ]);
  });
});
