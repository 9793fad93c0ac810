/** Dropout of whole channels. */
import type { Tensor } from "../../core/index.ts";
import type { CallContext } from "../context.ts";
import { dataFormat, readNumber, required, seedField } from "../fields.ts";
import { type InputRule, Layer } from "../layer.ts";
import { dropped, noiseKey } from "../noise.ts";

const fields = { rate: required<number>(readNumber(0, 1)), seed: seedField, dataFormat };

/**
 * As Dropout, for whole channels of images: [rows, height, width, channels] → the same shape (Keras's SpatialDropout2D;
 * Tompson et al., 2015).
 *
 * @example new SpatialDropout2D({ rate: 0.3 })
 */
export class SpatialDropout2D extends Layer<typeof fields> {
  static override readonly type = "SpatialDropout2D";
  static override readonly fields = fields;
  static override readonly unsaved = ["trainable"];

  override inputRule(): InputRule {
    return { rank: 4 };
  }

  override call(x: Tensor, ctx: CallContext): Tensor {
    const { rate, seed } = this.config;
    if (!ctx.training) return x;
    const own = this.config.dataFormat === "channels_last" ? [0, 3] : [0, 1];
    const shape = x.shape.map((s, i) => (own.includes(i) ? s : 1));
    return dropped(x, rate, noiseKey(ctx, seed, "dropout"), shape);
  }
}
