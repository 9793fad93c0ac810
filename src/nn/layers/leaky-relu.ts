/** The leaky rectifier as a layer. */
import type { Tensor } from "../../core/index.ts";
import { activations } from "../activations.ts";
import { Layer } from "../layer.ts";
import { rectifiers } from "../rectifiers.ts";

const fields = rectifiers.LeakyReLU;

/**
 * x where x ≥ 0, else `negativeSlope · x`: [rows, …] → [rows, …] (Keras's LeakyReLU, whose slope is 0.3 by default).
 *
 * @example new LeakyReLU({ negativeSlope: 0.1 })
 */
export class LeakyReLU extends Layer<typeof fields> {
  static override readonly type = "LeakyReLU";
  static override readonly fields = fields;

  override call(x: Tensor): Tensor {
    return activations.leakyRelu(x, this.config);
  }
}
