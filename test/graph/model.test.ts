/** What a graph model refuses, and what it leaves behind. */
import { describe, expect, test } from "vitest";
import { memory } from "../../src/core/index.ts";
import { DataLoader, GCNConv, type Graph, GraphModel, KarateClub, TorchAdam } from "../../src/graph/index.ts";
import { NumericError } from "../../src/ir/errors.ts";
import { SparseCategoricalCrossentropy } from "../../src/nn/losses/sparse-categorical-crossentropy.ts";

const karate = KarateClub().at(0);

class Net extends GraphModel {
  readonly conv = new GCNConv(34, 4);
  call({ x, edgeIndex }: Graph) {
    return this.conv.call(x, edgeIndex);
  }
}

function made(): Net {
  const model = new Net();
  const loss = new SparseCategoricalCrossentropy({ fromLogits: true });
  model.compile({ optimizer: new TorchAdam({ learningRate: 0.1 }), loss });
  return model;
}

const quiet = { verbose: 0 } as const;

describe("a graph model refuses", () => {
  test.each<[string, (m: Net) => Promise<unknown>, RegExp]>([
    ["no graphs", (m) => m.predict([]), /there are no graphs/],
    ["a loader of none", (m) => m.fit(new DataLoader([]), quiet), /there are no graphs/],
    [
      "no graphs to validate on",
      (m) => m.fit(karate, { ...quiet, validationData: [] }),
      /there are no graphs/,
    ],
    ["what is no graph", (m) => m.evaluate([karate, 5] as never), /no graphs/],
    ["batches of a negative size", (m) => m.predict([karate, karate], { batchSize: -1 }), /batchSize/],
    ["an option that there is not", (m) => m.fit(karate, { ...quiet, epoch: 3 } as never), /mean `epochs`/],
    ["one of evaluate", (m) => m.evaluate(karate, { masks: "trainMask" } as never), /mean `mask`/],
    ["one of predict", (m) => m.predict(karate, { batchSizes: 3 } as never), /mean `batchSize`/],
    ["batches of half a graph", (m) => m.evaluate([karate], { batchSize: 0.5 }), /batchSize/],
  ])("%s", async (_, use, message) => {
    await expect((async () => use(made()))()).rejects.toThrow(message);
  });

  test("weights of another number or size, before any is changed", () => {
    const model = made();
    const before = model.getWeights();
    expect(() => model.setWeights([])).toThrow(/2 arrays/);
    expect(() => model.setWeights([before[0]!.map(() => 9), new Float32Array(7)])).toThrow(/another size/);
    expect(model.getWeights()).toEqual(before);
  });
});

test("a value that is not finite is told by its row in the batch that has it", async () => {
  const { x } = karate;
  const data = x!.data.slice();
  data[5 * 34 + 2] = Number.NaN;
  const odd = karate.with({ x: { ...x!, data } });
  const fit = made().fit([karate, karate, karate, odd], { ...quiet, batchSize: 2, shuffle: false });
  const error = await fit.catch((e: unknown) => e);
  expect(error).toBeInstanceOf(NumericError);
  expect(error).toMatchObject({ details: { epoch: 1, step: 2, row: 34 + 5, column: 2 } });
});

test("a graph model that is disposed of leaves nothing behind", async () => {
  const used = () => memory("wasm:1");
  const run = async () => {
    const model = new Net();
    const loss = new SparseCategoricalCrossentropy({ fromLogits: true });
    model.compile({ optimizer: new TorchAdam({ learningRate: 0.1 }), loss, backend: "wasm:1" });
    await model.fit(karate, { ...quiet, epochs: 2, mask: "trainMask" });
    await model.predict(karate);
    return model;
  };
  (await run()).dispose();
  const { buffers, bytes } = used();
  const model = await run();
  expect(used().buffers).toBeGreaterThan(buffers);
  model.dispose();
  model.dispose();
  expect(used()).toMatchObject({ buffers, bytes });
  await expect(model.predict(karate)).rejects.toThrow(/released/);
});
