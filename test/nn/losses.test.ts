import { describe, expect, test } from "vitest";
import { gradient, type Tensor, tensor, variable } from "../../src/core/index.ts";
import { activate, getLoss, losses } from "../../src/nn/index.ts";
import { lossFromConfig } from "../../src/nn/losses/index.ts";
import { recorded } from "./training-kit.ts";

interface Case {
  type: string;
  config: Record<string, unknown>;
  labels: number[];
  predictions: number[];
  value: number;
  weighted: number;
}

const keras = recorded<{ losses: { weight: number[]; cases: Case[] } }>("keras-training.json").losses;

describe("losses are Keras's", () => {
  test.each(keras.cases)("$type $config", async ({ type, config, labels, predictions, value, weighted }) => {
    const loss = lossFromConfig({ class_name: type, config });
    const [t, p] = [tensor(labels), tensor(predictions)];
    expect(await loss.value(t, p).item()).toBeCloseTo(value, 5);
    expect(await loss.value(t, p, tensor(keras.weight)).item()).toBeCloseTo(weighted, 5);
    expect(lossFromConfig({ class_name: loss.type, config: loss.config() }).config()).toEqual(loss.config());
  });

  test("every loss has a recorded case", () => {
    expect(new Set(keras.cases.map((c) => c.type))).toEqual(new Set(Object.keys(losses)));
  });
});

test("the slope of the binary cross-entropy is sigmoid(x) - t, and that of the slope sigmoid's, at 0 too", () => {
  const logits = [0, 0, 1, -1, 0.5, 100, -100];
  const labels = [0, 1, 1, 0, 0.25, 1, 1];
  const x = tensor(logits.map((v) => [v]));
  const loss = new losses.BinaryCrossentropy({ fromLogits: true });
  const total = loss.value(tensor(labels.map((v) => [v])), x).mul(logits.length);
  const [slope] = gradient(total, [x]) as [Tensor];
  const [second] = gradient(slope.sum(), [x]) as [Tensor];
  for (const [i, v] of logits.entries()) {
    const p = 1 / (1 + Math.exp(-v));
    expect(slope.dataSync()[i]).toBeCloseTo(p - labels[i]!, 6);
    expect(second.dataSync()[i]).toBeCloseTo(p * (1 - p), 6);
  }
});

test("labels that are one for all have a slope, too", () => {
  const x = tensor([[0.5], [-1], [2]]);
  const t = tensor([[1]]);
  const loss = new losses.BinaryCrossentropy({ fromLogits: true });
  const [ofLogits, ofLabels] = gradient(loss.value(t, x), [x, t]) as [Tensor, Tensor];
  const p = [0.5, -1, 2].map((v) => 1 / (1 + Math.exp(-v)));
  for (const [i, v] of ofLogits.dataSync().entries()) expect(v).toBeCloseTo((p[i]! - 1) / 3, 6);
  expect(ofLabels.shape).toEqual([1, 1]);
  expect(ofLabels.dataSync()[0]).toBeCloseTo(-(0.5 - 1 + 2) / 3, 6);
});

test("all of Keras's names are understood", () => {
  for (const name of ["mse", "MSE", "mean_squared_error", "meanSquaredError", "MeanSquaredError"]) {
    expect(getLoss(name).type).toBe("MeanSquaredError");
  }
  expect(getLoss("binary_crossentropy").type).toBe("BinaryCrossentropy");
  expect(() => getLoss("categoricalCrosentropy")).toThrow(/did you mean/);
  expect(() => lossFromConfig("__proto__")).toThrow(/not known here/);
  expect(() => getLoss("mse2000")).toThrow(/expected one of/);
});

describe("from the logits behind an activation, nothing overflows (NE-1)", () => {
  const extreme: [string, "softmax" | "sigmoid", number[][], number[][], number][] = [
    ["CategoricalCrossentropy", "softmax", [[1e4, -1e4, 0]], [[1, 0, 0]], 0],
    ["CategoricalCrossentropy", "softmax", [[1e4, -1e4, 0]], [[0, 1, 0]], 2e4],
    ["SparseCategoricalCrossentropy", "softmax", [[88.7, -88.7, 3e38]], [[0]], 3e38],
    ["SparseCategoricalCrossentropy", "softmax", [[5, 5, 5]], [[2]], Math.log(3)],
    ["BinaryCrossentropy", "sigmoid", [[1e4]], [[0]], 1e4],
    ["BinaryCrossentropy", "sigmoid", [[-1e4]], [[0]], 0],
    ["BinaryCrossentropy", "sigmoid", [[0]], [[1]], Math.log(2)],
  ];

  test.each(extreme)("%s of %s %j against %j", async (type, activation, logits, labels, wanted) => {
    const x = variable(tensor(logits));
    const value = lossFromConfig(type).value(tensor(labels), activate(activation, x.value));
    const found = await value.item();
    expect(Math.abs(found - wanted)).toBeLessThanOrEqual(1e-6 * Math.abs(wanted) + 1e-6);
    const [g] = gradient(value, [x]) as [Tensor];
    for (const v of await g.data()) expect(Number.isFinite(v)).toBe(true);
  });
});

test("of many labels for the binary cross-entropy, the one out of range is found; 0 of either sign and 1 are in range", () => {
  const loss = new losses.BinaryCrossentropy();
  const check = (at: number, value: number, count = 9000) => {
    const data = new Float32Array(count).fill(0.5);
    data.set([0, -0, 1, 1e-45]);
    if (at >= 0) data[at] = value;
    loss.check({ data, shape: [count, 1], dtype: "float32" }, [1], "fit");
  };
  expect(() => check(-1, 0)).not.toThrow();
  for (const at of [4, 4095, 4096, 8191, 8192, 8999]) {
    for (const value of [1.0000001, -1e-45, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(() => check(at, value)).toThrow(new RegExp(`at row ${at}`));
    }
  }
});
