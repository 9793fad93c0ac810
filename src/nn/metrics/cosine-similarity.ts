import type { Tensor } from "../../core/index.ts";
import { cosine } from "../losses/cosine-similarity.ts";
import { MeanMetric } from "./mean-metric.ts";
import type { MetricOptions } from "./metric.ts";

/** The mean cosine of the angle between labels and predictions (Keras's CosineSimilarity metric: not negated, as the loss is). */
export class CosineSimilarity extends MeanMetric {
  static readonly type = "CosineSimilarity";
  readonly direction = "up";

  constructor(options: MetricOptions = {}) {
    super(CosineSimilarity.type, options);
  }

  get type(): string {
    return CosineSimilarity.type;
  }

  protected values(yTrue: Tensor, yPred: Tensor): Tensor {
    return cosine(yTrue, yPred);
  }
}
