import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { gradient, key, ones, randomNormal, type Tensor, tensor } from "../../src/core/index.ts";
import { ShapeError, UnsupportedError, UsageError } from "../../src/ir/errors.ts";
import { activate, activationNames, activations, logitsOf } from "../../src/nn/activations.ts";
import { callContext } from "../../src/nn/context.ts";
import { deserialize } from "../../src/nn/deserialize.ts";
import { modelFromH5, modelToH5 } from "../../src/nn/files/index.ts";
import { fans, initializers, initialValues, readInitializer } from "../../src/nn/initializers.ts";
import {
  Activation,
  Conv2D,
  Dense,
  Dropout,
  Input,
  layers,
  Maxout,
  ReLU,
} from "../../src/nn/layers/index.ts";
import { Model } from "../../src/nn/model.ts";
import { l1, l1l2, l2, penaltyOf } from "../../src/nn/regularizers.ts";
import { Sequential } from "../../src/nn/sequential.ts";
import { serialize } from "../../src/nn/serialize.ts";
import { testBackend as backend } from "../backends.ts";
import { type Sample, samples } from "./layers-table.ts";

function read(t: Tensor): number[] {
  return [...t.dataSync({ backend })];
}

/** Rows that are not symmetric in anything. */
function rows(n: number, shape: readonly number[], name = "rows"): Tensor {
  return randomNormal(key(1, name), [n, ...shape]);
}

function near(got: readonly number[], want: readonly number[], tolerance = 1e-5): void {
  expect(got.length).toBe(want.length);
  got.forEach((g, i) => {
    expect(Math.abs(g - want[i]!)).toBeLessThanOrEqual(tolerance * (1 + Math.abs(want[i]!)));
  });
}

test("every layer has a sample", () => {
  const sampled = new Set(samples.map((s) => s.type));
  const missing = [...layers.values()]
    .map((l) => l.type)
    .filter((t) => t !== "InputLayer" && !sampled.has(t));
  expect(missing).toEqual([]);
});

/** Tensors for a sample, `n` rows each. */
function data({ inputs, values }: Sample, n: number): Tensor[] {
  return inputs.map((shape, i) => values(rows(n, shape, i === 0 ? "rows" : `rows ${i}`)));
}

/** The layer of a sample alone in a model. */
function modelOf({ inputs, make }: Sample, seed: number): Model {
  if (inputs.length === 1) return new Sequential([Input({ shape: inputs[0]! }), make()], { seed });
  const xs = inputs.map((shape) => Input({ shape }));
  return new Model({ inputs: xs, outputs: make().apply(xs), seed });
}

