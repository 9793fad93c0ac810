/** Runs over graphs to be cut and resumed: order, noise and validation drawn as PyTorch draws them, or counted. */
import { defaultGenerator, key, manualSeed, TorchGenerator } from "../../src/core/index.ts";
import { counted } from "../../src/graph/draws.ts";
import {
  Data,
  DataLoader,
  dropout,
  GCNConv,
  GINConv,
  type Graph,
  type GraphContext,
  type GraphFitOptions,
  GraphModel,
  globalMeanPool,
  KarateClub,
  MLP,
  TorchAdam,
  TorchLinear,
} from "../../src/graph/index.ts";
import { clearSession, EarlyStopping, LambdaCallback } from "../../src/nn/index.ts";
import { SparseCategoricalCrossentropy } from "../../src/nn/losses/sparse-categorical-crossentropy.ts";
import type { Setting } from "../nn/resume-kit.ts";
import { noise } from "../nn/training-kit.ts";

/** Classes of nodes. */
class GCN extends GraphModel {
  readonly conv1 = new GCNConv(34, 8);
  readonly conv2 = new GCNConv(8, 4);

  call({ x, edgeIndex }: Graph, ctx: GraphContext) {
    const h = dropout(this.conv1.call(dropout(x, 0.3, ctx), edgeIndex).relu(), 0.5, ctx);
    return this.conv2.call(h, edgeIndex);
  }
}

/** Classes of graphs; its batch normalisation keeps running statistics. */
class GIN extends GraphModel {
  readonly conv = new GINConv(new MLP([3, 8, 8]), { trainEps: true });
  readonly lin = new TorchLinear(8, 2);

  call({ x, edgeIndex, batch }: Graph, ctx: GraphContext) {
    const h = globalMeanPool(this.conv.call(x, edgeIndex, ctx).relu(), batch);
    return this.lin.call(dropout(h, 0.4, ctx));
  }
}

/** As in a new process: names of layers count from the start. */
function seeded(seed: number | null): void {
  clearSession();
  manualSeed(seed);
}

function compiled<T extends GraphModel>(model: T): T {
  model.compile({
    optimizer: new TorchAdam({ learningRate: 0.02 }),
    loss: new SparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ["accuracy"],
    backend: "wasm",
  });
  return model;
}

/** Rings of 3 to 8 nodes with features of two kinds. */
function rings(count: number, seed: number): Data[] {
  const next = noise(seed);
  return Array.from({ length: count }, (_, g) => {
    const nodes = 3 + (g % 6);
    const from = Int32Array.from({ length: nodes }, (_, i) => i);
    const x = Float32Array.from({ length: 3 * nodes }, () => next() + (g % 2) / 2);
    return new Data({
      x: { data: x, shape: [nodes, 3], dtype: "float32" },
      edgeIndex: [from, from.map((i) => (i + 1) % nodes)],
      y: { data: Int32Array.of(g % 2), shape: [1], dtype: "int32" },
    });
  });
}

const karate = (() => {
  const data = KarateClub().at(0);
  const { data: marks, shape, dtype } = data.array("trainMask");
  return data.with({ testMask: { data: marks.map((m) => 1 - m), shape, dtype } });
})();
const [training, validation] = [rings(22, 1), rings(11, 2)];

export const graphSettings: Readonly<Record<string, Setting>> = {
  "GCN on one graph, noise as PyTorch draws it": {
    epochs: 12,
    more: () => [new EarlyStopping({ monitor: "val_loss", patience: 12, restoreBestWeights: true })],
    fit(options) {
      seeded(12);
      const masks = { mask: "trainMask", validationMask: "testMask" };
      return compiled(new GCN()).fit(karate, { ...masks, ...(options as GraphFitOptions) });
    },
  },
  "GIN on batches, order and noise as PyTorch draws them": {
    epochs: 6,
    // As notebooks do that go through their loaders after each epoch.
    more: () => [new LambdaCallback({ onEpochEnd: () => void defaultGenerator.dataLoaderSeed() })],
    fit(options) {
      seeded(34);
      const model = compiled(new GIN());
      const validationData = new DataLoader(validation, { batchSize: 4, shuffle: true });
      const loader = new DataLoader(training, { batchSize: 6, shuffle: true });
      return model.fit(loader, { validationData, ...(options as GraphFitOptions) });
    },
  },
  "GIN on batches, a loader with a generator of its own, counted noise": {
    epochs: 6,
    more: () => [],
    fit(options) {
      seeded(null);
      const model = compiled(new GIN());
      model.resetParameters(counted(key(56)));
      const generator = new TorchGenerator(7);
      const loader = new DataLoader(training, { batchSize: 6, shuffle: true, generator });
      return model.fit(loader, {
        ...{ validationData: validation, seed: 3, batchSize: 4 },
        ...(options as GraphFitOptions),
      });
    },
  },
};
