import type { Tensor } from "../../core/index.ts";
import { MeanMetric } from "./mean-metric.ts";
import type { MetricOptions } from "./metric.ts";

export interface BinaryAccuracyOptions extends MetricOptions {
  /** Predictions above it count as 1. */
  threshold?: number;
}

/** How often predictions above a threshold match labels 0 and 1 (Keras's BinaryAccuracy). */
export class BinaryAccuracy extends MeanMetric {
  static readonly type = "BinaryAccuracy";
  readonly direction = "up";
  readonly threshold: number;

  constructor(options: BinaryAccuracyOptions = {}) {
    super(BinaryAccuracy.type, options);
    this.threshold = options.threshold ?? 0.5;
  }

  get type(): string {
    return BinaryAccuracy.type;
  }

  protected override ownConfig() {
    return { threshold: this.threshold };
  }

  protected values(yTrue: Tensor, yPred: Tensor): Tensor {
    return yPred.greater(this.threshold).cast("float32").equal(yTrue.cast("float32")).cast("float32");
  }
}
