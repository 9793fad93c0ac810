/** What the global pooling layers have in common: options and checks. Each layer has its own file. */
import type { Tensor } from "../../core/index.ts";
import { dataFormat, flag } from "../fields.ts";
import { type InputRule, Layer } from "../layer.ts";

const fields = { dataFormat, keepdims: flag(false) };

/** Reduces the two axes of an image: [rows, height, width, channels] → [rows, channels]. */
export abstract class GlobalPooling2D extends Layer<typeof fields> {
  static override readonly fields = fields;

  override inputRule(): InputRule {
    return { rank: 4 };
  }

  override call(x: Tensor): Tensor {
    const axes = this.config.dataFormat === "channels_last" ? [1, 2] : [2, 3];
    return this.reduce(x, axes, this.config.keepdims);
  }

  protected abstract reduce(x: Tensor, axes: number[], keepdims: boolean): Tensor;
}
