/** Global maximum pooling. */
import type { Tensor } from "../../core/index.ts";
import { GlobalPooling2D } from "./global-pooling2d.ts";

/** The largest value of each channel: [rows, height, width, channels] → [rows, channels] (Keras's GlobalMaxPooling2D). */
export class GlobalMaxPooling2D extends GlobalPooling2D {
  static override readonly type = "GlobalMaxPooling2D";

  protected override reduce(x: Tensor, axes: number[], keepdims: boolean): Tensor {
    return x.max(axes, { keepdims });
  }
}
