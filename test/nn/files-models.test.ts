import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { key, ones, randomNormal, type Tensor, tensor } from "../../src/core/index.ts";
import { writeZip } from "../../src/formats/zip-write.ts";
import { FormatError, TendrilError, UnsupportedError } from "../../src/ir/errors.ts";
import { cloneModel } from "../../src/nn/clone.ts";
import { callContext } from "../../src/nn/context.ts";
import {
  loadModel,
  loadWeights,
  modelFromH5,
  modelFromKeras,
  modelToH5,
  modelToKeras,
  weightsFromH5,
  weightsToH5,
} from "../../src/nn/files/index.ts";
import type { Layer } from "../../src/nn/layer.ts";
import { Dense, Input, Lambda, layers } from "../../src/nn/layers/index.ts";
import { Model } from "../../src/nn/model.ts";
import { Sequential } from "../../src/nn/sequential.ts";
import type { SymbolicTensor } from "../../src/nn/symbolic.ts";
import { testBackend as backend } from "../backends.ts";
import { withNative } from "../native.ts";
import { type ModelRow, models } from "./models-table.ts";

const read = (t: Tensor): number[] => [...t.dataSync({ backend })];

/** The model with weights of which none is 0 or 1, so that each shows in the outputs. */
function ready({ make }: ModelRow): Model {
  const model = make();
  const weights = model.weights().map((w, i) => {
    const values = read(randomNormal(key(8, `weight ${i}`), w.shape as number[]));
    if (w.dtype === "int32") return values.map(() => 0);
    return values.map((v) => (w.name.endsWith("variance") ? Math.abs(v) + 0.3 : 0.4 * v));
  });
  model.setWeights(weights);
  return model;
}

function inputsOf(model: Model, { words }: ModelRow): Tensor[] {
  return model.inputs.map((port, i) => {
    const x = randomNormal(key(9, `input ${i}`), [3, ...port.shape]);
    return words === undefined
      ? x
      : x
          .abs()
          .mul(words / 4)
          .floor()
          .clip(0, words - 1);
  });
}

function outputs(model: Model, xs: readonly Tensor[]): number[][] {
  return model.forward(xs, callContext()).map(read);
}

test("the models use every layer that Keras has", () => {
  const used = new Set<string>();
  const visit = (layer: Layer): void => {
    used.add(layer.type);
    for (const inner of layer.sublayers()) visit(inner);
  };
  for (const { make } of models) visit(make());
  const missing = [...layers.values()].filter((l) => l.registeredIn === undefined && !used.has(l.type));
  expect(missing.map((l) => l.type)).toEqual([]);
  expect(models.length).toBeGreaterThanOrEqual(30);
});

describe.each(models)("$name", (row) => {
  test.each([
    ["keras", modelToKeras, modelFromKeras],
    ["h5", modelToH5, modelFromH5],
  ] as const)("goes through .%s", async (_, write, readBack) => {
    const model = ready(row);
    const xs = inputsOf(model, row);
    const again = await readBack(await write(model));
    expect(outputs(again, xs)).toEqual(outputs(model, xs));
    expect(again.name).toBe(model.name);
    expect(again.summary()).toBe(model.summary());
    expect(again.trainableWeights().length).toBe(model.trainableWeights().length);
  });

  test("its weights go through .weights.h5 and come out of .keras", async () => {
    const model = ready(row);
    const other = row.make();
    await weightsFromH5(other, await weightsToH5(model));
    expect(other.getWeights()).toEqual(model.getWeights());
    const third = row.make();
    await loadWeights(third, await modelToKeras(model));
    expect(third.getWeights()).toEqual(model.getWeights());
  });
});

const folder = new URL("../../../shared/reference/keras/", import.meta.url);

describe.skipIf(!existsSync(folder))("reference models (skipped where ../shared is absent)", () => {
  const names = existsSync(folder)
    ? readdirSync(folder).flatMap((f) => (f.endsWith(".keras") ? [f.replace(".keras", "")] : []))
    : [];

  const files = names.flatMap((n) => [`${n}.keras`, `${n}.h5`]);
  const backends = withNative([backend], "native" as const);

  test.each(files.flatMap((f) => backends.map((b) => [f, b] as const)))("%s on %s", async (file, backend) => {
    const model = await loadModel(readFileSync(new URL(file, folder)));
    const name = file.replace(/\.\w+$/, "");
    const text = (ending: string) => readFileSync(new URL(`${name}.${ending}`, folder), "utf8");
    expect(model.summary({ lineLength: 80 })).toBe(text("summary.txt").trimEnd());
    const bytes = readFileSync(new URL(`${name}.bin`, folder));
    const floats = new Float32Array(new Uint8Array(bytes).buffer);
    const shape = JSON.parse(text("json")).inputs[0] as number[];
    const size = shape.reduce((a, b) => a * b, 1);
    const y = model
      .forward([tensor(floats.slice(0, size), { shape })], callContext())[0]!
      .dataSync({ backend });
    const want = floats.subarray(size);
    expect(y.length).toBe(want.length);
    y.forEach((v, i) => {
      expect(Math.abs(v - want[i]!)).toBeLessThanOrEqual(1e-5 + 1e-4 * Math.abs(want[i]!));
    });
  });
});

