/** Unit normalization. */
import type { Tensor } from "../../core/index.ts";
import { resolveAxes } from "../axes.ts";
import { axesField } from "../fields.ts";
import { Layer } from "../layer.ts";
import { unitVectors } from "../unit-vectors.ts";

const fields = { axis: axesField(-1) };

/**
 * Each row divided by its L2 norm over `axis`: [rows, …] → [rows, …]; zeros stay zeros (Keras's UnitNormalization).
 *
 * @example new UnitNormalization()
 */
export class UnitNormalization extends Layer<typeof fields> {
  static override readonly type = "UnitNormalization";
  static override readonly fields = fields;

  override call(x: Tensor): Tensor {
    return unitVectors(x.cast("float32"), resolveAxes(this.config.axis, x.shape, this.label), 1e-12);
  }
}
