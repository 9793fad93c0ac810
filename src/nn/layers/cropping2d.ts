/** Cutting the borders of images off. */
import type { Tensor } from "../../core/index.ts";
import { ShapeError } from "../../ir/errors.ts";
import { type Size, showShape, subSize } from "../../ir/size.ts";
import { bordersField } from "../borders.ts";
import { withChannelsLast } from "../channels.ts";
import { dataFormat } from "../fields.ts";
import { type InputRule, Layer } from "../layer.ts";

const fields = { cropping: bordersField(0), dataFormat };

/**
 * Images without their borders: [rows, height, width, channels] → [rows, height - top - bottom, width - left - right,
 * channels]; `cropping` is one number, [height, width] or [[top, bottom], [left, right]] (Keras's Cropping2D).
 *
 * @example new Cropping2D({ cropping: 4 })
 */
export class Cropping2D extends Layer<typeof fields> {
  static override readonly type = "Cropping2D";
  static override readonly fields = fields;

  override inputRule(): InputRule {
    return { rank: 4 };
  }

  override call(x: Tensor): Tensor {
    const { cropping } = this.config;
    return withChannelsLast(x, this.config.dataFormat, (images) => {
      const stops = cropping.map(([, after], i): Size => subSize(images.shape[i + 1]!, after));
      if (stops.some((stop, i) => typeof stop === "number" && stop <= cropping[i]![0])) {
        throw new ShapeError({
          where: this.label,
          problem: "nothing is left of the images",
          expected: `images larger than the borders, ${JSON.stringify(cropping)}`,
          got: showShape(x.shape),
          try: "make `cropping` smaller",
        });
      }
      return images.slice([0, cropping[0][0], cropping[1][0]], [null, ...stops]);
    });
  }
}
