import { type Tensor, where } from "../../core/index.ts";
import { DataError } from "../../ir/errors.ts";
import type { Shape } from "../../ir/size.ts";
import type { HostArray } from "../host-array.ts";
import { placeInRow } from "../host-array.ts";
import type { LossOptions } from "./loss.ts";
import { Loss, logitsBehind, sameShapeAs } from "./loss.ts";

/** Probabilities are kept this far from 0 and 1, as in Keras. */
export const epsilon = 1e-7;

export interface BinaryCrossentropyOptions extends LossOptions {
  /** The predictions are logits, not probabilities. */
  fromLogits?: boolean;
  /** Labels are moved this fraction of the way to one half. */
  labelSmoothing?: number;
}

/**
 * Cross-entropy of labels 0 or 1 with probabilities, averaged over the last axis (Keras's BinaryCrossentropy). Computed
 * from the logits where a sigmoid made the predictions.
 */
export class BinaryCrossentropy extends Loss {
  static readonly type: string = "BinaryCrossentropy";
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;

  constructor(options: BinaryCrossentropyOptions = {}, type: string = BinaryCrossentropy.type) {
    super(type, options);
    this.fromLogits = options.fromLogits ?? false;
    this.labelSmoothing = options.labelSmoothing ?? 0;
  }

  get type(): string {
    return BinaryCrossentropy.type;
  }

  protected override ownConfig(): Record<string, unknown> {
    return { from_logits: this.fromLogits, label_smoothing: this.labelSmoothing, axis: -1 };
  }

  call(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.each(this.targets(yTrue), yPred).mean(-1);
  }

  /** The labels, smoothed; float32. */
  protected targets(yTrue: Tensor): Tensor {
    const smooth = this.labelSmoothing;
    const y = yTrue.cast("float32");
    return smooth === 0 ? y : y.mul(1 - smooth).add(0.5 * smooth);
  }

  /** The cross-entropy of each single output. */
  protected each(t: Tensor, yPred: Tensor): Tensor {
    const logits = logitsBehind(yPred, "sigmoid") ?? (this.fromLogits ? yPred : undefined);
    return logits ? fromLogits(t, logits) : fromProbabilities(t, yPred);
  }

  override check(labels: HostArray, output: Shape, at: string): void {
    sameShapeAs(labels, output, at, "give one label 0 or 1 per output of the model");
    const bad = firstOutside(labels);
    if (bad < 0) return;
    throw new DataError({
      where: at,
      problem: "a label is out of range",
      expected: "labels 0 or 1 (or probabilities between them)",
      got: `${labels.data[bad]} at ${placeInRow(labels, bad)}`,
      try: "map the two classes to 0 and 1; for more classes use sparseCategoricalCrossentropy",
      details: { row: Math.floor(bad / (labels.data.length / labels.shape[0]!)) },
    });
  }
}

/** The first that is below 0 or above 1; a plain loop, since whole data sets of pictures may be labels. */
function firstOutside({ data, divisor = 1 }: HostArray): number {
  const [low, high] = [Math.min(0, divisor), Math.max(0, divisor)];
  for (let i = 0; i < data.length; i++) if (data[i]! < low || data[i]! > high) return i;
  return -1;
}

/** `max(x, 0) - x·t + log(1 + e^-|x|)`, which never overflows. */
function fromLogits(t: Tensor, x: Tensor): Tensor {
  return where(x.greater(0), x, x.mul(0)).sub(x.mul(t)).add(x.abs().neg().exp().log1p());
}

function fromProbabilities(t: Tensor, yPred: Tensor): Tensor {
  const p = yPred.clip(epsilon, 1 - epsilon);
  return t
    .mul(p.log())
    .add(t.mul(-1).add(1).mul(p.mul(-1).add(1).log()))
    .neg();
}
