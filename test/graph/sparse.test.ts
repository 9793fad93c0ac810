/** Sparse features: the same numbers as those of the whole matrix. */
import { describe, expect, test } from "vitest";
import { gradient, key, randomUniform, type Tensor, tensor } from "../../src/core/index.ts";
import type { EdgeInput } from "../../src/graph/edges.ts";
import {
  Data,
  dropout,
  GATConv,
  GCNConv,
  type Graph,
  type GraphContext,
  GraphModel,
  graphContext,
  SAGEConv,
  TorchAdam,
} from "../../src/graph/index.ts";
import { asSparse, isSparse, SparseMatrix, sparseArrays } from "../../src/graph/sparse.ts";
import { SparseCategoricalCrossentropy } from "../../src/nn/losses/sparse-categorical-crossentropy.ts";

const [nodes, features] = [260, 270];
const noise = randomUniform(key(3), [nodes, features]).dataSync() as Float32Array;
/** One row and one column are empty. */
const values = noise.map((v, i) => (v < 0.02 && i >= features && i % features > 0 ? 1 + v : 0));

describe("a sparse matrix", () => {
  const arrays = sparseArrays(values, [nodes, features]);
  const sparse = () => new SparseMatrix((name) => tensor(arrays[name]));
  const matrix = randomUniform(key(4), [features, 5]);

  test("times a matrix, and both gradients, are those of the whole", () => {
    const factors = randomUniform(key(5), [nodes, features]);
    const results = (product: (w: Tensor) => Tensor) => {
      const y = product(matrix);
      return [y, ...gradient(y.mul(y).sum(), [matrix])].map((t) => [...t.dataSync()]);
    };
    const whole = results((w) =>
      tensor(values, { shape: [nodes, features] })
        .mul(factors)
        .matmul(w),
    );
    const part = results((w) => sparse().times(factors).matmul(w));
    expect(part[0]).toEqual(whole[0]);
    for (const [i, v] of part[1]!.entries()) expect(v).toBeCloseTo(whole[1]![i]!, 4);
  });

  test("the gradient for its values", () => {
    const v = tensor(arrays.value);
    const [g] = gradient(new SparseMatrix((name) => tensor(arrays[name]), v).matmul(matrix).sum(), [v]);
    const sums = matrix.sum(1).dataSync();
    expect([...g!.dataSync()]).toEqual(Array.from(arrays.column, (c) => expect.closeTo(sums[c]!, 4)));
  });

  test("is worth it where most of a large matrix is 0", () => {
    expect(isSparse(values, [nodes, features])).toBe(true);
    expect(isSparse(noise, [nodes, features])).toBe(false);
    expect(isSparse(values.subarray(0, features), [1, features])).toBe(false);
  });

  test("an operation that does not know it uses the tensor", () => {
    const x = asSparse(tensor(values, { shape: [nodes, features] }), sparse());
    expect(dropout(x, 0.5, graphContext()).sum().dataSync()[0]).toBeCloseTo(
      values.reduce((a, b) => a + b, 0),
      1,
    );
  });
});

describe("a model of one graph with sparse features", () => {
  const edges = Array.from({ length: 600 }, (_, i) => [(i * 7) % nodes, (i * 13 + 5) % nodes] as const);
  const data = (x: Float32Array) =>
    new Data({
      x: tensor(x, { shape: [nodes, features] }),
      edgeIndex: [edges.map((e) => e[0]), edges.map((e) => e[1])],
      y: Int32Array.from({ length: nodes }, (_, i) => i % 3),
    });
  const convolutions = {
    GCNConv: () => new GCNConv(features, 3),
    GATConv: () => new GATConv(features, 3),
    SAGEConv: () => new SAGEConv(features, 3),
  };

  test.each(Object.entries(convolutions))("%s learns as from batches of it", async (_, make) => {
    const losses = async (train: (m: GraphModel) => Promise<{ history: Record<string, unknown> }>) => {
      class Net extends GraphModel {
        conv = make() as { call(x: Tensor, e: EdgeInput): Tensor };
        call({ x, edgeIndex }: Graph, ctx: GraphContext) {
          return this.conv.call(dropout(x, 0.5, ctx), edgeIndex);
        }
      }
      const model = new Net();
      model.setWeights(
        model.weights().map((w, i) => randomUniform(key(i), w.shape).sub(0.5).dataSync() as Float32Array),
      );
      model.compile({
        optimizer: new TorchAdam({ learningRate: 0.05 }),
        loss: new SparseCategoricalCrossentropy({ fromLogits: true }),
        backend: "wasm",
      });
      return (await train(model)).history.loss as number[];
    };
    const options = { epochs: 4, verbose: 0 } as const;
    const one = await losses((m) => m.fit(data(values), options));
    const batches = await losses((m) => m.fit([data(values)], options));
    expect(one).toEqual(batches.map((l) => expect.closeTo(l, 5)));
    expect(one[3]).toBeLessThan(one[0]!);
  });
});
