import type { Tensor } from "../../core/index.ts";
import { sameRank, weightsLike } from "../losses/loss.ts";
import { Metric } from "./metric.ts";

/** A metric that is the weighted mean of one value per sample (Keras's MeanMetricWrapper). */
export abstract class MeanMetric extends Metric {
  /** The value of each sample, [rows, …], float32. Ranks have been made equal where they differ by an axis of size 1. */
  protected abstract values(yTrue: Tensor, yPred: Tensor): Tensor;

  sums(yTrue: Tensor, yPred: Tensor, weight?: Tensor): Tensor[] {
    const [t, p] = sameRank(yTrue, yPred);
    let v = this.values(t, p);
    if (v.rank > 1) v = v.mean(v.shape.slice(1).map((_, i) => i + 1));
    if (weight === undefined) return [v.sum()];
    const w = weightsLike(weight, v);
    return [v.mul(w).sum(), w.sum()];
  }

  protected value(totals: readonly Float64Array[], samples: number): number {
    const count = totals[1]?.[0] ?? samples;
    return count === 0 ? 0 : totals[0]![0]! / count;
  }
}
