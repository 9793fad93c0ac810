/** The softmax as a layer. */
import type { Tensor } from "../../core/index.ts";
import { activations } from "../activations.ts";
import { axesField } from "../fields.ts";
import { Layer } from "../layer.ts";

const fields = { axis: axesField(-1) };

/**
 * `eˣ / Σ eˣ` along one axis or over several: [rows, …] → [rows, …] (Keras's Softmax).
 *
 * @example new Softmax()
 */
export class Softmax extends Layer<typeof fields> {
  static override readonly type = "Softmax";
  static override readonly fields = fields;

  override call(x: Tensor): Tensor {
    const { axis } = this.config;
    const axes = typeof axis === "number" ? [axis] : axis;
    if (axes.length === 1) return activations.softmax(x, { axis: axes[0]! });
    return x.sub(x.logSumExp([...axes], { keepdims: true })).exp();
  }
}
