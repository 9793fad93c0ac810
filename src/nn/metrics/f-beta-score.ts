import type { Tensor } from "../../core/index.ts";
import { epsilon } from "../losses/binary-crossentropy.ts";
import { weightsLike } from "../losses/loss.ts";
import type { MetricOptions } from "./metric.ts";
import { Metric, oneOf } from "./metric.ts";

export interface F1ScoreOptions extends MetricOptions {
  /** How the scores of the classes become one; with null the logs have their mean, and `scores()` gives each. */
  average?: "micro" | "macro" | "weighted" | null;
  /** Predictions above it count as 1; by default the largest prediction of a row does. */
  threshold?: number | null;
}

export interface FBetaScoreOptions extends F1ScoreOptions {
  /** How many times as much recall weighs as precision. */
  beta?: number;
}

/** `(1 + β²)·precision·recall / (β²·precision + recall)`, one-hot labels [rows, classes] (Keras's FBetaScore). */
export class FBetaScore extends Metric {
  static readonly type: string = "FBetaScore";
  readonly direction = "up";
  readonly average: "micro" | "macro" | "weighted" | null;
  readonly beta: number;
  readonly threshold: number | null;

  /** Throws UsageError for an average that does not exist. */
  constructor(options: FBetaScoreOptions = {}, type: string = FBetaScore.type) {
    super(type, { ...options, name: options.name ?? "fbeta_score" });
    this.average = oneOf(type, "average", options.average ?? null, ["micro", "macro", "weighted", null]);
    this.beta = options.beta ?? 1;
    this.threshold = options.threshold ?? null;
  }

  get type(): string {
    return FBetaScore.type;
  }

  protected override ownConfig(): Record<string, unknown> {
    return { average: this.average, beta: this.beta, threshold: this.threshold };
  }

  sums(yTrue: Tensor, yPred: Tensor, weight?: Tensor): Tensor[] {
    const t = yTrue.cast("float32");
    const called =
      this.threshold === null
        ? yPred.greaterEqual(yPred.max(-1, { keepdims: true })).logicalAnd(yPred.abs().greater(1e-9))
        : yPred.greater(this.threshold);
    const p = called.cast("float32");
    const counts = [p.mul(t), p.mul(t.mul(-1).add(1)), p.mul(-1).add(1).mul(t)];
    return counts.map((c) => (weight === undefined ? c : c.mul(weightsLike(weight, c))).sum(0));
  }

  /** The score of each class; a single one with `average: "micro"`. */
  scores(): number[] {
    const { beta } = this;
    let [hits, alarms, misses] = this.totals.map((a) => [...a]);
    if (!hits) return [];
    if (this.average === "micro") [hits, alarms, misses] = [hits, alarms!, misses!].map((a) => [sumOf(a)]);
    return hits!.map((hit, i) => {
      const precision = hit / (hit + alarms![i]! + epsilon);
      const recall = hit / (hit + misses![i]! + epsilon);
      return ((1 + beta * beta) * precision * recall) / (beta * beta * precision + recall + epsilon);
    });
  }

  protected value([hits, , misses]: readonly Float64Array[]): number {
    const scores = this.scores();
    if (this.average !== "weighted") return sumOf(scores) / scores.length;
    const support = [...hits!].map((hit, i) => hit + misses![i]!);
    const all = sumOf(support) + epsilon;
    return sumOf(scores.map((s, i) => (s * support[i]!) / all));
  }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
