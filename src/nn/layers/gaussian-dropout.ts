/** Multiplicative noise. */
import { randomNormal, type Tensor } from "../../core/index.ts";
import type { CallContext } from "../context.ts";
import { readNumber, refuse, required, seedField } from "../fields.ts";
import { Layer } from "../layer.ts";
import { noiseKey } from "../noise.ts";

const readRate = readNumber(0, 1);

const fields = {
  rate: required<number>((value, at) =>
    value === 1 ? refuse(at, "a number from 0 up to, but not including, 1", value) : readRate(value, at),
  ),
  seed: seedField,
};

/**
 * While training, multiplies each element by a normally distributed number of mean 1 and variance rate / (1 - rate), drawn
 * anew at each step: the moments of dropout (Keras's GaussianDropout; Srivastava et al., 2014).
 *
 * @example new GaussianDropout({ rate: 0.3 })
 */
export class GaussianDropout extends Layer<typeof fields> {
  static override readonly type = "GaussianDropout";
  static override readonly fields = fields;

  override call(x: Tensor, ctx: CallContext): Tensor {
    const { rate, seed } = this.config;
    if (!ctx.training || rate === 0) return x;
    const stddev = Math.sqrt(rate / (1 - rate));
    return x.mul(randomNormal(noiseKey(ctx, seed, "noise"), x.shape, { mean: 1, stddev }));
  }
}
