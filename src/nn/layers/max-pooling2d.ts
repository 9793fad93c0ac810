/** Maximum pooling. */
import { maxPool, type Tensor } from "../../core/index.ts";
import { Pooling2D } from "./pooling2d.ts";

/**
 * The largest value of each window: [rows, height, width, channels] → [rows, height', width', channels] (Keras's
 * MaxPooling2D). The gradient goes to the first largest value.
 *
 * @example new MaxPooling2D({ poolSize: 2 })
 */
export class MaxPooling2D extends Pooling2D {
  static override readonly type = "MaxPooling2D";

  protected override pool(images: Tensor, windows: Parameters<typeof maxPool>[1]): Tensor {
    return maxPool(images, windows);
  }
}
