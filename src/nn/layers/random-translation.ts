/** Images moved at random. */
import type { Tensor } from "../../core/index.ts";
import { affine, mapsOf, movingFields } from "../affine.ts";
import { draws, type RangeOption, readRange } from "../augmentation.ts";
import { withChannelsLast } from "../channels.ts";
import type { CallContext } from "../context.ts";
import { required } from "../fields.ts";
import { type InputRule, Layer } from "../layer.ts";
import { imageSize } from "../resize.ts";

const fields = {
  heightFactor: required<RangeOption, readonly [number, number]>(readRange(-1, 1)),
  widthFactor: required<RangeOption, readonly [number, number]>(readRange(-1, 1)),
  ...movingFields,
};

/**
 * While training, moves each image down and right by parts of its height and width that are evenly distributed over the
 * factors (0.1 is up to a tenth either way): [rows, height, width, channels] → the same shape (Keras's RandomTranslation).
 *
 * @example new RandomTranslation({ heightFactor: 0.1, widthFactor: 0.1 })
 */
export class RandomTranslation extends Layer<typeof fields> {
  static override readonly type = "RandomTranslation";
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
      const up = draw("height", heightFactor).mul(-height);
      const left = draw("width", widthFactor).mul(-width);
      return affine(images, mapsOf(up, [1, 0, left, 0, 1, up]), this.config);
    });
  }
}
