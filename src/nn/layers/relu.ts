/** The rectifier as a layer. */
import type { Tensor } from "../../core/index.ts";
import { activations } from "../activations.ts";
import { Layer } from "../layer.ts";
import { rectifiers } from "../rectifiers.ts";

const fields = rectifiers.ReLU;

/**
 * `maxValue` where x ≥ maxValue, x where x ≥ threshold, else `negativeSlope · (x - threshold)`: [rows, …] → [rows, …]
 * (Keras's ReLU).
 *
 * @example new ReLU({ maxValue: 6 })
 */
export class ReLU extends Layer<typeof fields> {
  static override readonly type = "ReLU";
  static override readonly fields = fields;

  override call(x: Tensor): Tensor {
    return activations.relu(x, this.config);
  }
}
