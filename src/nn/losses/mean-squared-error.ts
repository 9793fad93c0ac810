import type { Tensor } from "../../core/index.ts";
import type { Shape } from "../../ir/size.ts";
import type { HostArray } from "../host-array.ts";
import type { LossOptions } from "./loss.ts";
import { Loss, sameShapeAs } from "./loss.ts";

/** `mean((yTrue - yPred)², last axis)` (Keras's MeanSquaredError). */
export class MeanSquaredError extends Loss {
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

  override check(labels: HostArray, output: Shape, where: string): void {
    sameShapeAs(labels, output, where, "give one target per output of the model");
  }
}
