import { onesLike, type Tensor } from "../../core/index.ts";
import { sameRank, weightsLike } from "../losses/loss.ts";
import { areaUnder, averagePrecision, precisionRecallPoints, rocPoints } from "./curves.ts";
import { Metric, type MetricOptions, oneOf } from "./metric.ts";

export interface ExactAUCOptions extends MetricOptions {
  /** `ROC`: area of trapezoids; `PR`: average precision, as scikit-learn defines both. */
  curve?: "ROC" | "PR";
}

/**
 * The exact area under the ROC curve, or the average precision: every score is kept (12 bytes each) and sorted. All
 * outputs count together. Of our own, not in Keras; scikit-learn's `roc_auc_score` and `average_precision_score`.
 */
export class ExactAUC extends Metric {
  static readonly type = "ExactAUC";
  readonly direction = "up";
  readonly curve: "ROC" | "PR";
  #parts: Float32Array[][] = [];

  /** Throws UsageError for another curve. */
  constructor(options: ExactAUCOptions = {}) {
    super(ExactAUC.type, options);
    this.curve = oneOf(ExactAUC.type, "curve", options.curve ?? "ROC", ["ROC", "PR"]);
  }

  get type(): string {
    return ExactAUC.type;
  }

  protected override ownConfig() {
    return { curve: this.curve };
  }

  sums(yTrue: Tensor, yPred: Tensor, weight?: Tensor): Tensor[] {
    const [t, p] = sameRank(yTrue, yPred);
    const w = weight === undefined ? onesLike(p) : onesLike(p).mul(weightsLike(weight, p));
    return [t.cast("float32"), p, w].map((a) => a.reshape([-1]));
  }

  override add(columns: readonly ArrayLike<number>[], samples: number): void {
    super.add([], samples);
    this.#parts.push(columns.map((c) => Float32Array.from(c)));
  }

  override resetState(): void {
    super.resetState();
    this.#parts = [];
  }

  override state(): Float64Array[] {
    return [...super.state(), ...this.#columns().map((c) => Float64Array.from(c))];
  }

  override restoreState([counts, ...columns]: readonly Float64Array[]): void {
    super.restoreState([counts!]);
    this.#parts = columns.length === 0 ? [] : [columns.map((c) => Float32Array.from(c))];
  }

  #columns(): Float32Array[] {
    if (this.#parts.length > 1) {
      this.#parts = [[0, 1, 2].map((i) => Float32Array.from(this.#parts.flatMap((p) => [...p[i]!])))];
    }
    return this.#parts[0] ?? [];
  }

  /** The points of the curve. */
  points(): { x: number[]; y: number[] } {
    const [labels, scores, weights] = this.#columns();
    if (!labels) return { x: [], y: [] };
    if (this.curve === "ROC") {
      const { falsePositiveRate, truePositiveRate } = rocPoints(labels, scores!, weights);
      return { x: falsePositiveRate, y: truePositiveRate };
    }
    const { recall, precision } = precisionRecallPoints(labels, scores!, weights);
    return { x: recall, y: precision };
  }

  protected value(): number {
    const { x, y } = this.points();
    return this.curve === "ROC" ? areaUnder(x, y) : averagePrecision(y, x);
  }
}
