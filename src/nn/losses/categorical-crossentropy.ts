import type { Tensor } from "../../core/index.ts";
import type { Shape } from "../../ir/size.ts";
import type { HostArray } from "../host-array.ts";
import { epsilon } from "./binary-crossentropy.ts";
import type { LossOptions } from "./loss.ts";
import { Loss, logitsBehind, sameShapeAs } from "./loss.ts";

export interface CategoricalCrossentropyOptions extends LossOptions {
  /** The predictions are logits, not probabilities. */
  fromLogits?: boolean;
  /** This fraction of each label is spread evenly over all classes. */
  labelSmoothing?: number;
}

/**
 * Cross-entropy of one-hot labels [rows, …, classes] with probabilities (Keras's CategoricalCrossentropy). Computed from
 * the logits where a softmax made the predictions; other predictions are first made to sum to 1.
 */
export class CategoricalCrossentropy extends Loss {
  static readonly type: string = "CategoricalCrossentropy";
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;

  constructor(options: CategoricalCrossentropyOptions = {}, type: string = CategoricalCrossentropy.type) {
    super(type, options);
    this.fromLogits = options.fromLogits ?? false;
    this.labelSmoothing = options.labelSmoothing ?? 0;
  }

  get type(): string {
    return CategoricalCrossentropy.type;
  }

  protected override ownConfig(): Record<string, unknown> {
    return { from_logits: this.fromLogits, label_smoothing: this.labelSmoothing, axis: -1 };
  }

  call(yTrue: Tensor, yPred: Tensor): Tensor {
    const smooth = this.labelSmoothing;
    const y = yTrue.cast("float32");
    const t = smooth === 0 ? y : y.mul(1 - smooth).add(smooth / (yPred.shape.at(-1) as number));
    const logits = logitsBehind(yPred, "softmax") ?? (this.fromLogits ? yPred : undefined);
    if (logits) return this.each(t, logits.logSoftmax(-1)).sum(-1).neg();
    const p = yPred.div(yPred.sum(-1, { keepdims: true })).clip(epsilon, 1 - epsilon);
    return this.each(t, p.log()).sum(-1).neg();
  }

  /** What each class adds to the logarithm of the probability of the labels. */
  protected each(t: Tensor, logProbabilities: Tensor): Tensor {
    return t.mul(logProbabilities);
  }

  override check(labels: HostArray, output: Shape, where: string): void {
    sameShapeAs(
      labels,
      output,
      where,
      "one-hot labels are needed here; for class numbers use sparseCategoricalCrossentropy",
    );
  }
}
