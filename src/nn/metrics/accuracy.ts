import type { Tensor } from "../../core/index.ts";
import { MeanMetric } from "./mean-metric.ts";
import type { MetricOptions } from "./metric.ts";

/** How often predictions are equal to labels, element by element (Keras's Accuracy class, not the word "accuracy"). */
export class Accuracy extends MeanMetric {
  static readonly type = "Accuracy";
  readonly direction = "up";

  constructor(options: MetricOptions = {}) {
    super(Accuracy.type, options);
  }

  get type(): string {
    return Accuracy.type;
  }

  protected values(yTrue: Tensor, yPred: Tensor): Tensor {
    return yTrue.cast("float32").equal(yPred).cast("float32");
  }
}
