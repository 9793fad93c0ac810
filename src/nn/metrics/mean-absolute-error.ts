import { MeanAbsoluteError as AbsoluteErrorLoss } from "../losses/index.ts";
import { LossMetric } from "./loss-metric.ts";
import type { MetricOptions } from "./metric.ts";

/** Mean of absolute differences (Keras's MeanAbsoluteError metric). */
export class MeanAbsoluteError extends LossMetric {
  constructor(options: MetricOptions = {}) {
    super(new AbsoluteErrorLoss(), options);
  }
}
