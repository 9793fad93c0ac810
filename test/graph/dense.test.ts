/** Operators against their formulas with dense matrices in float64, on 200 random graphs, forward and gradient (GN-2). */
import { describe, expect, test } from "vitest";
import { gradient, type Tensor } from "../../src/core/index.ts";
import {
  type AggregationName,
  Data,
  GCNConv,
  type Graph,
  type GraphContext,
  GraphModel,
  SimpleConv,
} from "../../src/graph/index.ts";
import { noise } from "../nn/training-kit.ts";

const [inputs, outputs] = [3, 2];
type Matrix = readonly (readonly number[])[];

const next = noise(8);
const matrix = (rows: number, columns: number) =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => Math.fround(next())));
const zeros = (rows: number, columns: number) =>
  Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
const times = (a: Matrix, b: Matrix): number[][] =>
  a.map((row) => (b[0] ?? []).map((_, j) => row.reduce((sum, v, k) => sum + v * b[k]![j]!, 0)));
const transposed = (a: Matrix, columns: number): number[][] =>
  Array.from({ length: columns }, (_, j) => a.map((row) => row[j]!));

interface Dense {
  readonly data: Data;
  readonly x: Matrix;
  readonly c: Matrix;
  /** adjacency[target][source] is the number of edges. */
  readonly adjacency: Matrix;
}

/** 1 to 40 nodes; edges may be equal, loops, or none. */
const graphs: readonly Dense[] = Array.from({ length: 200 }, (_, g) => {
  const nodes = 1 + (g % 40);
  const edges = Math.floor((next() + 1) * nodes * (g % 3));
  const node = () => Math.floor(((next() + 1) / 2) * nodes) % nodes;
  const source = Array.from({ length: edges }, node);
  const target = Array.from({ length: edges }, node);
  const adjacency = zeros(nodes, nodes);
  source.forEach((s, e) => {
    adjacency[target[e]!]![s]!++;
  });
  const [x, c] = [matrix(nodes, inputs), matrix(nodes, inputs)];
  const field = (rows: Matrix) => {
    return { data: Float32Array.from(rows.flat()), shape: [nodes, inputs], dtype: "float32" as const };
  };
  return { data: new Data({ x: field(x), c: field(c), edgeIndex: [source, target] }), x, c, adjacency };
});

/** Gives the output of an operator, and the gradient of its sum with weights c by the features. */
class WithSlope extends GraphModel {
  readonly op: GCNConv | SimpleConv;

  constructor(op: GCNConv | SimpleConv) {
    super();
    this.op = op;
  }

  call(graph: Graph, _ctx: GraphContext): readonly Tensor[] {
    const y = this.op.call(graph.x, graph.edgeIndex);
    const c = graph.get("c")!.slice([0, 0], [graph.numNodes, y.shape[1]!]);
    return [y, ...gradient(y.mul(c).sum(), [graph.x])];
  }
}

async function compare(model: WithSlope, expected: (dense: Dense) => [y: Matrix, slope: Matrix]) {
  const found = (await model.predict(
    graphs.map((g) => g.data),
    { batchSize: 16 },
  )) as Tensor[];
  const wanted = graphs.map(expected);
  found.forEach((tensor, which) => {
    const values = tensor.dataSync();
    const rows = wanted.flatMap((pair) => pair[which]!).flat();
    expect(values.length).toBe(rows.length);
    const scale = rows.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    const worst = rows.reduce((most, v, i) => Math.max(most, Math.abs(v - values[i]!)), 0);
    expect(worst).toBeLessThan(1e-5 * scale);
  });
}

describe("on 200 random graphs", () => {
  test("GCNConv is D^-½ (A + I) D^-½ x W", async () => {
    const op = new GCNConv(inputs, outputs, { bias: false });
    const w = op.lin.weight!.read();
    const weights = Array.from({ length: outputs }, (_, o) => [...w.subarray(o * inputs, (o + 1) * inputs)]);
    await compare(new WithSlope(op), ({ adjacency, x, c }) => {
      const looped = adjacency.map((row, t) => row.map((v, s) => (s === t ? 1 : v)));
      const scale = looped.map((row) => 1 / Math.sqrt(row.reduce((a, b) => a + b)));
      const normed = looped.map((row, t) => row.map((v, s) => scale[t]! * v * scale[s]!));
      const cut = c.map((row) => row.slice(0, outputs));
      const y = times(times(normed, x), transposed(weights, inputs));
      return [y, times(times(transposed(normed, x.length), cut), weights)];
    });
  });

  test.each<[AggregationName, (row: readonly number[], x: Matrix) => Matrix]>([
    // The weight of each source in each feature of a target.
    ["sum", (row) => row.map((v) => [v, v, v])],
    ["mean", (row) => row.map((v) => new Array<number>(inputs).fill(v && v / row.reduce((a, b) => a + b)))],
    ["max", (row, x) => chosen(row, x, Math.max)],
    ["min", (row, x) => chosen(row, x, Math.min)],
  ])("%s over neighbours", async (aggr, share) => {
    await compare(new WithSlope(new SimpleConv({ aggr })), ({ adjacency, x, c }) => {
      const y = zeros(x.length, inputs);
      const slope = zeros(x.length, inputs);
      adjacency.forEach((row, t) => {
        share(row, x).forEach((shares, s) => {
          shares.forEach((v, f) => {
            y[t]![f]! += v * x[s]![f]!;
            slope[s]![f]! += v * c[t]![f]!;
          });
        });
      });
      return [y, slope];
    });
  });
});

/** 1 for the source whose feature is the extreme one. */
function chosen(row: readonly number[], x: Matrix, extreme: (...values: number[]) => number): Matrix {
  const there = x.filter((_, s) => row[s]! > 0);
  return row.map((v, s) =>
    x[s]!.map((own, f) => (v > 0 && own === extreme(...there.map((r) => r[f]!)) ? 1 : 0)),
  );
}
