import type { Shape } from "../../ir/size.ts";
import type { HostArray } from "../host-array.ts";
import { Loss, sameShapeAs } from "./loss.ts";

/** Base of the losses that compare each number of the predictions with a target of its own. */
export abstract class RegressionLoss extends Loss {
  override check(labels: HostArray, output: Shape, where: string): void {
    sameShapeAs(labels, output, where, "give one target per output of the model");
  }
}
