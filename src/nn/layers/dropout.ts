/** Dropout. */
import type { Tensor } from "../../core/index.ts";
import type { CallContext } from "../context.ts";
import { readNumber, required, seedField } from "../fields.ts";
import { Layer } from "../layer.ts";
import { dropped, noiseKey, noiseShapeField, noiseShapeFor } from "../noise.ts";

const fields = {
  rate: required<number>(readNumber(0, 1)),
  seed: seedField,
  noiseShape: noiseShapeField,
};

/**
 * While training, sets a share `rate` of the elements to 0, drawn anew at each step, and multiplies the rest by
 * 1 / (1 - rate); otherwise passes them on (Keras's Dropout; Srivastava et al., 2014). Along an axis where `noiseShape`
 * is 1, all elements share one fate.
 *
 * @example new Dropout({ rate: 0.5 })
 */
export class Dropout extends Layer<typeof fields> {
  static override readonly type = "Dropout";
  static override readonly fields = fields;

  override call(x: Tensor, ctx: CallContext): Tensor {
    const { rate, seed, noiseShape } = this.config;
    if (!ctx.training) return x;
    return dropped(x, rate, noiseKey(ctx, seed, "dropout"), noiseShapeFor(x, noiseShape, this.label));
  }
}
