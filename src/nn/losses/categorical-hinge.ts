import { maximum, type Tensor } from "../../core/index.ts";
import type { LossOptions } from "./loss.ts";
import { RegressionLoss } from "./regression-loss.ts";

/**
 * `max(0, 1 + neg - pos)`: the score of the labelled class against the best of the others, one-hot labels along the last
 * axis (Keras's CategoricalHinge).
 */
export class CategoricalHinge extends RegressionLoss {
  static readonly type = "CategoricalHinge";

  constructor(options: LossOptions = {}) {
    super(CategoricalHinge.type, options);
  }

  get type(): string {
    return CategoricalHinge.type;
  }

  call(yTrue: Tensor, yPred: Tensor): Tensor {
    const t = yTrue.cast("float32");
    const right = t.mul(yPred).sum(-1);
    const best = t.mul(-1).add(1).mul(yPred).max(-1);
    return maximum(best.sub(right).add(1), 0);
  }
}