describe.each(samples)("$type, $what", (sample) => {
  const { make, inputs, output } = sample;

  test("shapes: symbolic, and for 0, 1 and 3 rows", () => {
    const layer = make();
    const xs = inputs.map((shape) => Input({ shape }));
    const symbolic = layer.apply(xs.length === 1 ? xs[0]! : xs);
    expect(symbolic.shape.slice(1)).toEqual(output);
    expect(typeof symbolic.shape[0]).toBe("object");
    for (const n of [0, 1, 3]) {
      const y = layer.forward(data(sample, n), callContext())[0]!;
      expect(y.shape).toEqual([n, ...output]);
      expect(y.dataSync({ backend }).length).toBe(n * output.reduce((a, b) => a * b, 1));
    }
  });

  test("shapes while training, for 1 and 3 rows", () => {
    const layer = make();
    for (const n of [1, 3]) {
      const y = layer.forward(data(sample, n), callContext({ training: true }))[0]!;
      expect(y.shape).toEqual([n, ...output]);
      expect(read(y).every(Number.isFinite)).toBe(true);
    }
  });

  test("rows do not depend on the batch they come in", () => {
    const layer = make();
    const xs = data(sample, 3);
    const together = layer.forward(xs, callContext())[0]!;
    for (let i = 0; i < 3; i++) {
      const one = xs.map((x) => x.slice([i], [i + 1]));
      const alone = layer.forward(one, callContext())[0]!;
      near(read(alone), read(together.slice([i], [i + 1])), 1e-6);
    }
  });

  test.each(["legacy", "native"] as const)("config goes through a file, %s", (dialect) => {
    const layer = make();
    const saved = JSON.parse(JSON.stringify(serialize(layer, dialect)));
    const again = deserialize(saved);
    expect(again.config).toEqual(layer.config);
    expect(again.name).toBe(layer.name);
    expect(again.activityRegularizer).toEqual(layer.activityRegularizer);
    expect(JSON.stringify(serialize(again, dialect))).toBe(JSON.stringify(saved));
  });

  test("a saved model gives the same outputs", async () => {
    const model = modelOf(sample, 3);
    const again = await modelFromH5(await modelToH5(model));
    const xs = data(sample, 2);
    expect(read(again.forward(xs, callContext())[0]!)).toEqual(read(model.forward(xs, callContext())[0]!));
    expect(again.getWeights()).toEqual(model.getWeights());
  });

  test("every trained weight has a gradient", () => {
    const layer = make();
    const context = callContext({ training: true });
    const y = layer.forward(data(sample, 3), context)[0]!;
    const loss = [y.mul(rows(3, output, "cotangent")).sum(), ...context.losses].reduce((a, b) => a.add(b));
    const weights = layer.trainableWeights();
    for (const g of gradient(loss, weights)) expect(read(g).some((v) => v !== 0)).toBe(true);
  });

  test("inputs with too few axes or another size are refused", () => {
    const layer = make();
    layer.forward(data(sample, 1), callContext());
    const rule = layer.inputRule();
    const [input] = inputs as [readonly number[]];
    if (rule.rank !== undefined) {
      expect(() => layer.forward([rows(1, [...input, 1])], callContext())).toThrow(ShapeError);
    }
    for (const [axis] of rule.axes ?? []) {
      const other = [1, ...input];
      other[axis < 0 ? other.length + axis : axis]! += 1;
      expect(() => layer.forward([ones(other)], callContext())).toThrow(/does not fit the layer/);
    }
  });
});

describe("activations", () => {
  const keras = JSON.parse(
    readFileSync(new URL("../reference/keras-activations.json", import.meta.url), "utf8"),
  ) as { x: number[]; y: Record<string, number[]> };
  const x = tensor(keras.x, { shape: [3, 6] });

  test.each(activationNames)("%s is Keras's", (name) => {
    const word = name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
    near(read(activate(name, x)), keras.y[word]!, 2e-6);
  });

  test("parameters", () => {
    near(read(activations.threshold(x, { threshold: 0.6, defaultValue: -2 })), keras.y.threshold!);
    near(read(activations.relu(x, { negativeSlope: 0.1, maxValue: 2, threshold: 0.4 })), keras.y.relu_all!);
    near(read(activations.gelu(x, { approximate: true })), keras.y.gelu_tanh!);
  });

  test("sparsemax along any axis, and its gradient", () => {
    const columns = activations.sparsemax(x.transpose(), { axis: 0 }).transpose();
    near(read(columns), keras.y.sparsemax!);
    // Two elements are supported: τ = ((z₁ + (z₁ + z₂)) - 1) / 2 with z₁ = 0.3 and z₂ = 0.1.
    const z = tensor([[0.1, 0.3, -2]]);
    const y = activations.sparsemax(z);
    near(read(y), [0.1 - -0.15, 0.3 - -0.15, 0]);
    const [g] = gradient(y.mul([1, 2, 3]).sum(), [z]);
    near(read(g!), [1 - 1.5, 2 - 3, 0]);
  });

  test("softmax and sigmoid remember their logits", () => {
    expect(logitsOf(activate("softmax", x))).toEqual({ activation: "softmax", logits: x });
    expect(logitsOf(activate("sigmoid", x))?.logits).toBe(x);
    expect(logitsOf(activations.softmax(x, { axis: 0 }))).toBeUndefined();
    expect(logitsOf(activate("relu", x))).toBeUndefined();
  });

  test("a wrong name is refused with advice", () => {
    expect(() => new Activation({ activation: "rellu" })).toThrow(/did you mean `relu`/);
    expect(() => new Activation({ activation: "constructor" })).toThrow(UsageError);
    expect(() => new Activation({ activation: "threshold" })).toThrow(UsageError);
  });
});

