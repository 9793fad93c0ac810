import { maximum, type Tensor } from "../../core/index.ts";
import { epsilon } from "./binary-crossentropy.ts";
import type { LossOptions } from "./loss.ts";
import { RegressionLoss } from "./regression-loss.ts";

/**
 * `mean((log(1 + yTrue) - log(1 + yPred))², last axis)`, both kept above 1e-7 (Keras's MeanSquaredLogarithmicError).
 */
export class MeanSquaredLogarithmicError extends RegressionLoss {
  static readonly type = "MeanSquaredLogarithmicError";

  constructor(options: LossOptions = {}) {
    super(MeanSquaredLogarithmicError.type, options);
  }

  get type(): string {
    return MeanSquaredLogarithmicError.type;
  }

  call(yTrue: Tensor, yPred: Tensor): Tensor {
    const log = (t: Tensor) => maximum(t, epsilon).add(1).log();
    return log(yPred)
      .sub(log(yTrue.cast("float32")))
      .square()
      .mean(-1);
  }
}
