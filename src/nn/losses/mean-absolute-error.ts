import type { Tensor } from "../../core/index.ts";
import type { Shape } from "../../ir/size.ts";
import type { HostArray } from "../host-array.ts";
import type { LossOptions } from "./loss.ts";
import { Loss, sameShapeAs } from "./loss.ts";

/** `mean(|yTrue - yPred|, last axis)` (Keras's MeanAbsoluteError). */
export class MeanAbsoluteError extends Loss {
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

  override check(labels: HostArray, output: Shape, where: string): void {
    sameShapeAs(labels, output, where, "give one target per output of the model");
  }
}