describe("maxout", () => {
  test("parameters and value", () => {
    const layer = new Maxout({ units: 3, pieces: 4 });
    layer.forward([rows(1, [5])], callContext());
    expect(layer.countParams()).toBe(4 * (5 + 1) * 3);
    const one = new Maxout({ units: 1, pieces: 2, kernelInitializer: "zeros" });
    one.forward([rows(1, [2])], callContext());
    one.setWeights([
      [1, -1, 0, 2],
      [0.5, 0],
    ]);
    near(read(one.forward([tensor([[3, 4]])], callContext())[0]!), [Math.max(3 + 0.5, -3 + 8)]);
  });

  test("the first of equal pieces gets the gradient", () => {
    const layer = new Maxout({ units: 1, pieces: 2, kernelInitializer: "ones" });
    const y = layer.forward([tensor([[2, 3]])], callContext())[0]!;
    const [kernel] = gradient(y.sum(), [layer.kernel]);
    near(read(kernel!), [2, 0, 3, 0]);
  });
});

describe("dropout", () => {
  const layer = new Dropout({ rate: 0.25 });
  const x = ones([200, 50]);

  test("passes everything on in inference", () => {
    expect(layer.call(x, callContext())).toBe(x);
  });

  test("drops the right share, keeps the mean, and depends on key and step only", () => {
    const drop = (step: number, seed = 0) => read(layer.call(x, callContext({ training: true, seed, step })));
    const first = drop(0);
    const dropped = first.filter((v) => v === 0).length / first.length;
    expect(Math.abs(dropped - 0.25)).toBeLessThan(0.02);
    expect(first.every((v) => v === 0 || Math.abs(v - 4 / 3) < 1e-6)).toBe(true);
    expect(drop(0)).toEqual(first);
    expect(drop(1)).not.toEqual(first);
    expect(drop(0, 1)).not.toEqual(first);
  });

  test("two layers of a model drop different elements", () => {
    const model = new Sequential([
      Input({ shape: [50] }),
      new Dropout({ rate: 0.5 }),
      new Dropout({ rate: 0.5 }),
    ]);
    const y = read(model.forward([ones([100, 50])], callContext({ training: true }))[0]!);
    const left = y.filter((v) => v !== 0).length / y.length;
    expect(Math.abs(left - 0.25)).toBeLessThan(0.03);
  });

  test("noiseShape shares the fate along an axis; rate 1 drops all", () => {
    const shared = new Dropout({ rate: 0.5, noiseShape: [null, 1] });
    const y = shared.call(ones([20, 5]), callContext({ training: true }));
    const sums = read(y.sum(1));
    expect(sums.every((s) => s === 0 || s === 10)).toBe(true);
    expect(read(new Dropout({ rate: 1 }).call(ones([2, 2]), callContext({ training: true })))).toEqual([
      0, 0, 0, 0,
    ]);
    expect(() =>
      new Dropout({ rate: 0.5, noiseShape: [1] }).call(ones([2, 2]), callContext({ training: true })),
    ).toThrow(ShapeError);
  });
});

