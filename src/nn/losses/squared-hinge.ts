import type { Tensor } from "../../core/index.ts";
import { shortfall } from "./hinge.ts";
import type { LossOptions } from "./loss.ts";
import { RegressionLoss } from "./regression-loss.ts";

/** `mean(max(0, 1 - yTrue·yPred)², last axis)` with labels -1 and 1, or 0 and 1 (Keras's SquaredHinge). */
export class SquaredHinge extends RegressionLoss {
  static readonly type = "SquaredHinge";

  constructor(options: LossOptions = {}) {
    super(SquaredHinge.type, options);
  }

  get type(): string {
    return SquaredHinge.type;
  }

  call(yTrue: Tensor, yPred: Tensor): Tensor {
    return shortfall(yTrue, yPred).square().mean(-1);
  }
}
