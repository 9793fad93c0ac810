import { MeanSquaredError as SquaredErrorLoss } from "../losses/index.ts";
import { LossMetric } from "./loss-metric.ts";
import type { MetricOptions } from "./metric.ts";

/** Mean of squared differences (Keras's MeanSquaredError metric). */
export class MeanSquaredError extends LossMetric {
  constructor(options: MetricOptions = {}) {
    super(new SquaredErrorLoss(), options);
  }
}
