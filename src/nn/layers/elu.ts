/** The exponential linear unit as a layer. */
import type { Tensor } from "../../core/index.ts";
import { activations } from "../activations.ts";
import { Layer } from "../layer.ts";
import { rectifiers } from "../rectifiers.ts";

const fields = rectifiers.ELU;

/**
 * x where x > 0, else `alpha · (eˣ - 1)`: [rows, …] → [rows, …] (Keras's ELU; Clevert et al., 2016).
 *
 * @example new ELU({ alpha: 0.5 })
 */
export class ELU extends Layer<typeof fields> {
  static override readonly type = "ELU";
  static override readonly fields = fields;

  override call(x: Tensor): Tensor {
    return activations.elu(x, this.config);
  }
}
