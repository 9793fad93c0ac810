import type { Tensor } from "../../core/index.ts";
import type { LossOptions } from "./loss.ts";
import { RegressionLoss } from "./regression-loss.ts";

/** `mean((yTrue - yPred)², last axis)` (Keras's MeanSquaredError). */
export class MeanSquaredError extends RegressionLoss {
  static readonly type = "MeanSquaredError";

  constructor(options: LossOptions = {}) {
    super(MeanSquaredError.type, options);
  }

  get type(): string {
    return MeanSquaredError.type;
  }

  call(yTrue: Tensor, yPred: Tensor): Tensor {
    return yTrue.cast("float32").sub(yPred).square().mean(-1);
  }
}
