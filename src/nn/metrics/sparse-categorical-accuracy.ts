import type { Tensor } from "../../core/index.ts";
import { MeanMetric } from "./mean-metric.ts";
import type { MetricOptions } from "./metric.ts";

/** How often the largest prediction is that of the labelled class (Keras's SparseCategoricalAccuracy). */
export class SparseCategoricalAccuracy extends MeanMetric {
  static readonly type = "SparseCategoricalAccuracy";
  readonly direction = "up";

  constructor(options: MetricOptions = {}) {
    super(SparseCategoricalAccuracy.type, options);
  }

  get type(): string {
    return SparseCategoricalAccuracy.type;
  }

  protected values(yTrue: Tensor, yPred: Tensor): Tensor {
    const labels = yTrue.rank === yPred.rank && yTrue.shape.at(-1) === 1 ? yTrue.squeeze(-1) : yTrue;
    return labels.cast("int32").equal(yPred.argmax(-1)).cast("float32");
  }
}
