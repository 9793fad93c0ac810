import { onesLike, type Tensor } from "../../core/index.ts";
import { sameRank, weightsLike } from "../losses/loss.ts";
import type { MetricOptions } from "./metric.ts";
import { Metric, oneOf } from "./metric.ts";

export interface R2ScoreOptions extends MetricOptions {
  /** How the scores of several outputs become one; with null the logs have their mean. */
  classAggregation?: "uniform_average" | "variance_weighted_average" | null;
  /** The number of independent variables, for the adjusted score; 0 is the plain one. */
  numRegressors?: number;
}

/**
 * The coefficient of determination, `1 - Σ(y - ŷ)² / Σ(y - mean y)²` for each output (Keras's R2Score). An output that is
 * constant has the score 0, or NaN where it is predicted exactly, as in Keras.
 */
export class R2Score extends Metric {
  static readonly type = "R2Score";
  readonly direction = "up";
  readonly classAggregation: "uniform_average" | "variance_weighted_average" | null;
  readonly numRegressors: number;

  /** Throws UsageError for an aggregation that does not exist. */
  constructor(options: R2ScoreOptions = {}) {
    super(R2Score.type, options);
    const { classAggregation = "uniform_average", numRegressors = 0 } = options;
    const choices = ["uniform_average", "variance_weighted_average", null] as const;
    this.classAggregation = oneOf(R2Score.type, "classAggregation", classAggregation, choices);
    this.numRegressors = numRegressors;
  }

  get type(): string {
    return R2Score.type;
  }

  protected override ownConfig() {
    return { class_aggregation: this.classAggregation, num_regressors: this.numRegressors };
  }

  sums(yTrue: Tensor, yPred: Tensor, weight?: Tensor): Tensor[] {
    const [t, p] = sameRank(yTrue.cast("float32"), yPred).map((a) =>
      a.rank === 1 ? a.expandDims(-1) : a,
    ) as [Tensor, Tensor];
    const w = weight === undefined ? onesLike(t) : onesLike(t).mul(weightsLike(weight, t));
    const weighted = t.mul(w);
    const misses = t.sub(p).square().mul(w);
    return [weighted, weighted.mul(t), misses, w].map((a) => a.sum(0));
  }

  /** The score of each output, neither averaged nor adjusted. */
  scores(): number[] {
    const [sum, squares, misses, count] = this.totals;
    if (!sum) return [];
    return [...sum].map((s, i) => {
      const score = 1 - misses![i]! / (squares![i]! - (s * s) / count![i]!);
      return Number.isFinite(score) || Number.isNaN(score) ? score : 0;
    });
  }

  protected value([sum, squares, , count]: readonly Float64Array[], samples: number): number {
    const scores = this.scores();
    const spread = scores.map((_, i) => squares![i]! - sum![i]! ** 2 / count![i]!);
    const weights = this.classAggregation === "variance_weighted_average" ? spread : scores.map(() => 1);
    const all = weights.reduce((a, b) => a + b, 0);
    const score = scores.reduce((total, s, i) => total + s * weights[i]!, 0) / all;
    const p = this.numRegressors;
    const n = samples * scores.length;
    if (p === 0 || p >= n - 1) return score;
    return 1 - ((1 - score) * (n - 1)) / (n - p - 1);
  }
}
