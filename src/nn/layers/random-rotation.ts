/** Images turned at random. */
import type { Tensor } from "../../core/index.ts";
import { affine, mapsOf, movingFields } from "../affine.ts";
import { draws, type RangeOption, readRange } from "../augmentation.ts";
import { withChannelsLast } from "../channels.ts";
import type { CallContext } from "../context.ts";
import { required } from "../fields.ts";
import { type InputRule, Layer } from "../layer.ts";
import { imageSize } from "../resize.ts";

const fields = {
  factor: required<RangeOption, readonly [number, number]>(readRange(-1, 1)),
  ...movingFields,
};

/**
 * While training, turns each image by an angle evenly distributed over `factor`, in whole turns (0.1 is up to 36° either
 * way): [rows, height, width, channels] → the same shape (Keras's RandomRotation).
 *
 * @example new RandomRotation({ factor: 0.05, fillMode: "constant" })
 */
export class RandomRotation extends Layer<typeof fields> {
  static override readonly type = "RandomRotation";
  static override readonly fields = fields;

  override inputRule(): InputRule {
    return { rank: 4 };
  }

  override call(x: Tensor, ctx: CallContext): Tensor {
    const { factor, seed } = this.config;
    if (!ctx.training) return x.cast("float32");
    return withChannelsLast(x.cast("float32"), this.config.dataFormat, (images) => {
      const [height, width] = imageSize(images, this.label);
      const angle = draws(ctx, seed, images.shape[0]!)("angle", factor).mul(2 * Math.PI);
      const [cos, sin] = [angle.cos(), angle.sin()];
      const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
      const across = cos.mul(-middleX).add(sin.mul(middleY)).add(middleX);
      const down = sin.mul(-middleX).sub(cos.mul(middleY)).add(middleY);
      return affine(images, mapsOf(angle, [cos, sin.neg(), across, sin, cos, down]), this.config);
    });
  }
}
