/** Dropout for self-normalizing networks. */
import { bernoulli, type Tensor, where } from "../../core/index.ts";
import type { CallContext } from "../context.ts";
import { readNumber, refuse, required, seedField } from "../fields.ts";
import { Layer } from "../layer.ts";
import { noiseKey, noiseShapeField, noiseShapeFor } from "../noise.ts";

const readRate = readNumber(0, 1);

const fields = {
  rate: required<number>((value, at) =>
    value === 1 ? refuse(at, "a number from 0 up to, but not including, 1", value) : readRate(value, at),
  ),
  seed: seedField,
  noiseShape: noiseShapeField,
};

/** What the scaled exponential linear unit tends to: -α · scale. */
const saturation = -1.7580993408473766;

/**
 * While training, sets a share `rate` of the elements to the value that `selu` saturates at, and rescales so that mean 0 and
 * variance 1 stay what they are (Keras's AlphaDropout; Klambauer et al., 2017).
 *
 * @example new AlphaDropout({ rate: 0.1 })
 */
export class AlphaDropout extends Layer<typeof fields> {
  static override readonly type = "AlphaDropout";
  static override readonly fields = fields;

  override call(x: Tensor, ctx: CallContext): Tensor {
    const { rate, seed, noiseShape } = this.config;
    if (!ctx.training || rate === 0) return x;
    const shape = noiseShapeFor(x, noiseShape, this.label);
    const kept = bernoulli(noiseKey(ctx, seed, "dropout"), shape, 1 - rate);
    const scale = 1 / Math.sqrt((1 - rate) * (1 + rate * saturation ** 2));
    return where(kept, x, saturation)
      .mul(scale)
      .add(-scale * saturation * rate);
  }
}
