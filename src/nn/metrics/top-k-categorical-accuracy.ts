import type { Tensor } from "../../core/index.ts";
import { MeanMetric } from "./mean-metric.ts";
import type { MetricOptions } from "./metric.ts";

export interface TopKOptions extends MetricOptions {
  /** How many of the largest predictions count; 5 unless given. */
  k?: number;
}

/** How often the labelled class is among the `k` largest predictions, one-hot labels (Keras's TopKCategoricalAccuracy). */
export class TopKCategoricalAccuracy extends MeanMetric {
  static readonly type = "TopKCategoricalAccuracy";
  readonly direction = "up";
  readonly k: number;

  constructor(options: TopKOptions = {}) {
    super(TopKCategoricalAccuracy.type, options);
    this.k = options.k ?? 5;
  }

  get type(): string {
    return TopKCategoricalAccuracy.type;
  }

  protected override ownConfig() {
    return { k: this.k };
  }

  protected values(yTrue: Tensor, yPred: Tensor): Tensor {
    return inTopK(yTrue.argmax(-1), yPred, this.k);
  }
}

/** 1 where fewer than `k` classes are above the labelled one, else 0. Labels [rows, …], predictions [rows, …, classes]. */
export function inTopK(labels: Tensor, yPred: Tensor, k: number): Tensor {
  const own = yPred.takeAlongAxis(labels.cast("int32").expandDims(-1), -1);
  return yPred.greater(own).cast("int32").sum(-1).less(k).cast("float32");
}
