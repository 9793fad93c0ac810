import type { Tensor } from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";
import { epsilon } from "../losses/binary-crossentropy.ts";
import { sameRank } from "../losses/loss.ts";
import { Metric, type MetricOptions, oneOf } from "./metric.ts";
import { type Counts, countsOf, ratio, thresholdSums } from "./threshold-counts.ts";

export interface AUCOptions extends MetricOptions {
  /** How many thresholds the curve is taken at, evenly spaced from 0 to 1. */
  numThresholds?: number;
  /** `ROC`: hits over false alarms; `PR`: precision over recall. */
  curve?: "ROC" | "PR";
  /** How the area between two points is taken; `interpolation` of PR is that of Davis and Goadrich (2006). */
  summationMethod?: "interpolation" | "minoring" | "majoring";
  /** The inner thresholds themselves, instead of their number. */
  thresholds?: readonly number[] | null;
  /** A curve for each output, and the mean of their areas. */
  multiLabel?: boolean;
  /** Weights of the outputs in that mean. */
  labelWeights?: readonly number[] | null;
  /** The predictions are logits. */
  fromLogits?: boolean;
}

/**
 * The area under the ROC or precision-recall curve, from counts at fixed thresholds (Keras's AUC). Its error shrinks with
 * the number of thresholds; `ExactAUC` has none, and keeps every score.
 */
export class AUC extends Metric {
  static readonly type = "AUC";
  readonly direction = "up";
  readonly curve: "ROC" | "PR";
  readonly summationMethod: "interpolation" | "minoring" | "majoring";
  /** All thresholds, with one below 0 and one above 1 at the ends. */
  readonly thresholds: readonly number[];
  readonly multiLabel: boolean;
  readonly labelWeights: readonly number[] | null;
  readonly fromLogits: boolean;
  readonly #given: readonly number[] | null;

  /** Throws UsageError for fewer than two thresholds, and for words that are not known. */
  constructor(options: AUCOptions = {}) {
    super(AUC.type, options);
    const { numThresholds = 200, curve = "ROC", summationMethod = "interpolation" } = options;
    this.curve = oneOf(AUC.type, "curve", curve, ["ROC", "PR"]);
    const methods = ["interpolation", "minoring", "majoring"] as const;
    this.summationMethod = oneOf(AUC.type, "summationMethod", summationMethod, methods);
    this.#given = options.thresholds ?? null;
    if (!this.#given && !(Number.isInteger(numThresholds) && numThresholds > 1)) tooFew(numThresholds);
    const inner = this.#given
      ? [...this.#given].sort((a, b) => a - b)
      : Array.from({ length: numThresholds - 2 }, (_, i) => (i + 1) / (numThresholds - 1));
    this.thresholds = [-epsilon, ...inner, 1 + epsilon];
    this.multiLabel = options.multiLabel ?? false;
    this.labelWeights = options.labelWeights ?? null;
    this.fromLogits = options.fromLogits ?? false;
  }

  get type(): string {
    return AUC.type;
  }

  protected override ownConfig() {
    return {
      num_thresholds: this.thresholds.length,
      curve: this.curve,
      summation_method: this.summationMethod,
      multi_label: this.multiLabel,
      num_labels: null,
      label_weights: this.labelWeights,
      from_logits: this.fromLogits,
      ...(this.#given ? { thresholds: this.thresholds.slice(1, -1) } : {}),
    };
  }

  sums(yTrue: Tensor, yPred: Tensor, weight?: Tensor): Tensor[] {
    const [t, p] = sameRank(yTrue, yPred);
    return thresholdSums(t, this.fromLogits ? p.sigmoid() : p, this.thresholds, weight, this.multiLabel);
  }

  /** The points of the curve of output `output`, from the lowest threshold to the highest. */
  points(output = 0): { x: number[]; y: number[] } {
    const counts = this.#counts(output);
    const recall = counts.map((c) => ratio(c.truePositives, c.truePositives + c.falseNegatives));
    if (this.curve === "PR") {
      const precision = counts.map((c) => ratio(c.truePositives, c.truePositives + c.falsePositives));
      return { x: recall, y: precision };
    }
    return { x: counts.map((c) => ratio(c.falsePositives, c.falsePositives + c.trueNegatives)), y: recall };
  }

  protected value(totals: readonly Float64Array[]): number {
    const areas = [...totals[2]!].map((_, output) => this.#area(output));
    const weights = this.labelWeights ?? areas.map(() => 1);
    const sum = areas.reduce((total, area, i) => total + area * weights[i]!, 0);
    return ratio(
      sum,
      weights.reduce((a, b) => a + b, 0),
    );
  }

  #counts(output: number): Counts[] {
    const outputs = this.totals[2]?.length ?? 1;
    return countsOf(this.totals).filter((_, i) => i % outputs === output);
  }

  #area(output: number): number {
    if (this.curve === "PR" && this.summationMethod === "interpolation")
      return interpolatedPR(this.#counts(output));
    const { x, y } = this.points(output);
    const height = heights[this.summationMethod];
    let area = 0;
    for (let i = 1; i < x.length; i++) area += (x[i - 1]! - x[i]!) * height(y[i - 1]!, y[i]!);
    return area;
  }
}

const heights = {
  interpolation: (a: number, b: number) => (a + b) / 2,
  minoring: Math.min,
  majoring: Math.max,
} as const;

/** The area under precision over recall where hits grow evenly with predictions between two thresholds (Davis and Goadrich). */
function interpolatedPR(counts: readonly Counts[]): number {
  let area = 0;
  for (let i = 1; i < counts.length; i++) {
    const [a, b] = [counts[i - 1]!, counts[i]!];
    const [called, fewer] = [a, b].map((c) => c.truePositives + c.falsePositives) as [number, number];
    const hits = a.truePositives - b.truePositives;
    const slope = ratio(hits, Math.max(called - fewer, 0));
    const intercept = b.truePositives - slope * fewer;
    const growth = called > 0 && fewer > 0 ? called / fewer : 1;
    area += ratio(slope * (hits + intercept * Math.log(growth)), b.truePositives + b.falseNegatives);
  }
  return area;
}

function tooFew(got: number): never {
  throw new UsageError({
    where: "AUC: numThresholds",
    problem: "a curve needs at least two thresholds",
    expected: "a whole number above 1",
    got: String(got),
    try: "leave numThresholds out to get 200",
  });
}
