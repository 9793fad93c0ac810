import type { Tensor } from "../../core/index.ts";
import { MeanMetric } from "./mean-metric.ts";
import type { MetricOptions } from "./metric.ts";

/** How often the largest prediction is at the place of the largest label (Keras's CategoricalAccuracy). */
export class CategoricalAccuracy extends MeanMetric {
  static readonly type = "CategoricalAccuracy";
  readonly direction = "up";

  constructor(options: MetricOptions = {}) {
    super(CategoricalAccuracy.type, options);
  }

  get type(): string {
    return CategoricalAccuracy.type;
  }

  protected values(yTrue: Tensor, yPred: Tensor): Tensor {
    return yTrue.argmax(-1).equal(yPred.argmax(-1)).cast("float32");
  }
}
