import { describe, expect, test } from "vitest";
import { tensor } from "../../src/core/index.ts";
import { ConfusionMatrix, getMetric, metrics } from "../../src/nn/index.ts";
import { recorded } from "./training-kit.ts";

interface Case {
  type: string;
  labels: number[];
  predictions: number[];
  value: number;
  weighted: number;
}

const { metrics: cases, losses } = recorded<{ metrics: Case[]; losses: { weight: number[] } }>(
  "keras-training.json",
);
const table = new Map(Object.entries(metrics));

describe("metrics are Keras's", () => {
  test.each(cases)("$type of $labels", async ({ type, labels, predictions, value, weighted }) => {
    const metric = new (table.get(type)!)();
    const [t, p] = [tensor(labels), tensor(predictions)];
    await metric.updateState(t, p);
    await metric.updateState(t.slice([0], [1]), p.slice([0], [1]));
    expect(metric.result()).toBeCloseTo(value, 5);
    metric.resetState();
    expect(metric.result()).toBe(0);
    await metric.updateState(t, p, tensor(losses.weight));
    expect(metric.result()).toBeCloseTo(weighted, 5);
  });
});

test("the confusion matrix counts pairs of label and prediction", async () => {
  const probabilities = [
    [0.8, 0.1, 0.1],
    [0.2, 0.5, 0.3],
    [0.1, 0.2, 0.7],
    [0.6, 0.3, 0.1],
  ];
  const wanted = [
    [1, 0, 0],
    [0, 1, 0],
    [1, 0, 1],
  ];
  const sparse = new ConfusionMatrix();
  await sparse.updateState(tensor([0, 1, 2, 2]), tensor(probabilities));
  expect(sparse.matrix()).toEqual(wanted);
  expect(sparse.result()).toBe(0.75);
  const oneHot = new ConfusionMatrix();
  await oneHot.updateState(tensor([0, 1, 2, 2]).cast("int32").oneHot(3), tensor(probabilities));
  expect(oneHot.matrix()).toEqual(wanted);
  const binary = new ConfusionMatrix();
  await binary.updateState(tensor([[0], [1], [1]]), tensor([[0.2], [0.7], [0.4]]));
  expect(binary.matrix()).toEqual([
    [1, 0],
    [1, 1],
  ]);
});

test("accuracy chooses by the shapes and keeps the word as its key", () => {
  const choose = (labels: number[], predictions: number[]) => getMetric("acc", { labels, predictions });
  expect(choose([8], [8, 1]).type).toBe("BinaryAccuracy");
  expect(choose([8, 1], [8, 1]).type).toBe("BinaryAccuracy");
  expect(choose([8], [8, 3]).type).toBe("SparseCategoricalAccuracy");
  expect(choose([8, 1], [8, 3]).type).toBe("SparseCategoricalAccuracy");
  expect(choose([8, 3], [8, 3]).type).toBe("CategoricalAccuracy");
  expect(choose([8], [8, 3]).name).toBe("acc");
  expect(() => getMetric("acuracy", { labels: [1], predictions: [1] })).toThrow(/did you mean `accuracy`/);
});

test("sums are exact over more samples than float32 can count", () => {
  const metric = new metrics.BinaryAccuracy();
  for (let i = 0; i < 2 ** 13; i++) metric.add([[2 ** 12 + 1]], 2 ** 13);
  expect(metric.result()).toBe((2 ** 12 + 1) / 2 ** 13);
});
