import { describe, expect, test } from "vitest";
import { tensor } from "../../src/core/index.ts";
import { CompiledState } from "../../src/nn/compile-options.ts";
import {
  areaUnder,
  averagePrecision,
  ConfusionMatrix,
  classificationReport,
  classificationScores,
  compileOptionsFromConfig,
  getMetric,
  type Metric,
  metrics,
  precisionRecallPoints,
  rocPoints,
  trainingConfig,
} from "../../src/nn/index.ts";
import { camelCase } from "../../src/nn/naming.ts";
import { recorded } from "./training-kit.ts";

interface Case {
  type: string;
  config?: Record<string, unknown>;
  name?: string;
  labels: number[];
  predictions: number[];
  value: number;
  weighted: number;
}

interface Curve {
  labels: number[];
  weights: number[];
  scores: number[];
  fpr: number[];
  tpr: number[];
  thresholds: number[];
  precision: number[];
  recall: number[];
  area: number;
  average: number;
}

interface Report {
  labels: number[];
  predicted: number[];
  names: string[] | null;
  digits: number;
  text: string;
}

const {
  metrics: cases,
  losses,
  curves,
  reports,
} = recorded<{ metrics: Case[]; losses: { weight: number[] }; curves: Curve[]; reports: Report[] }>(
  "keras-training.json",
);

function made(type: string, config: Record<string, unknown> = {}): Metric {
  const found = new Map<string, new (o: object) => Metric>(Object.entries(metrics)).get(type)!;
  return new found(Object.fromEntries(Object.entries(config).map(([k, v]) => [camelCase(k), v])));
}

/** Equal to about six digits. */
function near(found: number, wanted: number): void {
  expect(Math.abs(found - wanted)).toBeLessThanOrEqual(2e-6 * Math.max(1, Math.abs(wanted)));
}

function allNear(found: readonly number[], wanted: readonly number[]): void {
  expect(found.length).toBe(wanted.length);
  found.forEach((v, i) => {
    near(v, wanted[i]!);
  });
}

describe("metrics are Keras's", () => {
  test.each(cases)("$type $config of $labels", async ({ type, config, labels, predictions, ...wanted }) => {
    const { value, weighted } = wanted;
    const metric = made(type, config);
    if (wanted.name) expect(metric.name.replace(/_\d+$/, "")).toBe(wanted.name.replace(/_\d+$/, ""));
    const [t, p] = [tensor(labels), tensor(predictions)];
    await metric.updateState(t, p);
    await metric.updateState(t.slice([0], [1]), p.slice([0], [1]));
    near(metric.result(), value);
    const again = made(type, config);
    again.restoreState(metric.state());
    expect(again.result()).toBe(metric.result());
    metric.resetState();
    expect(metric.result()).toBe(0);
    await metric.updateState(t, p, tensor(losses.weight));
    near(metric.result(), weighted);
  });

  test("every metric has a recorded case", () => {
    const own = ["ConfusionMatrix", "ExactAUC"];
    expect(new Set([...cases.map((c) => c.type), ...own])).toEqual(new Set(Object.keys(metrics)));
  });

  test.each(cases)("$type $config survives its configuration", ({ type, config }) => {
    const state = new CompiledState({ loss: "mse", metrics: [made(type, config)] });
    const saved = trainingConfig(state)!;
    const again = trainingConfig(new CompiledState(compileOptionsFromConfig(saved)))!;
    expect(again.metrics).toEqual(saved.metrics);
  });

  test("several thresholds, and words that are not known", async () => {
    const metric = new metrics.Precision({ thresholds: [0, 0.5, 1] });
    await metric.updateState(tensor([0, 1, 1]), tensor([0.7, 0.6, 0.2]));
    expect(metric.results()).toEqual([2 / 3, 0.5, 0]);
    expect(metric.counts()[1]).toEqual({
      truePositives: 1,
      falsePositives: 1,
      falseNegatives: 1,
      trueNegatives: 0,
    });
    expect(() => new metrics.Precision({ thresholds: 2 })).toThrow(/from 0 to 1/);
    expect(() => new metrics.AUC({ curve: "roc" as never })).toThrow(/one of ROC, PR/);
    expect(() => new metrics.AUC({ numThresholds: 1 })).toThrow(/at least two/);
    expect(() => new metrics.F1Score({ average: "sum" as never })).toThrow(/one of micro/);
  });
});

describe("curves are scikit-learn's", () => {
  test.each(curves)("points and areas of $scores", async (c) => {
    const roc = rocPoints(c.labels, c.scores, c.weights);
    allNear(roc.falsePositiveRate, c.fpr);
    allNear(roc.truePositiveRate, c.tpr);
    allNear(roc.thresholds.slice(1), c.thresholds);
    const pr = precisionRecallPoints(c.labels, c.scores, c.weights);
    allNear(pr.precision, c.precision);
    allNear(pr.recall, c.recall);
    const plain = rocPoints(c.labels, c.scores);
    near(areaUnder(plain.falsePositiveRate, plain.truePositiveRate), c.area);
    const { precision, recall } = precisionRecallPoints(c.labels, c.scores);
    near(averagePrecision(precision, recall), c.average);
    for (const [curve, wanted] of [
      ["ROC", c.area],
      ["PR", c.average],
    ] as const) {
      const metric = new metrics.ExactAUC({ curve });
      await metric.updateState(tensor(c.labels.slice(0, 7)), tensor(c.scores.slice(0, 7)));
      await metric.updateState(tensor(c.labels.slice(7)), tensor(c.scores.slice(7)));
      near(metric.result(), wanted);
      const again = new metrics.ExactAUC({ curve });
      again.restoreState(metric.state());
      expect(again.result()).toBe(metric.result());
    }
  });

  test("lengths must agree", () => {
    expect(() => rocPoints([1, 0], [0.5])).toThrow(/one label for each score/);
  });
});

describe("the classification report is scikit-learn's", () => {
  test.each(reports)("with $digits digits", ({ labels, predicted, names, digits, text }) => {
    const options = { digits, ...(names ? { targetNames: names } : {}) };
    expect(classificationReport(labels, predicted, options)).toBe(text);
  });

  test("refuses lists that do not fit", () => {
    expect(() => classificationScores([1], [1, 2])).toThrow(/1 labels, 2 predictions/);
    expect(() => classificationScores([1, 0], [1, 0], { targetNames: ["a"] })).toThrow(/2 names/);
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
