import type { Tensor } from "../../core/index.ts";
import type { Loss } from "../losses/index.ts";
import { MeanMetric } from "./mean-metric.ts";
import type { MetricOptions } from "./metric.ts";

/** The mean of a loss, without penalties and loss weights. */
export class LossMetric extends MeanMetric {
  readonly loss: Loss;
  readonly direction = "down";

  constructor(loss: Loss, options: MetricOptions = {}) {
    super(loss.type, options);
    this.loss = loss;
  }

  get type(): string {
    return this.loss.type;
  }

  protected override ownConfig() {
    const { name: _, reduction: __, ...own } = this.loss.config();
    return own;
  }

  protected values(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.loss.call(yTrue, yPred);
  }
}
