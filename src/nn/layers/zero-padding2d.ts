/** Zeros around images. */
import type { Tensor } from "../../core/index.ts";
import { bordersField } from "../borders.ts";
import { withChannelsLast } from "../channels.ts";
import { dataFormat } from "../fields.ts";
import { type InputRule, Layer } from "../layer.ts";

const fields = { padding: bordersField(1), dataFormat };

/**
 * Zeros on the four sides of images: [rows, height, width, channels] → [rows, top + height + bottom, left + width + right,
 * channels]; `padding` is one number, [height, width] or [[top, bottom], [left, right]] (Keras's ZeroPadding2D).
 *
 * @example new ZeroPadding2D({ padding: [[1, 0], [1, 0]] })
 */
export class ZeroPadding2D extends Layer<typeof fields> {
  static override readonly type = "ZeroPadding2D";
  static override readonly fields = fields;

  override inputRule(): InputRule {
    return { rank: 4 };
  }

  override call(x: Tensor): Tensor {
    const [height, width] = this.config.padding;
    return withChannelsLast(x, this.config.dataFormat, (images) =>
      images.pad([[0, 0], height, width, [0, 0]]),
    );
  }
}
