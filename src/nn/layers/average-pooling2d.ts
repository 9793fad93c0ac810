/** Average pooling. */
import { averagePool, type Tensor } from "../../core/index.ts";
import { Pooling2D } from "./pooling2d.ts";

/**
 * The mean of each window: [rows, height, width, channels] → [rows, height', width', channels] (Keras's
 * AveragePooling2D). With `same` padding it is the mean of the cells that exist.
 *
 * @example new AveragePooling2D({ poolSize: [2, 3] })
 */
export class AveragePooling2D extends Pooling2D {
  static override readonly type = "AveragePooling2D";

  protected override pool(images: Tensor, windows: Parameters<typeof averagePool>[1]): Tensor {
    return averagePool(images, windows);
  }
}
