/** What every operator, readout, pooling, normalisation and model must hold, over the table of them. */
import { beforeAll, describe, expect, test } from "vitest";
import { compile, gradient, manualSeed, type Tensor, tensor, type Variable } from "../../src/core/index.ts";
import { convs } from "../../src/graph/convs/index.ts";
import {
  Batch,
  Data,
  DynamicEdgeConv,
  EdgeConv,
  GCNConv,
  Graph,
  type GraphContext,
  GraphDataset,
  GraphModel,
  graphContext,
  knnGraph,
  Linear,
  SAGEConv,
  TorchAdam,
} from "../../src/graph/index.ts";
import { stateBytes } from "../../src/graph/state.ts";
import { DataError, ShapeError } from "../../src/ir/errors.ts";
import { type Row, rows, width } from "./operators-table.ts";
import { checkStar, run } from "./star.ts";

beforeAll(() => void manualSeed(null));

/** Numbers between -1 and 1 that repeat from run to run. */
function numbers(count: number, from = 0): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(12.9898 * (i + 1 + from) ** 1.3));
}

/** A graph with features of nodes and edges from its pairs. */
function graphOf(nodes: number, pairs: readonly (readonly [number, number])[], from = 0): Data {
  const edges = pairs.length;
  const f32 = (data: Float32Array, ...shape: number[]) => ({ data, shape, dtype: "float32" as const });
  return new Data({
    x: f32(numbers(nodes * width.nodes, from), nodes, width.nodes),
    edgeIndex: [pairs.map(([s]) => s), pairs.map(([, t]) => t)],
    edgeAttr: f32(numbers(edges * width.edges, from + 5), edges, width.edges),
    edgeWeight: f32(
      numbers(edges, from + 9).map((v) => Math.abs(v) + 0.2),
      edges,
    ),
    numNodes: nodes,
  });
}

const usual = graphOf(6, [
  [0, 1],
  [1, 0],
  [1, 2],
  [3, 1],
  [2, 4],
  [4, 3],
  [0, 4],
]);

/** Graphs with which something may go wrong. */
const zoo: Readonly<Record<string, Data>> = {
  "no nodes": graphOf(0, []),
  "one node": graphOf(1, []),
  "one node with a loop": graphOf(1, [[0, 0]]),
  "no edges": graphOf(4, []),
  "isolated nodes": graphOf(5, [
    [1, 3],
    [3, 1],
  ]),
  "equal edges": graphOf(3, [
    [0, 1],
    [0, 1],
    [2, 1],
    [0, 1],
  ]),
  "loops there already": graphOf(3, [
    [0, 0],
    [0, 1],
    [1, 1],
    [2, 0],
  ]),
  "against the order": graphOf(4, [
    [3, 0],
    [2, 3],
    [1, 0],
    [0, 2],
  ]),
};

type Made = ReturnType<Row["make"]>;

function near(a: ArrayLike<number>, b: ArrayLike<number>, tolerance = 1e-4): void {
  expect(a.length).toBe(b.length);
  Array.from(a).forEach((v, i) => {
    expect(Math.abs(v - b[i]!)).toBeLessThanOrEqual(tolerance * (1 + Math.abs(b[i]!)));
  });
}

/** The rows of a matrix. */
function rowsOf(t: Tensor): number[][] {
  const [count, inner] = [t.shape[0] as number, (t.shape[1] as number | undefined) ?? 1];
  const data = t.dataSync();
  return Array.from({ length: count }, (_, r) => Array.from(data.subarray(r * inner, (r + 1) * inner)));
}

/** The same graph with node i called `to[i]`. */
function renamed(data: Data, to: readonly number[]): Data {
  const x = data.x!;
  const moved = new Float32Array(x.data.length);
  to.forEach((row, i) => {
    moved.set(x.data.subarray(i * width.nodes, (i + 1) * width.nodes), row * width.nodes);
  });
  const { source, target } = data.edgeIndex;
  return data.with({
    x: { ...x, data: moved },
    edgeIndex: [Array.from(source, (s) => to[s]!), Array.from(target, (t) => to[t]!)],
  });
}

test("every operator is in the table", () => {
  for (const name of Object.keys(convs)) expect(rows.some((r) => r.name.startsWith(name))).toBe(true);
});

