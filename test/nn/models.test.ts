/** Models, stacked, functional and by class. Over 400 lines: a short test for each way to make, build and describe one. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { key, ones, randomNormal, type Tensor, tensor } from "../../src/core/index.ts";
import { ShapeError, UsageError } from "../../src/ir/errors.ts";
import type { Shape } from "../../src/ir/size.ts";
import { type CallContext, callContext, within } from "../../src/nn/context.ts";
import { Layer } from "../../src/nn/layer.ts";
import {
  Activation,
  BatchNormalization,
  Conv2D,
  Dense,
  Dropout,
  Flatten,
  Input,
  RandomContrast,
  RandomFlip,
  RandomRotation,
  RandomTranslation,
  RandomZoom,
  ReLU,
} from "../../src/nn/layers/index.ts";
import { Model } from "../../src/nn/model.ts";
import { clearSession, keyInFile, snakeCase, suggestion } from "../../src/nn/naming.ts";
import { SGD } from "../../src/nn/optimizers/index.ts";
import { Sequential } from "../../src/nn/sequential.ts";
import { testBackend as backend } from "../backends.ts";
import { samples } from "./layers-table.ts";

beforeEach(clearSession);
afterEach(clearSession);

const read = (t: Tensor): number[] => [...t.dataSync({ backend })];

function run(model: Model, ...xs: Tensor[]): number[][] {
  return model.forward(xs, callContext()).map(read);
}

describe("names", () => {
  test("Keras's snake case", () => {
    const names = [
      "Conv2D",
      "MaxPooling2D",
      "LeakyReLU",
      "ReLU",
      "ELU",
      "GlobalAveragePooling2D",
      "InputLayer",
    ];
    expect(names.map(snakeCase)).toEqual([
      "conv2d",
      "max_pooling2d",
      "leaky_re_lu",
      "re_lu",
      "elu",
      "global_average_pooling2d",
      "input_layer",
    ]);
    expect(keyInFile("kernelInitializer")).toBe("kernel_initializer");
  });

  test("counters per class, reset by clearSession", () => {
    expect([new Dense({ units: 1 }), new Dense({ units: 1 }), new Flatten()].map((l) => l.name)).toEqual([
      "dense",
      "dense_1",
      "flatten",
    ]);
    clearSession();
    expect(new Dense({ units: 1 }).name).toBe("dense");
    expect(new Dense({ units: 1, name: "mine" }).name).toBe("mine");
  });

  test("suggestions", () => {
    expect(suggestion("sofmax", ["relu", "softmax"])).toContain("softmax");
    expect(suggestion("something else", ["relu", "softmax"])).toBeUndefined();
  });

  test("weights have the path of their fields and Keras's path", () => {
    const model = new Sequential([
      Input({ shape: [8, 8, 1] }),
      new Conv2D({ filters: 2, kernelSize: 3 }),
      new Flatten(),
      new Dense({ units: 3, useBias: false }),
    ]);
    expect(model.named().map(([path, w]) => [path, w.name])).toEqual([
      ["layers.0.kernel", "sequential/conv2d/kernel"],
      ["layers.0.bias", "sequential/conv2d/bias"],
      ["layers.2.kernel", "sequential/dense/kernel"],
    ]);
  });
});

describe("sequential models", () => {
  test("wait for the first data where no shape is given", () => {
    const model = new Sequential([new Dense({ units: 3 }), new Dense({ units: 2 })]);
    expect([model.built, model.inputs, model.weights()]).toEqual([false, [], []]);
    expect(run(model, ones([5, 4]))[0]).toHaveLength(10);
    expect(model.inputs.map((p) => p.shape)).toEqual([[4]]);
    expect(model.outputs.map((p) => p.shape)).toEqual([[2]]);
    expect(model.countParams()).toBe(5 * 3 + 4 * 2);
    expect(() => model.forward([ones([5, 6])], callContext())).toThrow(ShapeError);
  });

  test("are built by inputShape, by Input, and as layers are added", () => {
    const byOption = new Sequential([new Dense({ units: 3, inputShape: [4] })]);
    expect(byOption.countParams()).toBe(15);
    const growing = new Sequential();
    growing.add(Input({ shape: [4] })).add(new Dense({ units: 3 }));
    expect(growing.outputs[0]!.shape).toEqual([3]);
    const kept = growing.layers[0]!.getWeights();
    growing.add(new Dense({ units: 2 }));
    expect(growing.outputs[0]!.shape).toEqual([2]);
    expect(growing.layers[0]!.getWeights()).toEqual(kept);
    expect(growing.pop()!.name).toBe("dense_2");
    expect(growing.outputs[0]!.shape).toEqual([3]);
    expect(growing.layers[0]!.applications).toHaveLength(1);
  });

  test("refuse what cannot be stacked", () => {
    const dense = () => new Dense({ units: 1, name: "d" });
    expect(() => new Sequential([dense(), dense()])).toThrow(/two layers are named "d"/);
    expect(() => new Sequential([dense(), Input({ shape: [1] })])).toThrow(/only come first/);
    expect(() => new Sequential([Dense as never])).toThrow(/with `new`/);
    expect(() => new Sequential().build([1, 2])).toThrow(UsageError);
    expect(() => new Sequential([Input({ shape: [3] }), dense()]).build([1, 2])).toThrow(/another shape/);
  });

  test("a channel of size 1 is added or taken away", () => {
    const images = new Sequential([Input({ shape: [4, 4, 1] }), new Flatten()]);
    expect(run(images, ones([2, 4, 4]))[0]).toHaveLength(32);
    const rows = new Sequential([Input({ shape: [3] }), new Dense({ units: 1 })]);
    expect(run(rows, ones([2, 3, 1]))[0]).toHaveLength(2);
  });

  test("bytes become floats at the input", () => {
    const model = new Sequential([
      Input({ shape: [2] }),
      new Dense({ units: 2, kernelInitializer: "identity" }),
    ]);
    expect(run(model, tensor(Uint8Array.of(200, 255), { shape: [1, 2] }))).toEqual([[200, 255]]);
  });
});

describe("functional models", () => {
  test("several inputs and outputs, in the order given", () => {
    const a = Input({ shape: [2], name: "a" });
    const b = Input({ shape: [3], name: "b" });
    const first = new Dense({ units: 1, kernelInitializer: "ones" }).apply(a);
    const second = new Dense({ units: 1, kernelInitializer: "ones" }).apply(b);
    const model = new Model({ inputs: [b, a], outputs: [first, second, b] });
    expect(model.inputs.map((p) => [p.name, p.shape])).toEqual([
      ["b", [3]],
      ["a", [2]],
    ]);
    expect(model.outputs.map((p) => p.name)).toEqual(["dense", "dense_1", "b"]);
    expect(run(model, ones([1, 3]), ones([1, 2]).mul(5))).toEqual([[10], [3], [1, 1, 1]]);
    expect(() => model.forward([ones([1, 3])], callContext())).toThrow(/2 \(b, a\)/);
    expect(model.getLayer("dense").type).toBe("Dense");
    expect(() => model.getLayer("dence")).toThrow(/did you mean `dense`/);
  });

  test("a shared layer has one set of weights, and its own dropout at each place", () => {
    const x = Input({ shape: [3] });
    const dense = new Dense({ units: 3 });
    const once = new Model({ inputs: x, outputs: dense.apply(dense.apply(x)) });
    expect(once.weights()).toHaveLength(2);
    const drop = new Dropout({ rate: 0.5 });
    const y = Input({ shape: [64] });
    const model = new Model({ inputs: y, outputs: [drop.apply(y), drop.apply(y)] });
    const [p, q] = model.forward([ones([4, 64])], callContext({ training: true })).map(read);
    expect(p).not.toEqual(q);
  });

  test("models inside models, and the mode fixed at one place", () => {
    const inner = new Sequential([Input({ shape: [8] }), new Dropout({ rate: 0.5 })]);
    const x = Input({ shape: [8] });
    const model = new Model({ inputs: x, outputs: [inner.apply(x), inner.apply(x, { training: false })] });
    const [free, fixed] = model.forward([ones([4, 8])], callContext({ training: true })).map(read);
    expect(fixed!.every((v) => v === 1)).toBe(true);
    expect(free!.some((v) => v === 0)).toBe(true);
  });

  test("starting inside another graph shares the layers", () => {
    const x = Input({ shape: [3] });
    const h = new Dense({ units: 4, activation: "relu" }).apply(x);
    const y = new Dense({ units: 2 }).apply(h);
    const whole = new Model({ inputs: x, outputs: y });
    const front = new Model({ inputs: x, outputs: h });
    const back = new Model({ inputs: h, outputs: y });
    const data = randomNormal(key(1), [5, 3]);
    const between = front.forward([data], callContext())[0]!;
    expect(run(back, between)[0]).toEqual(run(whole, data)[0]);
    expect(back.weights()[0]).toBe(whole.layers[2]!.weights()[0]);
  });

  test("what does not hang together is refused", () => {
    const x = Input({ shape: [3] });
    const other = Input({ shape: [3], name: "other" });
    const y = new Dense({ units: 2 }).apply(x);
    expect(() => new Model({ inputs: other, outputs: y })).toThrow(
      /does not follow from the inputs(.|\n)*input_layer/,
    );
    expect(() => new Model({ inputs: x } as never)).toThrow(/both its ends/);
    expect(() => new Model({ inputs: x, outputs: [] })).toThrow(UsageError);
    const twin = new Activation({ activation: "relu", name: "same" }).apply(x);
    const twins = new ReLU({ name: "same" }).apply(twin);
    expect(() => new Model({ inputs: x, outputs: twins })).toThrow(/two layers are named "same"/);
    expect(() => new Dense({ units: 1 }).apply(ones([1, 2]) as never)).toThrow(/symbolic/);
    expect(() => Input({})).toThrow(/given once/);
    expect(() => Input({ shape: [-1] })).toThrow(UsageError);
    expect(() => new Model().forward([ones([1])], callContext())).toThrow(UsageError);
  });

  test("a chain deeper than the stack of the language", () => {
    let x = Input({ shape: [1] });
    const inputs = x;
    for (let i = 0; i < 12_000; i++) x = new Activation({ activation: "linear", name: `a${i}` }).apply(x);
    expect(new Model({ inputs, outputs: x }).layers).toHaveLength(12_001);
  });
});

describe("initial weights of models", () => {
  const layers = () => [Input({ shape: [4] }), new Dense({ units: 3 }), new Dense({ units: 2 })];
  const functional = (seed?: number) => {
    const x = Input({ shape: [4] });
    return new Model({
      inputs: x,
      outputs: new Dense({ units: 3 }).apply(x),
      ...(seed !== undefined && { seed }),
    });
  };

  test("depend on the seed and the place, not on names or what was built before", () => {
    const first = new Sequential(layers(), { seed: 7 }).getWeights();
    expect(new Sequential(layers(), { seed: 7 }).getWeights()).toEqual(first);
    expect(new Sequential(layers(), { seed: 8 }).getWeights()).not.toEqual(first);
    expect(functional(7).getWeights()).toEqual(functional(7).getWeights());
    expect(functional(7).getWeights()).not.toEqual(functional(8).getWeights());
    const deferred = new Sequential(layers().slice(1), { seed: 7 });
    deferred.forward([ones([1, 4])], callContext());
    expect(deferred.getWeights()).toEqual(first);
  });

  test("without a seed, two models differ and a session repeats itself", () => {
    const one = new Sequential(layers()).getWeights();
    expect(new Sequential(layers()).getWeights()).not.toEqual(one);
    clearSession();
    expect(new Sequential(layers()).getWeights()).toEqual(one);
  });

  test("a model does not touch weights that were assigned, or belong to another model", () => {
    const x = Input({ shape: [2] });
    const assigned = new Dense({ units: 2 });
    const h = assigned.apply(x);
    assigned.kernel.assign(ones([2, 2]));
    const inner = new Sequential([Input({ shape: [2] }), new Dense({ units: 2 })]);
    const before = inner.getWeights();
    const model = new Model({ inputs: x, outputs: inner.apply(h), seed: 3 });
    expect([...assigned.kernel.read()]).toEqual([1, 1, 1, 1]);
    expect(inner.getWeights()).toEqual(before);
    expect(model.countParams()).toBe(12);
  });
});

describe("trainable", () => {
  test("freezing a layer or a whole model", () => {
    const frozen = new Dense({ units: 3 });
    const model = new Sequential([Input({ shape: [4] }), frozen, new Dense({ units: 2 })]);
    frozen.trainable = false;
    expect(model.trainableWeights().map((w) => w.name)).toEqual([
      "sequential/dense_1/kernel",
      "sequential/dense_1/bias",
    ]);
    expect(model.nonTrainableWeights()).toHaveLength(2);
    expect(model.weights().map((w) => w.name)[0]).toBe("sequential/dense/kernel");
    model.trainable = false;
    expect(model.trainableWeights()).toEqual([]);
    model.trainable = true;
    expect(model.trainableWeights()).toHaveLength(4);
  });

  test("every weight of every layer is changed by one step of training", async () => {
    for (const { make, inputs, output, values } of samples) {
      if (inputs.length > 1) continue;
      const model = new Sequential([Input({ shape: inputs[0]! }), make()], { seed: 2 });
      const before = model.getWeights();
      const trained = model.weights().map((w) => w.trainable || /moving_/.test(w.name));
      if (model.trainableWeights().length === 0) continue;
      model.compile({ optimizer: "sgd", loss: "mse", backend });
      const shaped = (shape: readonly number[], name: string, to = (x: Tensor) => x) => {
        const t = to(randomNormal(key(4, name), [5, ...shape]));
        return { data: t.dataSync({ backend }), shape: t.shape as number[] };
      };
      await model.trainOnBatch(shaped(inputs[0]!, "x", values), shaped(output, "y"));
      model.getWeights().forEach((w, i) => {
        const label = `${model.layers[0]!.label} weight ${i}`;
        if (trained[i]) expect([...w], label).not.toEqual([...before[i]!]);
        else expect([...w], label).toEqual([...before[i]!]);
      });
    }
  });
});

describe("weights that are not free", () => {
  test("constraints hold after every step, with every kind of averaging", async () => {
    for (const options of [
      {},
      { useEma: true, emaOverwriteFrequency: 1 },
      { gradientAccumulationSteps: 2 },
    ]) {
      const dense = new Dense({ units: 3, kernelConstraint: { type: "unitNorm" }, biasConstraint: "nonNeg" });
      const model = new Sequential([Input({ shape: [4] }), dense], { seed: 1 });
      model.compile({ optimizer: new SGD({ learningRate: 0.5, ...options }), loss: "mse", backend });
      const x = { data: Float32Array.of(1, 2, 3, 4, -1, 0, 2, 1), shape: [2, 4] };
      const y = { data: Float32Array.of(-9, -9, 9, -9, 9, 9), shape: [2, 3] };
      for (let i = 0; i < 2; i++) await model.trainOnBatch(x, y);
      const kernel = dense.kernel.read();
      for (let unit = 0; unit < 3; unit++) {
        const length = Math.hypot(...[0, 1, 2, 3].map((i) => kernel[3 * i + unit]!));
        expect(Math.abs(length - 1)).toBeLessThan(1e-5);
      }
      expect(dense.bias!.read().every((b) => b >= 0)).toBe(true);
    }
  });

  test("batch normalization: moving statistics follow, also where a layer is used twice; frozen ones rest", async () => {
    const norm = new BatchNormalization({ momentum: 0.5, center: false, scale: false });
    const x = Input({ shape: [1] });
    const model = new Model({ inputs: x, outputs: new Dense({ units: 1 }).apply(norm.apply(norm.apply(x))) });
    model.compile({ optimizer: "sgd", loss: "mse", backend });
    const data = { data: Float32Array.of(2, 6), shape: [2, 1] };
    const step = () => model.trainOnBatch(data, Float32Array.of(0, 1));
    await step();
    // First use: mean 4, variance 4; second use: mean 0, variance 1 less ε.
    expect(norm.movingMean.read()[0]).toBeCloseTo((0 + 4) / 2 / 2, 5);
    expect(norm.movingVariance.read()[0]).toBeCloseTo(((1 + 4) / 2 + 1) / 2, 2);
    const kept = norm.getWeights();
    norm.trainable = false;
    await step();
    expect(norm.getWeights()).toEqual(kept);
    norm.trainable = true;
    await step();
    expect(norm.getWeights()).not.toEqual(kept);
  });

  test("images are changed at random in a compiled step, and not in prediction", async () => {
    const augment = () => [
      new RandomFlip(),
      new RandomRotation({ factor: 0.2 }),
      new RandomZoom({ heightFactor: 0.3 }),
      new RandomTranslation({ heightFactor: 0.2, widthFactor: 0.2, fillMode: "constant" }),
      new RandomContrast({ factor: 0.5, valueRange: [0, 1] }),
    ];
    const make = () =>
      new Sequential([Input({ shape: [6, 6, 1] }), ...augment(), new Flatten(), new Dense({ units: 1 })], {
        seed: 3,
      });
    const x = { data: Float32Array.from({ length: 108 }, (_, i) => (i % 7) / 7), shape: [3, 6, 6, 1] };
    const train = async (seed: number) => {
      const model = make();
      model.compile({ optimizer: "sgd", loss: "mse", backend });
      const losses: number[] = [];
      for (let i = 0; i < 2; i++) losses.push(...(await model.trainOnBatch(x, [0, 1, 0], { seed })));
      return losses;
    };
    const first = await train(1);
    expect(await train(1)).toEqual(first);
    expect(await train(2)).not.toEqual(first);
    const model = make();
    model.compile({ loss: "mse", backend });
    const one = (await model.predict(x, { verbose: 0 })) as Tensor;
    expect(read((await model.predict(x, { verbose: 0 })) as Tensor)).toEqual(read(one));
  });
});

describe("layers and models of the user's own", () => {
  class Block extends Layer {
    readonly inner = new Dense({ units: 4, activation: "relu" });
    readonly more = [new Dense({ units: 4 })];
    scale = this.inner;
    override call(x: Tensor, ctx: CallContext): Tensor {
      const h = this.inner.forward([x], within(ctx, "inner"))[0]!;
      return this.more[0]!.forward([h], within(ctx, "more"))[0]!.add(x);
    }
  }

  test("a layer made of layers has their weights, once each, by path", () => {
    const model = new Sequential([Input({ shape: [4] }), new Block(), new Dense({ units: 1 })], { seed: 1 });
    expect(model.named().map(([path]) => path)).toEqual([
      "layers.0.inner.kernel",
      "layers.0.inner.bias",
      "layers.0.more.0.kernel",
      "layers.0.more.0.bias",
      "layers.1.kernel",
      "layers.1.bias",
    ]);
    expect(model.layers[0]!.name).toBe("block");
    expect(model.countParams()).toBe(2 * 20 + 5);
  });

  class Net extends Model {
    readonly first = new Dense({ units: 3 });
    readonly drop = new Dropout({ rate: 0.5 });
    override call(x: Tensor | Tensor[], ctx: CallContext): Tensor {
      const h = this.first.forward([x as Tensor], within(ctx, "first"));
      return this.drop.forward(h, within(ctx, "drop"))[0]!;
    }
  }

  test("a model in code is built on the first data and is seeded", () => {
    const one = new Net({ seed: 4 });
    expect(one.layers.map((l) => l.name)).toEqual(["dense", "dropout"]);
    one.buildOn([[1, 2] as Shape]);
    const other = new Net({ seed: 4 });
    other.forward([ones([3, 2])], callContext());
    expect(other.getWeights()).toEqual(one.getWeights());
    expect([one.name, one.type]).toEqual(["net", "Net"]);
    expect(one.summary()).toContain("dropout (Dropout)");
  });

  test("a layer that takes the place of another with the same name is the one that is trained", async () => {
    class Replaceable extends Model {
      head = new Dense({ units: 1, name: "head" });
      override call(x: Tensor | Tensor[], ctx: CallContext): Tensor {
        return this.head.forward([x as Tensor], within(ctx, "head"))[0]!;
      }
    }
    const [x, y] = [ones([2, 2]), ones([2, 1])];
    const model = new Replaceable({ seed: 1 });
    model.compile({ loss: "meanSquaredError", optimizer: new SGD({ learningRate: 0.1 }), backend });
    await model.fit(x, y, { verbose: 0 });
    model.head = new Dense({ units: 1, name: "head", kernelInitializer: "zeros" });
    await model.fit(x, y, { verbose: 0 });
    // From zeros: both weights and the bias go 2 · 0.1 towards 1.
    expect(((await model.predict(x, { verbose: 0 })) as Tensor).dataSync()[0]).toBeCloseTo(0.6);
  });
});
