import { customGradient, type Tensor, where } from "../../core/index.ts";
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

/** Labels that are looked at together. */
const BLOCK = 4096;
/** 1 as the bits of a float32; those of numbers between 0 and 1 are whole numbers up to it. */
const ONE = 0x3f800000;

/** The first that is below 0 or above 1. Whole data sets of pictures may be labels: blocks that are surely inside are passed over. */
function firstOutside({ data, divisor = 1 }: HostArray): number {
  const [low, high] = [Math.min(0, divisor), Math.max(0, divisor)];
  const bits =
    data instanceof Float32Array && divisor === 1
      ? new Int32Array(data.buffer, data.byteOffset, data.length)
      : undefined;
  for (let from = 0; from < data.length; from += BLOCK) {
    const to = Math.min(from + BLOCK, data.length);
    if (bits !== undefined && surelyInside(bits, from, to)) continue;
    for (let i = from; i < to; i++) if (data[i]! < low || data[i]! > high) return i;
  }
  return -1;
}

/** Four at a time, in half the time of comparing one by one. */
function surelyInside(bits: Int32Array, from: number, to: number): boolean {
  if ((to - from) % 4 !== 0) return false;
  let sign = 0;
  for (let i = from; i < to; i += 4) {
    const [a, b, c, d] = [bits[i]!, bits[i + 1]!, bits[i + 2]!, bits[i + 3]!];
    sign |= (ONE - a) | (ONE - b) | (ONE - c) | (ONE - d) | a | b | c | d;
  }
  return sign >= 0;
}

function fromLogits(t: Tensor, x: Tensor): Tensor {
  const { shape } = t.add(x);
  return crossentropy(t.broadcastTo(shape), x.broadcastTo(shape));
}

/** `max(x, 0) - x·t + log(1 + e^-|x|)`, which never overflows; its slope is `sigmoid(x) - t`, also at 0. */
const crossentropy = customGradient((t, x) => {
  const e = x.abs().neg().exp();
  return {
    value: where(x.greater(0), x, x.mul(0)).sub(x.mul(t)).add(e.log1p()),
    gradient: (g) => [g.mul(x.neg()), g.mul(sigmoidOf(x, e).sub(t))],
  };
});

/** `sigmoid(x)`, from `e^-|x|`, which is there already. */
const sigmoidOf = customGradient((x, e) => {
  const p = where(x.less(0), e, 1).div(e.add(1));
  return { value: p, gradient: (g) => [g.mul(p.mul(p.neg().add(1))), undefined] };
});

function fromProbabilities(t: Tensor, yPred: Tensor): Tensor {
  const p = yPred.clip(epsilon, 1 - epsilon);
  return t
    .mul(p.log())
    .add(t.mul(-1).add(1).mul(p.mul(-1).add(1).log()))
    .neg();
}
