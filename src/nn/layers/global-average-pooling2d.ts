/** Global average pooling. */
import type { Tensor } from "../../core/index.ts";
import { GlobalPooling2D } from "./global-pooling2d.ts";

/** The mean of each channel: [rows, height, width, channels] → [rows, channels] (Keras's GlobalAveragePooling2D). */
export class GlobalAveragePooling2D extends GlobalPooling2D {
  static override readonly type = "GlobalAveragePooling2D";

  protected override reduce(x: Tensor, axes: number[], keepdims: boolean): Tensor {
    return x.mean(axes, { keepdims });
  }
}
