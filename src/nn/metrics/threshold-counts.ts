/** What metrics over decision thresholds share: how many predictions above each threshold were right and wrong. */
import { onesLike, type Tensor, tensor } from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";
import { sameRank, weightsLike } from "../losses/loss.ts";
import { Metric, type MetricOptions } from "./metric.ts";

export interface ThresholdOptions extends MetricOptions {
  /** One or several; a prediction counts as positive above it. 0.5 unless given. */
  thresholds?: number | readonly number[] | null;
}

export interface ClassThresholdOptions extends ThresholdOptions {
  /** Only the `k` largest predictions of a row can be positive; the threshold is then none unless given. */
  topK?: number | null;
  /** Look at this class alone. */
  classId?: number | null;
}

/** Numbers of predictions (or their weight) at each threshold. */
export interface Counts {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
}

/** Stands for minus infinity, as in Keras. */
const least = -1e10;

/** Base of metrics over thresholds. The sums are hits and alarms at each threshold, and the positives and negatives. */
export abstract class ThresholdMetric extends Metric {
  readonly thresholds: readonly number[];
  protected readonly given: ThresholdOptions["thresholds"];
  readonly topK: number | null;
  readonly classId: number | null;

  /** Throws UsageError for thresholds outside of 0 to 1. */
  constructor(type: string, options: ClassThresholdOptions) {
    super(type, options);
    this.topK = options.topK ?? null;
    this.classId = options.classId ?? null;
    this.given = options.thresholds ?? null;
    const otherwise = this.topK === null ? 0.5 : least;
    this.thresholds = this.given === null ? [otherwise] : [this.given].flat();
    const bad = this.given === null ? undefined : this.thresholds.find((t) => !(t >= 0 && t <= 1));
    if (bad !== undefined || this.thresholds.length === 0) {
      throw new UsageError({
        where: `${type}: thresholds`,
        problem: "a threshold is not a probability",
        expected: "one or more numbers from 0 to 1",
        got: String(bad ?? "none"),
        try: "thresholds: 0.5",
      });
    }
  }

  sums(yTrue: Tensor, yPred: Tensor, weight?: Tensor): Tensor[] {
    let [t, p] = sameRank(yTrue, yPred);
    if (this.topK !== null) p = onlyTop(p, this.topK);
    if (this.classId !== null) {
      [t, p] = [t, p].map((a) => a.take(tensor([this.classId!], { dtype: "int32" }), -1)) as [Tensor, Tensor];
    }
    return thresholdSums(t, p, this.thresholds, weight);
  }

  /** What was counted at each threshold so far. */
  counts(): Counts[] {
    return countsOf(this.totals);
  }

  /** The value at each threshold. */
  results(): number[] {
    return this.counts().map((c) => this.at(c));
  }

  /** The value from the counts at one threshold. */
  protected abstract at(counts: Counts): number;

  /** With several thresholds their mean; `results()` has each. */
  protected value(): number {
    const results = this.results();
    return results.reduce((a, b) => a + b, 0) / results.length;
  }
}

/** The sums of a batch, all outputs together: hits and alarms [thresholds], positives and negatives [1]. */
export function thresholdSums(
  yTrue: Tensor,
  yPred: Tensor,
  thresholds: readonly number[],
  weight: Tensor | undefined,
  perOutput = false,
): Tensor[] {
  const shape = perOutput ? [1, -1, yPred.shape.at(-1) as number] : [1, -1];
  const flat = (a: Tensor) => a.reshape(shape);
  const like = onesLike(yPred);
  const w = weight === undefined ? undefined : flat(like.mul(weightsLike(weight, like)));
  const weighted = (a: Tensor) => (w === undefined ? a : a.mul(w));
  const positive = flat(yTrue.cast("float32").notEqual(0).cast("float32"));
  const [hits, alarms] = [weighted(positive), weighted(positive.mul(-1).add(1))];
  const limits = tensor([...thresholds], { dtype: "float32" }).reshape(perOutput ? [-1, 1, 1] : [-1, 1]);
  const called = flat(yPred).greater(limits).cast("float32");
  return [called.mul(hits).sum(1), called.mul(alarms).sum(1), hits.sum(1), alarms.sum(1)];
}

/** The counts from such sums, threshold by threshold (and output by output within each). */
export function countsOf(totals: readonly Float64Array[]): Counts[] {
  const [hits, alarms, positives, negatives] = totals;
  if (!hits) return [];
  const outputs = positives!.length;
  return [...hits].map((hit, i) => ({
    truePositives: hit,
    falsePositives: alarms![i]!,
    falseNegatives: positives![i % outputs]! - hit,
    trueNegatives: negatives![i % outputs]! - alarms![i]!,
  }));
}

/** `p`, with everything but the `k` largest of each row far below any threshold; the first of equals is taken. */
function onlyTop(p: Tensor, k: number): Tensor {
  const chosen = p
    .topK(k)
    .indices.oneHot(p.shape.at(-1) as number)
    .cast("float32")
    .sum(-2);
  return p.mul(chosen).add(chosen.mul(-1).add(1).mul(least));
}

/** `a / b`, or 0 where b is 0. */
export function ratio(a: number, b: number): number {
  return b === 0 ? 0 : a / b;
}
