import type { Tensor } from "../../core/index.ts";
import type { LossOptions } from "./loss.ts";
import { RegressionLoss } from "./regression-loss.ts";

/** `mean(|yTrue - yPred|, last axis)` (Keras's MeanAbsoluteError). */
export class MeanAbsoluteError extends RegressionLoss {
  static readonly type = "MeanAbsoluteError";

  constructor(options: LossOptions = {}) {
    super(MeanAbsoluteError.type, options);
  }

  get type(): string {
    return MeanAbsoluteError.type;
  }

  call(yTrue: Tensor, yPred: Tensor): Tensor {
    return yTrue.cast("float32").sub(yPred).abs().mean(-1);
  }
}
