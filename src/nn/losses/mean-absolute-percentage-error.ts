import { maximum, type Tensor } from "../../core/index.ts";
import { epsilon } from "./binary-crossentropy.ts";
import type { LossOptions } from "./loss.ts";
import { RegressionLoss } from "./regression-loss.ts";

/** `100·mean(|yTrue - yPred| / max(|yTrue|, 1e-7), last axis)` (Keras's MeanAbsolutePercentageError). */
export class MeanAbsolutePercentageError extends RegressionLoss {
  static readonly type = "MeanAbsolutePercentageError";

  constructor(options: LossOptions = {}) {
    super(MeanAbsolutePercentageError.type, options);
  }

  get type(): string {
    return MeanAbsolutePercentageError.type;
  }

  call(yTrue: Tensor, yPred: Tensor): Tensor {
    const t = yTrue.cast("float32");
    return t.sub(yPred).div(maximum(t.abs(), epsilon)).abs().mean(-1).mul(100);
  }
}
