/** Training has the same bits on wasm and in native code, for any number of threads. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { type BackendName, manualSeed } from "../../src/core/index.ts";
import { GATConv, GCNConv, type Graph, GraphModel, KarateClub, TorchAdam } from "../../src/graph/index.ts";
import { loadModel, type Model } from "../../src/nn/index.ts";
import { SparseCategoricalCrossentropy } from "../../src/nn/losses/sparse-categorical-crossentropy.ts";
import { nativeProblem } from "../native.ts";
import { hasShared, mnist, shared } from "../nn/training-kit.ts";

const there = hasShared("reference/training") && hasShared("data/mnist");

async function weightsAfter(name: string, backend: BackendName): Promise<string> {
  const model = await loadModel(
    new Uint8Array(readFileSync(shared(`reference/training/${name}.initial.h5`))),
  );
  const { optimizer } = model.compiled!;
  model.compile({ optimizer, loss: "sparseCategoricalCrossentropy", backend });
  const { images, labels } = mnist(500);
  const x = { data: Float32Array.from(images, (v) => v / 255), shape: [500, 28, 28, 1] };
  await model.fit(x, labels, { batchSize: 100, epochs: 3, shuffle: false, verbose: 0 });
  return hashOf(model);
}

function hashOf(model: Pick<Model, "getWeights">): string {
  const hash = createHash("sha256");
  for (const w of model.getWeights()) hash.update(new Uint8Array(Float32Array.from(w).buffer));
  return hash.digest("hex");
}

class Net extends GraphModel {
  readonly conv1: GCNConv | GATConv;
  readonly conv2: GCNConv | GATConv;

  constructor(Conv: typeof GCNConv | typeof GATConv) {
    super();
    this.conv1 = new Conv(34, 8);
    this.conv2 = new Conv(8, 4);
  }

  call({ x, edgeIndex }: Graph) {
    return this.conv2.call(this.conv1.call(x, edgeIndex).relu(), edgeIndex);
  }
}

async function graphWeightsAfter(
  Conv: typeof GCNConv | typeof GATConv,
  backend: BackendName,
): Promise<string> {
  manualSeed(1234);
  const model = new Net(Conv);
  const loss = new SparseCategoricalCrossentropy({ fromLogits: true });
  model.compile({ optimizer: new TorchAdam({ learningRate: 0.01 }), loss, backend });
  await model.fit(KarateClub().at(0), { mask: "trainMask", epochs: 20, verbose: 0 });
  return hashOf(model);
}

afterAll(() => void manualSeed(null));

describe.skipIf(nativeProblem)("graphs (skipped without a C compiler)", () => {
  test.each([["GCN", GCNConv] as const, ["GAT", GATConv] as const])("%s", async (_, Conv) => {
    const want = await graphWeightsAfter(Conv, "wasm:1");
    for (const threads of [1, 2, 3, 4] as const) {
      expect(await graphWeightsAfter(Conv, `native:${threads}`), `${threads} threads`).toBe(want);
    }
  });
});

describe.skipIf(!there || nativeProblem)(
  "recorded runs (skipped without the shared cases or a C compiler)",
  () => {
    test.each(["lecture_adam", "lecture_sgd_momentum"])("%s", async (name) => {
      const want = await weightsAfter(name, "wasm:1");
      for (const threads of [1, 2, 3, 4]) {
        expect(await weightsAfter(name, `native:${threads}`), `${threads} threads`).toBe(want);
      }
    });
  },
);