describe("initial weights", () => {
  const random = key(5, "test");
  const moments = (values: readonly number[]) => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    return { mean, deviation: Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length) };
  };

  test.each([...initializers.keys()])("%s: reproducible, with its spread", (type) => {
    // Orthogonal: 40 products of matrices.
    const own: Record<string, number[]> = { Identity: [120, 100], Orthogonal: [3, 4, 5, 50] };
    const shape = own[type] ?? [3, 4, 10, 100];
    const draw = (k = random) => read(initialValues(readInitializer(type), shape, k));
    const values = draw();
    expect(draw()).toEqual(values);
    const { fanIn, fanOut } = fans(shape);
    const wanted: Record<string, number> = {
      RandomNormal: 0.05,
      RandomUniform: 0.05 / Math.sqrt(3),
      VarianceScaling: Math.sqrt(1 / fanIn),
      GlorotUniform: Math.sqrt(2 / (fanIn + fanOut)),
      GlorotNormal: Math.sqrt(2 / (fanIn + fanOut)),
      HeUniform: Math.sqrt(2 / fanIn),
      HeNormal: Math.sqrt(2 / fanIn),
      LecunUniform: Math.sqrt(1 / fanIn),
      LecunNormal: Math.sqrt(1 / fanIn),
      Orthogonal: Math.sqrt(1 / 60),
      TruncatedNormal: 0.05 * 0.8796,
    };
    if (wanted[type] === undefined) return;
    const { mean, deviation } = moments(values);
    expect(Math.abs(mean)).toBeLessThan(0.05 * wanted[type]);
    expect(Math.abs(deviation / wanted[type] - 1)).toBeLessThan(0.03);
    expect(draw(key(6, "test"))).not.toEqual(values);
  });

  test("fans are Keras's", () => {
    expect(fans([])).toEqual({ fanIn: 1, fanOut: 1 });
    expect(fans([7])).toEqual({ fanIn: 7, fanOut: 7 });
    expect(fans([3, 4])).toEqual({ fanIn: 3, fanOut: 4 });
    expect(fans([3, 3, 8, 16])).toEqual({ fanIn: 72, fanOut: 144 });
    expect(fans([5, 6, 7], [0], [1, 2])).toEqual({ fanIn: 5, fanOut: 42 });
  });

  test("identity, constant, and a seed of its own", () => {
    expect(read(initialValues(readInitializer({ type: "identity", gain: 2 }), [2, 3], random))).toEqual([
      2, 0, 0, 0, 2, 0,
    ]);
    expect(read(initialValues(readInitializer({ type: "Constant", value: 3 }), [2], random))).toEqual([3, 3]);
    const own = readInitializer({ type: "heNormal", seed: 9 });
    expect(read(initialValues(own, [4], key(1)))).toEqual(read(initialValues(own, [4], key(2))));
    expect(() => readInitializer("heNormel")).toThrow(UnsupportedError);
    expect(() => readInitializer("heNormel")).toThrow(/did you mean `HeNormal`/);
  });
});

describe("penalties", () => {
  const x = tensor([
    [1, -2],
    [3, 0],
  ]);

  test("values have no factor ½", () => {
    near(read(penaltyOf(l1(0.1), x)), [0.6]);
    near(read(penaltyOf(l2(0.1), x)), [1.4]);
    near(read(penaltyOf(l1l2({ l1: 0.1, l2: 0.01 }), x)), [0.74]);
    near(read(penaltyOf({ type: "OrthogonalRegularizer", factor: 1, mode: "rows" }, x)), [1 / Math.sqrt(5)]);
  });

  test("a model sums those of its trained weights; activity counts per row", () => {
    const dense = new Dense({
      units: 2,
      kernelInitializer: "ones",
      kernelRegularizer: l2(0.1),
      biasInitializer: "ones",
      biasRegularizer: "l1",
      activityRegularizer: l2(1),
    });
    const model = new Sequential([Input({ shape: [3] }), dense]);
    near(read(model.penalty()!), [0.6 + 0.02]);
    const context = callContext();
    model.forward([ones([5, 3])], context);
    near(read(context.losses[0]!), [2 * 16]);
    dense.trainable = false;
    expect(model.penalty()).toBeUndefined();
  });

  test("factors must not be negative", () => {
    expect(() => l2(-1)).toThrow(UsageError);
  });
});

describe("options", () => {
  test("unknown, missing and wrong ones are refused with advice", () => {
    expect(() => new Dense({ units: 0 })).toThrow(/positive integer/);
    expect(() => new Dense({} as never)).toThrow(/it has no default/);
    expect(() => new Dense({ units: 1, activaton: "relu" } as never)).toThrow(/did you mean `activation`/);
    expect(() => new Conv2D({ filters: 3, kernelSize: 3, groups: 2 })).toThrow(UsageError);
    expect(() => new Conv2D({ filters: 3, kernelSize: 3, strides: 2, dilationRate: 2 })).toThrow(UsageError);
    expect(() => new ReLU({ name: "a/b" })).toThrow(UsageError);
  });

  test("weights keep their values when a wrong number is set", () => {
    const layer = new Dense({ units: 2 });
    layer.forward([rows(1, [3])], callContext());
    const before = layer.getWeights();
    expect(() => layer.setWeights([new Float32Array(6)])).toThrow(ShapeError);
    expect(() => layer.setWeights([new Float32Array(6), new Float32Array(3)])).toThrow(/try/);
    expect(layer.getWeights()).toEqual(before);
  });
});
