import type { Tensor } from "../../core/index.ts";
import { epsilon } from "./binary-crossentropy.ts";
import type { LossOptions } from "./loss.ts";
import { RegressionLoss } from "./regression-loss.ts";

/** `sum(yTrue·log(yTrue / yPred), last axis)` of two distributions, both kept within 1e-7 and 1 (Keras's KLDivergence). */
export class KLDivergence extends RegressionLoss {
  static readonly type = "KLDivergence";

  constructor(options: LossOptions = {}) {
    super(KLDivergence.type, options);
  }

  get type(): string {
    return KLDivergence.type;
  }

  call(yTrue: Tensor, yPred: Tensor): Tensor {
    const [t, p] = [yTrue.cast("float32").clip(epsilon, 1), yPred.clip(epsilon, 1)];
    return t.mul(t.div(p).log()).sum(-1);
  }
}
