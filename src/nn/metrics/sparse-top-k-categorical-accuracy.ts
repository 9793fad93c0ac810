import type { Tensor } from "../../core/index.ts";
import { MeanMetric } from "./mean-metric.ts";
import type { TopKOptions } from "./top-k-categorical-accuracy.ts";
import { inTopK } from "./top-k-categorical-accuracy.ts";

/** How often the labelled class is among the `k` largest predictions, class numbers (Keras's SparseTopKCategoricalAccuracy). */
export class SparseTopKCategoricalAccuracy extends MeanMetric {
  static readonly type = "SparseTopKCategoricalAccuracy";
  readonly direction = "up";
  readonly k: number;

  constructor(options: TopKOptions = {}) {
    super(SparseTopKCategoricalAccuracy.type, options);
    this.k = options.k ?? 5;
  }

  get type(): string {
    return SparseTopKCategoricalAccuracy.type;
  }

  protected override ownConfig() {
    return { k: this.k };
  }

  protected values(yTrue: Tensor, yPred: Tensor): Tensor {
    const labels = yTrue.rank === yPred.rank && yTrue.shape.at(-1) === 1 ? yTrue.squeeze(-1) : yTrue;
    return inTopK(labels, yPred, this.k);
  }
}
