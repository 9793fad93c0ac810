/** An activation function as a layer. */
import type { Tensor } from "../../core/index.ts";
import { activate, requiredActivation } from "../activations.ts";
import { Layer } from "../layer.ts";

const fields = { activation: requiredActivation() };

/**
 * Applies an activation function: [rows, …] → [rows, …] (Keras's Activation).
 *
 * @example new Activation({ activation: "tanh" })
 */
export class Activation extends Layer<typeof fields> {
  static override readonly type = "Activation";
  static override readonly fields = fields;

  override call(x: Tensor): Tensor {
    return activate(this.config.activation, x);
  }
}
