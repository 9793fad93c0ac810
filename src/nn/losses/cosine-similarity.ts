import { maximum, type Tensor } from "../../core/index.ts";
import type { LossOptions } from "./loss.ts";
import { RegressionLoss } from "./regression-loss.ts";

/** Minus the cosine of the angle between labels and predictions along the last axis (Keras's CosineSimilarity loss). */
export class CosineSimilarity extends RegressionLoss {
  static readonly type = "CosineSimilarity";

  constructor(options: LossOptions = {}) {
    super(CosineSimilarity.type, options);
  }

  get type(): string {
    return CosineSimilarity.type;
  }

  call(yTrue: Tensor, yPred: Tensor): Tensor {
    return cosine(yTrue, yPred).neg();
  }
}

/** The cosine of the angle between two tensors along the last axis; 0 where one of them is zero. */
export function cosine(yTrue: Tensor, yPred: Tensor): Tensor {
  return unit(yTrue.cast("float32")).mul(unit(yPred)).sum(-1);
}

/** `t` over its length; squared lengths count as 1e-14 at least, as in Keras. */
function unit(t: Tensor): Tensor {
  return t.mul(maximum(t.square().sum(-1, { keepdims: true }), 1e-14).rsqrt());
}
