/** Images made larger or smaller at random. */
import type { Tensor } from "../../core/index.ts";
import { affine, mapsOf, movingFields } from "../affine.ts";
import { draws, type RangeOption, readRange } from "../augmentation.ts";
import { withChannelsLast } from "../channels.ts";
import type { CallContext } from "../context.ts";
import { optional, orNull, required } from "../fields.ts";
import { type InputRule, Layer } from "../layer.ts";
import { imageSize } from "../resize.ts";

const fields = {
  heightFactor: required<RangeOption, readonly [number, number]>(readRange(-0.999, 1)),
  widthFactor: optional<RangeOption | null, readonly [number, number] | null>(
    null,
    orNull(readRange(-0.999, 1)),
  ),
  ...movingFields,
};

/**
 * While training, shows of each image a part 1 + f times as high and wide around its middle, f evenly distributed over the
 * factors: negative factors zoom in, positive ones out. Without `widthFactor` the ratio of the sides is kept: [rows, height,
 * width, channels] → the same shape (Keras's RandomZoom).
 *
 * @example new RandomZoom({ heightFactor: [-0.2, 0.1] })
 */
export class RandomZoom extends Layer<typeof fields> {
  static override readonly type = "RandomZoom";
  static override readonly fields = fields;

  override inputRule(): InputRule {
    return { rank: 4 };
  }

  override call(x: Tensor, ctx: CallContext): Tensor {
    const { heightFactor, widthFactor, seed } = this.config;
    if (!ctx.training) return x.cast("float32");
    return withChannelsLast(x.cast("float32"), this.config.dataFormat, (images) => {
      const [height, width] = imageSize(images, this.label);
      const draw = draws(ctx, seed, images.shape[0]!);
      const high = draw("height", heightFactor).add(1);
      const wide = widthFactor === null ? high : draw("width", widthFactor).add(1);
      const across = wide
        .neg()
        .add(1)
        .mul((width - 1) / 2);
      const down = high
        .neg()
        .add(1)
        .mul((height - 1) / 2);
      return affine(images, mapsOf(high, [wide, 0, across, 0, high, down]), this.config);
    });
  }
}
