/** Additive noise. */
import { randomNormal, type Tensor } from "../../core/index.ts";
import type { CallContext } from "../context.ts";
import { readNumber, required, seedField } from "../fields.ts";
import { Layer } from "../layer.ts";
import { noiseKey } from "../noise.ts";

const fields = { stddev: required<number>(readNumber(0)), seed: seedField };

/**
 * While training, adds normally distributed noise of standard deviation `stddev`, drawn anew at each step (Keras's
 * GaussianNoise).
 *
 * @example new GaussianNoise({ stddev: 0.1 })
 */
export class GaussianNoise extends Layer<typeof fields> {
  static override readonly type = "GaussianNoise";
  static override readonly fields = fields;

  override call(x: Tensor, ctx: CallContext): Tensor {
    const { stddev, seed } = this.config;
    if (!ctx.training || stddev === 0) return x;
    return x.add(randomNormal(noiseKey(ctx, seed, "noise"), x.shape, { stddev }));
  }
}
