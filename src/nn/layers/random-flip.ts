/** Images mirrored at random. */
import { type Tensor, where } from "../../core/index.ts";
import { draws } from "../augmentation.ts";
import { withChannelsLast } from "../channels.ts";
import type { CallContext } from "../context.ts";
import { choice, dataFormat, seedField } from "../fields.ts";
import { type InputRule, Layer } from "../layer.ts";

const fields = {
  mode: choice(["horizontal_and_vertical", "horizontal", "vertical"], "horizontal_and_vertical"),
  seed: seedField,
  dataFormat,
};

/**
 * While training, mirrors each image with probability ½ in each of the directions of `mode`: [rows, height, width,
 * channels] → the same shape (Keras's RandomFlip, which draws once for both directions where this draws for each).
 *
 * @example new RandomFlip({ mode: "horizontal" })
 */
export class RandomFlip extends Layer<typeof fields> {
  static override readonly type = "RandomFlip";
  static override readonly fields = fields;

  override inputRule(): InputRule {
    return { rank: 4 };
  }

  override call(x: Tensor, ctx: CallContext): Tensor {
    const { mode, seed } = this.config;
    if (!ctx.training) return x.cast("float32");
    const draw = draws(ctx, seed, x.shape[0]!);
    return withChannelsLast(x.cast("float32"), this.config.dataFormat, (images) => {
      const mirrored = (y: Tensor, direction: string, axis: number) => {
        if (!mode.includes(direction)) return y;
        const chosen = draw(direction, [0, 1]).less(0.5).reshape([y.shape[0]!, 1, 1, 1]);
        return where(chosen, y.flip(axis), y);
      };
      return mirrored(mirrored(images, "horizontal", 2), "vertical", 1);
    });
  }
}
