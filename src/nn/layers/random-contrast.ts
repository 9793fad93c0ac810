/** Contrast changed at random. */
import type { Tensor } from "../../core/index.ts";
import { draws, type RangeOption } from "../augmentation.ts";
import type { CallContext } from "../context.ts";
import { dataFormat, optional, readNumber, readPairOf, required, seedField } from "../fields.ts";
import { type InputRule, Layer } from "../layer.ts";

const fields = {
  factor: required<RangeOption, readonly [number, number]>(readPairOf(readNumber(0, 1))),
  valueRange: optional<readonly [number, number]>([0, 255], readPairOf(readNumber())),
  seed: seedField,
  dataFormat,
};

/**
 * While training, stretches the values of each channel of each image around their mean by a number evenly distributed over
 * [1 - lower, 1 + upper], and clips to `valueRange`: [rows, height, width, channels] → the same shape (Keras's
 * RandomContrast). One `factor` is both lower and upper.
 *
 * @example new RandomContrast({ factor: 0.2, valueRange: [0, 1] })
 */
export class RandomContrast extends Layer<typeof fields> {
  static override readonly type = "RandomContrast";
  static override readonly fields = fields;

  override inputRule(): InputRule {
    return { rank: 4 };
  }

  override call(input: Tensor, ctx: CallContext): Tensor {
    const x = input.cast("float32");
    if (!ctx.training) return x;
    const { factor, valueRange, seed } = this.config;
    const [lower, upper] = factor;
    const stretch = draws(ctx, seed, x.shape[0]!)("contrast", [1 - lower, 1 + upper]);
    const mean = x.mean(this.config.dataFormat === "channels_last" ? [1, 2] : [2, 3], { keepdims: true });
    return x
      .sub(mean)
      .mul(stretch.reshape([x.shape[0]!, 1, 1, 1]))
      .add(mean)
      .clip(...valueRange);
  }
}
