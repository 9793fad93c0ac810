/** Metrics by name, and the choice of the accuracy that fits the labels. */
import type { Tensor } from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";
import type { Shape } from "../../ir/size.ts";
import type { LossIdentifier } from "../losses/index.ts";
import { getLoss, lossClass } from "../losses/index.ts";
import { camelCase, snakeCase, suggestion } from "../naming.ts";
import { Accuracy } from "./accuracy.ts";
import { AUC } from "./auc.ts";
import { BinaryAccuracy } from "./binary-accuracy.ts";
import { CategoricalAccuracy } from "./categorical-accuracy.ts";
import { ConfusionMatrix } from "./confusion-matrix.ts";
import { CosineSimilarity } from "./cosine-similarity.ts";
import { ExactAUC } from "./exact-auc.ts";
import { FBetaScore } from "./f-beta-score.ts";
import { F1Score } from "./f1-score.ts";
import { FalseNegatives } from "./false-negatives.ts";
import { FalsePositives } from "./false-positives.ts";
import { LossMetric } from "./loss-metric.ts";
import { MeanAbsoluteError } from "./mean-absolute-error.ts";
import { MeanMetric } from "./mean-metric.ts";
import { MeanSquaredError } from "./mean-squared-error.ts";
import { Metric } from "./metric.ts";
import { Precision } from "./precision.ts";
import { R2Score } from "./r2-score.ts";
import { Recall } from "./recall.ts";
import { RootMeanSquaredError } from "./root-mean-squared-error.ts";
import { SparseCategoricalAccuracy } from "./sparse-categorical-accuracy.ts";
import { SparseTopKCategoricalAccuracy } from "./sparse-top-k-categorical-accuracy.ts";
import { TopKCategoricalAccuracy } from "./top-k-categorical-accuracy.ts";
import { TrueNegatives } from "./true-negatives.ts";
import { TruePositives } from "./true-positives.ts";

export type { AUCOptions } from "./auc.ts";
export type { BinaryAccuracyOptions } from "./binary-accuracy.ts";
export * from "./classification-report.ts";
export type { ConfusionMatrixOptions } from "./confusion-matrix.ts";
export * from "./curves.ts";
export type { ExactAUCOptions } from "./exact-auc.ts";
export type { F1ScoreOptions, FBetaScoreOptions } from "./f-beta-score.ts";
export type { Direction, MetricOptions } from "./metric.ts";
export type { R2ScoreOptions } from "./r2-score.ts";
export type { ClassThresholdOptions, Counts, ThresholdOptions } from "./threshold-counts.ts";
export { ThresholdMetric } from "./threshold-counts.ts";
export type { TopKOptions } from "./top-k-categorical-accuracy.ts";
export {
  Accuracy,
  AUC,
  BinaryAccuracy,
  CategoricalAccuracy,
  ConfusionMatrix,
  CosineSimilarity,
  ExactAUC,
  F1Score,
  FalseNegatives,
  FalsePositives,
  FBetaScore,
  LossMetric,
  MeanAbsoluteError,
  MeanMetric,
  MeanSquaredError,
  Metric,
  Precision,
  R2Score,
  Recall,
  RootMeanSquaredError,
  SparseCategoricalAccuracy,
  SparseTopKCategoricalAccuracy,
  TopKCategoricalAccuracy,
  TrueNegatives,
  TruePositives,
};

/** Every metric by its class name. Any loss is a metric too, by its own name. */
export const metrics = {
  Accuracy,
  BinaryAccuracy,
  CategoricalAccuracy,
  SparseCategoricalAccuracy,
  MeanSquaredError,
  MeanAbsoluteError,
  RootMeanSquaredError,
  R2Score,
  CosineSimilarity,
  TopKCategoricalAccuracy,
  SparseTopKCategoricalAccuracy,
  TruePositives,
  FalsePositives,
  TrueNegatives,
  FalseNegatives,
  Precision,
  Recall,
  F1Score,
  FBetaScore,
  AUC,
  ExactAUC,
  ConfusionMatrix,
} as const;

/** A metric of your own: the value of each sample, [rows], from labels and predictions. */
export type MetricFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;
export type MetricIdentifier = string | Metric | MetricFunction;

class FunctionMetric extends MeanMetric {
  readonly fn: MetricFunction;
  readonly direction = undefined;

  constructor(fn: MetricFunction) {
    super("FunctionMetric", { name: fn.name || "metric" });
    this.fn = fn;
  }

  get type(): string {
    return this.name;
  }

  protected values(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.fn(yTrue, yPred);
  }
}

/** Shapes of labels and predictions, rows included, by which the words `accuracy` and `crossentropy` choose. */
export interface LabelShapes {
  readonly labels: Shape;
  readonly predictions: Shape;
}

/** Which of the three kinds of classification the shapes mean, by Keras's rule. */
export function classification({ labels, predictions }: LabelShapes): "binary" | "sparse" | "categorical" {
  if (predictions.at(-1) === 1) return "binary";
  const sparse = labels.length < predictions.length || labels.at(-1) === 1;
  return sparse ? "sparse" : "categorical";
}

const accuracies = {
  binary: BinaryAccuracy,
  sparse: SparseCategoricalAccuracy,
  categorical: CategoricalAccuracy,
} as const;

type MetricClass = new (options?: { name?: string }) => Metric;
const byName = new Map<string, MetricClass>(
  Object.entries(metrics).flatMap(([name, type]) => [
    [name, type],
    [snakeCase(name), type],
    [camelCase(snakeCase(name)), type],
  ]),
);

/**
 * A metric from its name, function or itself. The words `accuracy` and `acc` choose by the shapes; a name given as a
 * string stays the key in logs. Throws UsageError.
 */
export function getMetric(identifier: MetricIdentifier, shapes: LabelShapes): Metric {
  if (identifier instanceof Metric) return identifier;
  if (typeof identifier === "function") return new FunctionMetric(identifier);
  if (identifier === "accuracy" || identifier === "acc") {
    return new accuracies[classification(shapes)]({ name: identifier });
  }
  const found = byName.get(identifier);
  if (found) return new found({ name: identifier });
  if (lossClass(identifier))
    return new LossMetric(getLoss(identifier as LossIdentifier), { name: identifier });
  throw new UsageError({
    where: "compile",
    problem: "there is no such metric",
    expected: `accuracy, one of ${Object.keys(metrics).join(", ")}, a loss, a Metric or a function`,
    got: String(identifier),
    try: suggestion(String(identifier), ["accuracy", ...byName.keys()]) ?? 'metrics: ["accuracy"]',
  });
}
