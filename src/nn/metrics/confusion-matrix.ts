import type { Tensor } from "../../core/index.ts";
import { weightsLike } from "../losses/loss.ts";
import type { MetricOptions } from "./metric.ts";
import { Metric } from "./metric.ts";

export interface ConfusionMatrixOptions extends MetricOptions {
  /** The number of classes; by default that of the predictions (2 where there is one output). */
  classes?: number;
}

/**
 * Counts of (label, predicted class). Its value in logs is the fraction on the diagonal; `matrix()` gives the counts.
 * Labels are class numbers or one-hot; one output is read as the probability of class 1. Of our own, not in Keras.
 */
export class ConfusionMatrix extends Metric {
  static readonly type = "ConfusionMatrix";
  readonly direction = "up";
  readonly #classes: number | undefined;

  constructor(options: ConfusionMatrixOptions = {}) {
    super(ConfusionMatrix.type, options);
    this.#classes = options.classes;
  }

  get type(): string {
    return ConfusionMatrix.type;
  }

  protected override ownConfig() {
    return this.#classes === undefined ? {} : { classes: this.#classes };
  }

  sums(yTrue: Tensor, yPred: Tensor, weight?: Tensor): Tensor[] {
    const outputs = yPred.shape.at(-1) as number;
    const classes = this.#classes ?? (outputs === 1 ? 2 : outputs);
    const predicted = outputs === 1 ? yPred.squeeze(-1).greater(0.5).cast("int32") : yPred.argmax(-1);
    const oneHotLabels = outputs > 1 && yTrue.rank === yPred.rank && yTrue.shape.at(-1) === outputs;
    const squeezed = yTrue.rank === yPred.rank && yTrue.shape.at(-1) === 1 ? yTrue.squeeze(-1) : yTrue;
    const labels = oneHotLabels ? yTrue.argmax(-1) : squeezed.cast("int32");
    const rows = labels.reshape([-1]).oneHot(classes).cast("float32");
    const columns = predicted.reshape([-1]).oneHot(classes).cast("float32");
    const counted = weight === undefined ? rows : rows.mul(weightsLike(weight.reshape([-1]), rows));
    return [counted.transpose().matmul(columns)];
  }

  protected value([counts]: readonly Float64Array[]): number {
    const n = Math.sqrt(counts!.length);
    let [hits, all] = [0, 0];
    counts!.forEach((count, i) => {
      if (i % (n + 1) === 0) hits += count;
      all += count;
    });
    return all === 0 ? 0 : hits / all;
  }

  /** `matrix()[label][predicted]`: how many (or what weight of) samples; empty before anything was added. */
  matrix(): number[][] {
    const counts = this.totals[0];
    if (!counts) return [];
    const n = Math.sqrt(counts.length);
    return Array.from({ length: n }, (_, i) => [...counts.subarray(i * n, (i + 1) * n)]);
  }
}
