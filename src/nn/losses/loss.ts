/** Losses: a value per sample, then a weighted mean, as Keras takes it. */
import { sizeOf, type Tensor } from "../../core/index.ts";
import { DataError, UsageError } from "../../ir/errors.ts";
import type { Shape } from "../../ir/size.ts";
import { countOf, showShape } from "../../ir/size.ts";
import { type Logits, logitsOf } from "../activations.ts";
import type { HostArray } from "../host-array.ts";
import { snakeCase } from "../naming.ts";

/** How the values per sample become one number. */
export type Reduction = "sumOverBatchSize" | "sum" | "mean" | "meanWithSampleWeight";

const reductions: ReadonlyMap<string, Reduction> = new Map([
  ["sumOverBatchSize", "sumOverBatchSize"],
  ["sum_over_batch_size", "sumOverBatchSize"],
  ["sum", "sum"],
  ["mean", "mean"],
  ["meanWithSampleWeight", "meanWithSampleWeight"],
  ["mean_with_sample_weight", "meanWithSampleWeight"],
]);

const reductionInFile: Record<Reduction, string> = {
  sumOverBatchSize: "sum_over_batch_size",
  sum: "sum",
  mean: "mean",
  meanWithSampleWeight: "mean_with_sample_weight",
};

export interface LossOptions {
  name?: string;
  /** `sumOverBatchSize` (the default) and `mean` divide by the number of values, whatever the weights are. */
  reduction?: Reduction;
}

/** Base of all losses. A subclass says the value of each sample. */
export abstract class Loss {
  readonly name: string;
  readonly reduction: Reduction;

  constructor(type: string, options: LossOptions = {}) {
    const reduction = reductions.get(options.reduction ?? "sumOverBatchSize");
    if (!reduction) {
      throw new UsageError({
        where: type,
        problem: "there is no such reduction",
        expected: `one of ${Object.keys(reductionInFile).join(", ")}`,
        got: String(options.reduction),
        try: "leave it out: sumOverBatchSize is the mean over the batch",
      });
    }
    this.reduction = reduction;
    this.name = options.name ?? snakeCase(type);
  }

  /** Keras's class name. */
  abstract get type(): string;

  /** The loss of each sample, [rows, …] without the last axis of `yPred`; float32. Ranks have been made equal. */
  abstract call(yTrue: Tensor, yPred: Tensor): Tensor;

  /** Options in Keras's spelling, beyond name and reduction. */
  protected ownConfig(): Record<string, unknown> {
    return {};
  }

  /** Keras's configuration, as saved files have it. */
  config(): Record<string, unknown> {
    return { name: this.name, reduction: reductionInFile[this.reduction], ...this.ownConfig() };
  }

  /**
   * Looks at labels before training: `where` names them. Throws DataError or ShapeError where they cannot be meant for
   * predictions of shape `output` (rows left out).
   */
  check(_labels: HostArray, _output: Shape, _where: string): void {}

  /** The loss of a batch as a scalar. `weight` has one value per sample. */
  value(yTrue: Tensor, yPred: Tensor, weight?: Tensor): Tensor {
    const [t, p] = sameRank(yTrue, yPred);
    const values = this.call(t, p);
    const w = weight === undefined ? undefined : weightsLike(weight, values);
    const sum = (w === undefined ? values : values.mul(w)).sum();
    if (this.reduction === "sum") return sum;
    const divisor =
      this.reduction === "meanWithSampleWeight" && w !== undefined
        ? w.sum()
        : sizeOf(countOf(values.shape)).cast("float32");
    return sum.div(divisor);
  }
}

/** Both with equal rank where they differ by a last axis of size 1, as Keras lines them up. */
export function sameRank(yTrue: Tensor, yPred: Tensor): [Tensor, Tensor] {
  const [t, p] = [yTrue.rank, yPred.rank];
  if (t === p + 1 && yTrue.shape.at(-1) === 1) return [yTrue.squeeze(-1), yPred];
  if (p === t + 1 && yPred.shape.at(-1) === 1) {
    return t === 1 ? [yTrue.expandDims(-1), yPred] : [yTrue, yPred.squeeze(-1)];
  }
  return [yTrue, yPred];
}

/** What `yPred` was computed from, if it is the output of that activation: a loss from logits loses nothing at p = 0. */
export function logitsBehind(yPred: Tensor, activation: Logits["activation"]): Tensor | undefined {
  const found = logitsOf(yPred);
  return found?.activation === activation ? found.logits : undefined;
}

/** Weights [rows] or [rows, 1] shaped to multiply `values`. */
export function weightsLike(weight: Tensor, values: Tensor): Tensor {
  let w = weight.cast("float32");
  while (w.rank > values.rank && w.shape.at(-1) === 1) w = w.squeeze(-1);
  while (w.rank < values.rank) w = w.expandDims(-1);
  return w;
}

/** Throws DataError unless the labels have the shape of the predictions, or differ by an axis of size 1 only. */
export function sameShapeAs(labels: HostArray, output: Shape, where: string, advice: string): void {
  const trim = (s: Shape) => (s.at(-1) === 1 ? s.slice(0, -1) : s);
  const [a, b] = [trim(labels.shape.slice(1)), trim(output)];
  if (a.length === b.length && a.every((s, i) => typeof b[i] !== "number" || s === b[i])) return;
  throw new DataError({
    where,
    problem: "the labels do not fit the predictions",
    expected: `labels of shape ${showShape(["rows", ...output.map(String)] as never)}`,
    got: showShape(labels.shape),
    try: advice,
  });
}
