/** Making images larger by whole factors. */
import type { Tensor } from "../../core/index.ts";
import { staticSize } from "../../ir/size.ts";
import { withChannelsLast } from "../channels.ts";
import { choice, dataFormat, pair } from "../fields.ts";
import { type InputRule, Layer } from "../layer.ts";
import { interpolations, resize } from "../resize.ts";

const fields = { size: pair(2), dataFormat, interpolation: choice(interpolations, "nearest") };

/**
 * Images `size` times as high and wide: [rows, height, width, channels] → [rows, height · size[0], width · size[1],
 * channels], each cell repeated (`nearest`) or interpolated (Keras's UpSampling2D).
 *
 * @example new UpSampling2D({ size: 2, interpolation: "bilinear" })
 */
export class UpSampling2D extends Layer<typeof fields> {
  static override readonly type = "UpSampling2D";
  static override readonly fields = fields;

  override inputRule(): InputRule {
    return { rank: 4 };
  }

  override call(x: Tensor): Tensor {
    const { size, interpolation } = this.config;
    return withChannelsLast(x, this.config.dataFormat, (images) => {
      if (interpolation === "nearest") return images.repeat(size[0], 1).repeat(size[1], 2);
      const larger = size.map((n, i) => n * staticSize(images.shape[i + 1]!, this.label)) as [number, number];
      return resize(images.cast("float32"), larger, interpolation);
    });
  }
}
