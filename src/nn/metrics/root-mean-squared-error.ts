import type { Tensor } from "../../core/index.ts";
import { MeanMetric } from "./mean-metric.ts";
import type { MetricOptions } from "./metric.ts";

/** The root of the mean of squared differences (Keras's RootMeanSquaredError). */
export class RootMeanSquaredError extends MeanMetric {
  static readonly type = "RootMeanSquaredError";
  readonly direction = "down";

  constructor(options: MetricOptions = {}) {
    super(RootMeanSquaredError.type, options);
  }

  get type(): string {
    return RootMeanSquaredError.type;
  }

  protected values(yTrue: Tensor, yPred: Tensor): Tensor {
    return yTrue.cast("float32").sub(yPred).square();
  }

  protected override value(totals: readonly Float64Array[], samples: number): number {
    return Math.sqrt(super.value(totals, samples));
  }
}
