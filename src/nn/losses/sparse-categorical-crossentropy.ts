import { type Tensor, where } from "../../core/index.ts";
import { DataError, NumericError } from "../../ir/errors.ts";
import type { Shape } from "../../ir/size.ts";
import { showShape } from "../../ir/size.ts";
import type { HostArray } from "../host-array.ts";
import { placeInRow } from "../host-array.ts";
import { epsilon } from "./binary-crossentropy.ts";
import type { LossOptions } from "./loss.ts";
import { Loss, logitsBehind } from "./loss.ts";

export interface SparseCategoricalCrossentropyOptions extends LossOptions {
  /** The predictions are logits, not probabilities. */
  fromLogits?: boolean;
}

/**
 * Cross-entropy of class numbers [rows, …] with probabilities over the last axis (Keras's
 * SparseCategoricalCrossentropy). Computed from the logits where a softmax made the predictions.
 */
export class SparseCategoricalCrossentropy extends Loss {
  static readonly type = "SparseCategoricalCrossentropy";
  readonly fromLogits: boolean;

  constructor(options: SparseCategoricalCrossentropyOptions = {}) {
    super(SparseCategoricalCrossentropy.type, options);
    this.fromLogits = options.fromLogits ?? false;
  }

  get type(): string {
    return SparseCategoricalCrossentropy.type;
  }

  protected override ownConfig() {
    return { ignore_class: null, from_logits: this.fromLogits, axis: -1 };
  }

  call(yTrue: Tensor, yPred: Tensor): Tensor {
    const classes = yPred.shape.at(-1) as number;
    const labels = yTrue.rank === yPred.rank && yTrue.shape.at(-1) === 1 ? yTrue.squeeze(-1) : yTrue;
    const chosen = labels.cast("int32").oneHot(classes).cast("bool");
    const given = logitsBehind(yPred, "softmax") ?? (this.fromLogits ? yPred : undefined);
    const logits = given ?? yPred.clip(epsilon, 1 - epsilon).log();
    return where(chosen, logits.logSoftmax(-1), 0).sum(-1).neg();
  }

  override check(labels: HostArray, output: Shape, at: string): void {
    const classes = output.at(-1);
    const own = labels.shape.length - 1 === output.length && labels.shape.at(-1) === 1;
    const axes = own ? labels.shape.slice(1, -1) : labels.shape.slice(1);
    if (axes.length !== output.length - 1) {
      throw new DataError({
        where: at,
        problem: "class numbers are needed, one per sample",
        expected: showShape(["rows", ...output.slice(0, -1).map(String)] as never),
        got: showShape(labels.shape),
        try: "one-hot labels belong to categoricalCrossentropy",
      });
    }
    const many = typeof classes === "number" ? classes : Number.POSITIVE_INFINITY;
    checkClasses(labels, many, at);
  }
}

/** Throws NumericError or DataError unless every label is a whole number from 0 to `classes` - 1. */
function checkClasses(labels: HostArray, classes: number, at: string): void {
  const bad = labels.data.findIndex((v) => !(Number.isInteger(v) && v >= 0 && v < classes));
  if (bad < 0) return;
  const value = labels.data[bad]!;
  const parts = {
    where: at,
    expected: `whole numbers from 0 to ${classes - 1}, for the ${classes} outputs of the model`,
    got: `${value} at ${placeInRow(labels, bad)}`,
    details: { row: Math.floor(bad / (labels.data.length / labels.shape[0]!)), epoch: 1, step: 1 },
  };
  if (!Number.isFinite(value)) {
    throw new NumericError({
      ...parts,
      problem: `a label is ${value} (found before epoch 1, step 1)`,
      try: "remove the row, or give it a class",
    });
  }
  throw new DataError({
    ...parts,
    problem: Number.isInteger(value) ? "a label is out of range" : "a label is not a whole number",
    try: Number.isInteger(value)
      ? "number the classes from 0, and give the last layer one unit per class"
      : "class numbers must be whole; for regression use meanSquaredError",
  });
}