test("ends with names keep them, and losses by output go through both files", async () => {
  const model = models.find((m) => m.name === "named")!.make();
  expect(model.inputs.map((p) => [p.name, p.dtype])).toEqual([
    ["numbers", "float32"],
    ["words", "int32"],
  ]);
  const loss = { kind: "categoricalCrossentropy", sum: "mse" };
  model.compile({ loss, lossWeights: { sum: 0.5 }, metrics: { sum: ["mae"] }, backend });
  const x = { words: { data: Int32Array.of(1, 2, 3, 6), shape: [1, 4] }, numbers: ones([1, 4]) };
  const y = { kind: ones([1, 3]).div(3), sum: ones([1, 3]) };
  const wanted = await model.evaluate(x, y, { verbose: 0, returnDict: true });
  expect(Object.keys(wanted)).toEqual(["kind_loss", "loss", "sum_loss", "sum_mae"]);
  for (const bytes of [await modelToKeras(model), await modelToH5(model)]) {
    const again = await loadModel(bytes);
    expect(again.outputs.map((p) => p.name)).toEqual(["kind", "sum"]);
    again.compiled!.options.backend = backend;
    const found = await again.evaluate(x, y, { verbose: 0, returnDict: true });
    expect(Object.values(found)).toEqual(Object.values(wanted));
  }
  expect(cloneModel(model).outputs.map((p) => p.name)).toEqual(["kind", "sum"]);
});

describe("optimizers in files", () => {
  const xs = { data: Float32Array.of(1, 2, 3, -1, 0.5, 2), shape: [2, 3] };
  const ys = { data: Float32Array.of(1, 0, 0, 1), shape: [2, 2] };

  async function trained(optimizer = "adam"): Promise<Sequential> {
    const model = new Sequential([Input({ shape: [3] }), new Dense({ units: 2, activation: "softmax" })], {
      seed: 1,
    });
    model.compile({ optimizer, loss: "categorical_crossentropy", metrics: ["accuracy", "mae"], backend });
    for (let i = 0; i < 3; i++) await model.trainOnBatch(xs, ys);
    return model;
  }

  test("a model from .keras trains on as if it had not been away", async () => {
    const model = await trained();
    const again = await modelFromKeras(await modelToKeras(model));
    expect(again.compiled?.optimizer.iterations).toBe(3);
    expect(again.compiled?.optimizer.type).toBe("Adam");
    again.compiled!.options.backend = backend;
    expect(await again.trainOnBatch(xs, ys)).toEqual(await model.trainOnBatch(xs, ys));
    expect(again.getWeights()).toEqual(model.getWeights());
    const bare = await modelFromKeras(await modelToKeras(model, { includeOptimizer: false }));
    expect(bare.compiled).toBeUndefined();
    expect((await modelFromKeras(await modelToKeras(model), { compile: false })).compiled).toBeUndefined();
  });

  test("the state comes back from .weights.h5; that of another optimizer is passed over", async () => {
    const model = await trained();
    const file = await weightsToH5(model);
    const same = await trained();
    await same.trainOnBatch(xs, ys);
    await weightsFromH5(same, file);
    expect(same.compiled!.optimizer.iterations).toBe(3);
    expect(await same.trainOnBatch(xs, ys)).toEqual(await model.trainOnBatch(xs, ys));
    expect(same.getWeights()).toEqual(model.getWeights());
    const other = await trained("sgd");
    await weightsFromH5(other, file);
    expect(other.compiled!.optimizer.iterations).toBe(3);
  });

  test("equal models give equal archives", async () => {
    const model = await trained();
    expect(await modelToKeras(model)).toEqual(await modelToKeras(model));
  });
});

describe("archives that are damaged", () => {
  test("every truncation and every flipped byte is a typed error or a model", async () => {
    const model = new Sequential([Input({ shape: [2] }), new Dense({ units: 1 })], { seed: 1 });
    const file = await modelToKeras(model);
    const attempt = async (bytes: Uint8Array) => {
      try {
        await loadModel(bytes);
      } catch (error) {
        if (!(error instanceof TendrilError) || error.code === "internal") throw error;
      }
    };
    for (let n = 0; n < file.length; n += 97) {
      await expect(loadModel(file.subarray(0, n))).rejects.toThrow(TendrilError);
    }
    for (let i = 0; i < file.length; i += 61) {
      const flipped = file.slice();
      flipped[i]! ^= 1 << (i % 8);
      await attempt(flipped);
    }
  });

  test("an archive of something else", async () => {
    await expect(loadModel(writeZip([["a.txt", new Uint8Array(3)]]))).rejects.toThrow(FormatError);
  });
});

test("functions are not written to files, and no file brings one along", async () => {
  const model = new Sequential([Input({ shape: [2] }), new Lambda({ function: (x: Tensor) => x.square() })]);
  expect(outputs(model, [tensor([[1, -3]])])).toEqual([[1, 9]]);
  await expect(Promise.resolve().then(() => modelToKeras(model))).rejects.toThrow(UnsupportedError);
  expect(layers.has("Lambda")).toBe(false);
});

test("layers and models that models in one another share are one again (.keras)", async () => {
  const dense = new Dense({ units: 4, name: "dense" });
  const pair = new Sequential([Input({ shape: [4] }), new Dense({ units: 4, name: "dense" })]);
  const nested = (make: (x: SymbolicTensor) => SymbolicTensor) => {
    const x = Input({ shape: [4] });
    return new Model({ inputs: x, outputs: make(x), seed: 1 });
  };
  const inner = nested((x) => dense.apply(pair.apply(x)));
  const twice = nested((x) => dense.apply(dense.apply(x)));
  const model = nested((x) => pair.apply(dense.apply(twice.apply(inner.apply(x)))));
  const again = await loadModel(await modelToKeras(model));
  expect([model.countParams(), again.countParams()]).toEqual([40, 40]);
  const x = { data: Float32Array.of(1, -2, 3, 0.5), shape: [1, 4] };
  const [wanted, got] = [model, again].map((m) => m.predict(x, { verbose: 0 }) as Promise<Tensor>);
  expect([...(await got!).dataSync()]).toEqual([...(await wanted!).dataSync()]);
  expect(Buffer.from(await modelToKeras(again)).equals(await modelToKeras(model))).toBe(true);
});
