import type { Tensor } from "../../core/index.ts";
import type { LossOptions } from "./loss.ts";
import { RegressionLoss } from "./regression-loss.ts";

/** `mean(log(cosh(yPred - yTrue)), last axis)`, which is near x²/2 for small and |x| - log 2 for large x (Keras's LogCosh). */
export class LogCosh extends RegressionLoss {
  static readonly type = "LogCosh";

  constructor(options: LossOptions = {}) {
    super(LogCosh.type, options);
  }

  get type(): string {
    return LogCosh.type;
  }

  call(yTrue: Tensor, yPred: Tensor): Tensor {
    const x = yPred.sub(yTrue.cast("float32"));
    return x.add(x.mul(-2).softplus()).sub(Math.LN2).mean(-1);
  }
}
