import { maximum, type Tensor, where } from "../../core/index.ts";
import type { LossOptions } from "./loss.ts";
import { RegressionLoss } from "./regression-loss.ts";

/** `mean(max(0, 1 - yTrue·yPred), last axis)` with labels -1 and 1, or 0 and 1 (Keras's Hinge). */
export class Hinge extends RegressionLoss {
  static readonly type = "Hinge";

  constructor(options: LossOptions = {}) {
    super(Hinge.type, options);
  }

  get type(): string {
    return Hinge.type;
  }

  call(yTrue: Tensor, yPred: Tensor): Tensor {
    return shortfall(yTrue, yPred).mean(-1);
  }
}

/** `max(0, 1 - yTrue·yPred)`. Labels that are all 0 or 1 in the batch are taken for -1 and 1, as Keras does. */
export function shortfall(yTrue: Tensor, yPred: Tensor): Tensor {
  const t = yTrue.cast("float32");
  const binary = t.equal(0).logicalOr(t.equal(1)).all();
  return maximum(where(binary, t.mul(2).sub(1), t).mul(yPred).mul(-1).add(1), 0);
}