describe.each(rows)("$name", (row) => {
  test("is defined on graphs with which something may go wrong, together and alone", () => {
    const made = row.make();
    const { "no nodes": none, "no edges": loose } = zoo as Record<string, Data>;
    for (const data of [none!, loose!, new Batch(Object.values(zoo))]) {
      const out = run(made, data);
      const graphs = data instanceof Batch ? data.numGraphs : 1;
      expect(out.shape[0]).toBe(row.rows === "graphs" ? graphs : data.numNodes);
      expect(out.dataSync().every(Number.isFinite)).toBe(true);
    }
  });

  test("nodes may be called otherwise", () => {
    const made = row.make();
    const to = [3, 5, 0, 1, 4, 2];
    const before = rowsOf(run(made, usual));
    const after = rowsOf(run(made, renamed(usual, to)));
    before.forEach((values, i) => {
      near(after[row.rows === "graphs" ? i : to[i]!]!, values);
    });
  });

  test("a batch, with an empty graph in it, gives what its graphs give", () => {
    const made = row.make();
    const graphs = [usual, graphOf(0, []), graphOf(3, [[0, 2]], 3)];
    const together = rowsOf(run(made, new Batch(graphs)));
    const alone = graphs.flatMap((g) => rowsOf(run(made, new Batch([g]))));
    expect(together.length).toBe(alone.length);
    together.forEach((values, i) => {
      near(values, alone[i]!);
    });
  });

  // Of 100,000 leaves: contracts.whole.test.ts.
  test.skipIf(row.allPairs)("a star of 1,000 leaves (GN-1)", () => checkStar(row, 1000));

  test("gradients are the slopes in float64", async () => {
    const made = row.make();
    const weights = (made.module?.named() ?? []).map(([, w]) => w).filter((w) => w.trainable);
    const graph = Graph.of(usual);
    const loss = (x: Tensor): Tensor => {
      const other = new Proxy(graph, {
        get(g, name) {
          const value = Reflect.get(g, name, g);
          if (name === "x") return x;
          return typeof value === "function" ? value.bind(g) : value;
        },
      });
      const out = made.call(other, graphContext());
      const c = numbers(
        (out.shape as number[]).reduce((a, b) => a * b, 1),
        31,
      );
      return out.mul(tensor(c, { shape: out.shape as number[] })).sum();
    };
    const step = compile(
      (x) => {
        const value = loss(x);
        return [value, ...gradient(value, [x, ...weights])];
      },
      { backend: "reference" },
    );
    const x = usual.x!.data as Float32Array;
    const at = async (values: Float32Array) =>
      (await step(tensor(values, { shape: [6, 3] })))[0]!.dataSync()[0]!;
    const slopes = (await step(tensor(x, { shape: [6, 3] }))).slice(1).map((t) => t.dataSync());
    const h = 2 ** -11;
    const slope = async (move: (h: number) => Promise<number>) =>
      ((await move(h)) - (await move(-h))) / (2 * h);
    const along = (g: ArrayLike<number>, d: ArrayLike<number>) =>
      Array.from(g).reduce((sum, v, i) => sum + v * d[i]!, 0);
    const direction = numbers(x.length, 77);
    const moved = await slope((t) => at(x.map((v, i) => v + t * direction[i]!)));
    near([along(slopes[0]!, direction)], [moved], 5e-3);
    const first = weights.map((w: Variable) => w.read());
    const own = weights.map((_, k) => numbers(first[k]!.length, 90 + k));
    const shifted = await slope(async (t) => {
      weights.forEach((w, k) => {
        w.write(Float32Array.from(first[k]!, (v, i) => v + t * own[k]![i]!));
      });
      return at(x);
    });
    const expected = own.reduce((sum, _, k) => sum + along(slopes[k + 1]!, own[k]!), 0);
    near([expected], [shifted], 5e-3);
    step.release();
  });

  test("weights are saved and loaded, and one step of training changes the model", async () => {
    const made = row.make();
    if (made.module === undefined) return;
    const other = row.make();
    await made.module.load(stateBytes(other.module!));
    expect([...made.module.stateDict()]).toEqual([...other.module!.stateDict()]);
    if (!made.module.named().some(([, w]) => w.trainable)) return;
    const model = new Trained(made);
    model.compile({ optimizer: new TorchAdam({ learningRate: 0.1 }), loss: "meanSquaredError" });
    const count = row.rows === "graphs" ? 2 : 9;
    const graphs = [usual, graphOf(3, [[0, 2]], 3)];
    const y = (g: Data) => ({
      data: numbers(row.rows === "graphs" ? 1 : g.numNodes, 3),
      shape: [row.rows === "graphs" ? 1 : g.numNodes, 1],
      dtype: "float32" as const,
    });
    const before = model.getWeights();
    const { history } = await model.fit(
      graphs.map((g) => g.with({ y: y(g) })),
      { epochs: 1, verbose: 0, batchSize: count },
    );
    expect(Number.isFinite(history.loss![0])).toBe(true);
    const after = model.getWeights();
    expect(after.some((w, i) => w.some((v, j) => v !== before[i]![j]))).toBe(true);
    expect(after.every((w) => w.every(Number.isFinite))).toBe(true);
  });

  test("batches that are picked on the backend train as those that are joined do, to the last bit", async () => {
    const made = row.make();
    if (!made.module?.named().some(([, w]) => w.trainable)) return;
    const before = made.module.named().map(([, w]) => w.read() as Float32Array);
    const { "loops there already": loops, "equal edges": equal, "no edges": loose } = zoo;
    const graphs = [usual, loops!, graphOf(3, [[0, 2]], 3), loose!, equal!].map((g, i) => {
      const count = row.rows === "graphs" ? 1 : g.numNodes;
      return g.with({ y: { data: numbers(count, i), shape: [count, 1], dtype: "float32" } });
    });
    // Graphs that a transform makes anew each time cannot be packed.
    const joined = new GraphDataset("joined", graphs, { transform: (g) => g });
    const trained = [];
    for (const data of [graphs, joined]) {
      made.module.named().forEach(([, w], i) => {
        w.write(before[i]!);
      });
      const model = new Trained(made);
      model.compile({ optimizer: new TorchAdam({ learningRate: 0.01 }), loss: "meanSquaredError" });
      const { history } = await model.fit(data, { epochs: 2, verbose: 0, batchSize: 2 });
      trained.push({ loss: history.loss, weights: model.getWeights() });
    }
    expect(trained[0]).toEqual(trained[1]);
  });

  test.skipIf(row.anyWidth)("features of another width are refused", () => {
    const wide = usual.with({ x: { data: numbers(30), shape: [6, 5], dtype: "float32" } });
    expect(() => run(row.make(), wide).dataSync()).toThrow(ShapeError);
  });
});

