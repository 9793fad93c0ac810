/** The curves of a classifier of two classes as data, by scikit-learn's definitions: exact, one point per distinct score. */
import { ShapeError } from "../../ir/errors.ts";

/** The receiver operating characteristic, from (0, 0) to (1, 1). */
export interface RocPoints {
  readonly falsePositiveRate: number[];
  readonly truePositiveRate: number[];
  /** Scores at least so high are called positive; the first is infinite. */
  readonly thresholds: number[];
}

/** Precision over recall, from all called positive down to none (precision 1, recall 0). */
export interface PrecisionRecallPoints {
  readonly precision: number[];
  readonly recall: number[];
  /** Scores at least so high are called positive, ascending; one fewer than points. */
  readonly thresholds: number[];
}

/**
 * The ROC curve of labels (above 0 is positive) and scores; rates are NaN where a class is absent. All corners are kept
 * (scikit-learn's `roc_curve` with `drop_intermediate=False`).
 *
 * @throws ShapeError where the lengths differ.
 */
export function rocPoints(
  labels: ArrayLike<number | boolean>,
  scores: ArrayLike<number>,
  weights?: ArrayLike<number>,
): RocPoints {
  const { hits, alarms, thresholds } = ranked("rocPoints", labels, scores, weights);
  const [positives, negatives] = [hits.at(-1) ?? 0, alarms.at(-1) ?? 0];
  return {
    falsePositiveRate: [0, ...alarms].map((n) => n / negatives),
    truePositiveRate: [0, ...hits].map((n) => n / positives),
    thresholds: [Number.POSITIVE_INFINITY, ...thresholds],
  };
}

/**
 * Precision and recall at every score (scikit-learn's `precision_recall_curve`); without positives recall is 1.
 *
 * @throws ShapeError where the lengths differ.
 */
export function precisionRecallPoints(
  labels: ArrayLike<number | boolean>,
  scores: ArrayLike<number>,
  weights?: ArrayLike<number>,
): PrecisionRecallPoints {
  const { hits, alarms, thresholds } = ranked("precisionRecallPoints", labels, scores, weights);
  const positives = hits.at(-1) ?? 0;
  const precision = hits.map((hit, i) => (hit + alarms[i]! === 0 ? 0 : hit / (hit + alarms[i]!)));
  const recall = hits.map((hit) => (positives === 0 ? 1 : hit / positives));
  return {
    precision: [...precision.reverse(), 1],
    recall: [...recall.reverse(), 0],
    thresholds: thresholds.reverse(),
  };
}

/** The area below points with ascending (or descending) x, by trapezoids (scikit-learn's `auc`). */
export function areaUnder(x: readonly number[], y: readonly number[]): number {
  let area = 0;
  for (let i = 1; i < x.length; i++) area += ((x[i]! - x[i - 1]!) * (y[i]! + y[i - 1]!)) / 2;
  return x.length > 0 && x.at(-1)! < x[0]! ? -area : area;
}

/** `Σ (Rₙ - Rₙ₋₁)·Pₙ` over the points of `precisionRecallPoints` (scikit-learn's `average_precision_score`). */
export function averagePrecision(precision: readonly number[], recall: readonly number[]): number {
  let sum = 0;
  for (let i = 1; i < recall.length; i++) sum += (recall[i - 1]! - recall[i]!) * precision[i - 1]!;
  return sum;
}

/**
 * Hits and false alarms when everything scored at least so high is called positive, from the highest score down. Samples
 * of weight 0 make no point.
 */
function ranked(
  where: string,
  labels: ArrayLike<number | boolean>,
  scores: ArrayLike<number>,
  weights: ArrayLike<number> | undefined,
): { hits: number[]; alarms: number[]; thresholds: number[] } {
  const n = scores.length;
  if (labels.length !== n || (weights !== undefined && weights.length !== n)) {
    throw new ShapeError({
      where,
      problem: "labels, scores and weights differ in length",
      expected: `${n} of each, as many as scores`,
      got: `${labels.length} labels${weights ? `, ${weights.length} weights` : ""}`,
      try: "give one label for each score",
    });
  }
  const order = Uint32Array.from({ length: n }, (_, i) => i)
    .filter((i) => weights?.[i] !== 0)
    .sort((a, b) => scores[b]! - scores[a]!);
  const out = { hits: [] as number[], alarms: [] as number[], thresholds: [] as number[] };
  let [hit, alarm] = [0, 0];
  order.forEach((i, at) => {
    const weight = weights?.[i] ?? 1;
    if (Number(labels[i]) > 0) hit += weight;
    else alarm += weight;
    const next = order[at + 1];
    if (next !== undefined && scores[next] === scores[i]) return;
    out.hits.push(hit);
    out.alarms.push(alarm);
    out.thresholds.push(scores[i]!);
  });
  return out;
}
