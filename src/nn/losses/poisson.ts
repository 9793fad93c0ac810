import type { Tensor } from "../../core/index.ts";
import { epsilon } from "./binary-crossentropy.ts";
import type { LossOptions } from "./loss.ts";
import { RegressionLoss } from "./regression-loss.ts";

/** `mean(yPred - yTrue·log(yPred + 1e-7), last axis)` for counts and their expected values (Keras's Poisson). */
export class Poisson extends RegressionLoss {
  static readonly type = "Poisson";

  constructor(options: LossOptions = {}) {
    super(Poisson.type, options);
  }

  get type(): string {
    return Poisson.type;
  }

  call(yTrue: Tensor, yPred: Tensor): Tensor {
    return yPred.sub(yTrue.cast("float32").mul(yPred.add(epsilon).log())).mean(-1);
  }
}