/** An operator as a model with one number in every row. */
class Trained extends GraphModel {
  readonly op: Made["module"];
  readonly #made: Made;

  constructor(made: Made) {
    super();
    this.op = made.module;
    this.#made = made;
  }

  call(graph: Graph, ctx: GraphContext): Tensor {
    const y = this.#made.call(graph, ctx);
    return y.reshape([y.shape[0]!, -1]).sum(-1, { keepdims: true });
  }
}

test("edges to nodes that do not exist are refused", () => {
  const x = tensor(numbers(9), { shape: [3, 3] });
  expect(() =>
    new GCNConv(3, 2).call(x, [
      [0, 3],
      [1, 1],
    ]),
  ).toThrow(DataError);
  expect(() =>
    new GCNConv(3, 2).call(x, [
      [0, -1],
      [1, 1],
    ]),
  ).toThrow(DataError);
  expect(() => new GCNConv(3, 2).call(x, [[0, 1], [1]])).toThrow(ShapeError);
  const other = Graph.of(usual).edgeIndex;
  expect(() => new GCNConv(3, 2).call(x, other)).toThrow(ShapeError);
  const weights = tensor(numbers(3));
  expect(() =>
    new GCNConv(3, 2).call(
      x,
      [
        [0, 1],
        [1, 2],
      ],
      weights,
    ),
  ).toThrow(ShapeError);
});

test("widths may come from the first call", () => {
  const x = tensor(numbers(9), { shape: [3, 3] });
  const conv = new GCNConv(-1, 2);
  expect(
    conv.call(x, [
      [0, 1],
      [1, 2],
    ]).shape,
  ).toEqual([3, 2]);
  expect(conv.lin.weight!.shape).toEqual([2, 3]);
});

test("neighbours found in the program are those of knnGraph", () => {
  const dynamic = new DynamicEdgeConv([new Linear(4, 3)], 4);
  const fixed = new EdgeConv([new Linear(4, 3)]);
  fixed.loadStateDict(dynamic.stateDict());
  const pos = { data: numbers(40), shape: [20, 2], dtype: "float32" as const };
  const batch = {
    data: Int32Array.from({ length: 20 }, (_, i) => (i < 12 ? 0 : 1)),
    shape: [20],
    dtype: "int32" as const,
  };
  const x = tensor(pos.data, { shape: [20, 2] });
  const found = dynamic.call(x, batch.data);
  const edges = knnGraph(pos, 4, { batch, loop: true });
  near(found.dataSync(), fixed.call(x, edges).dataSync());
});

test("an LSTM over neighbours needs to know how many, unless the graph is fixed", async () => {
  const made = (options: { maxNumElements?: number }) => {
    const op = new SAGEConv(width.nodes, 2, { aggr: "lstm", ...options });
    return new Trained({ module: op, call: (g) => op.call(g.x, g.edgeIndex) });
  };
  await expect(made({}).predict([usual])).rejects.toThrow(/maxNumElements: 32/);
  expect(made({}).call(Graph.of(usual), graphContext()).shape).toEqual([6, 1]);
  expect((await made({ maxNumElements: 2 }).predict([usual, usual])) as Tensor).toMatchObject({
    shape: [12, 1],
  });
});
