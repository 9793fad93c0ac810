/** The middle of images. */
import type { Tensor } from "../../core/index.ts";
import { staticSize } from "../../ir/size.ts";
import { withChannelsLast } from "../channels.ts";
import { dataFormat, readInteger, required } from "../fields.ts";
import { type InputRule, Layer } from "../layer.ts";
import { cropToAspect, resize } from "../resize.ts";

const fields = {
  height: required<number>(readInteger(1)),
  width: required<number>(readInteger(1)),
  dataFormat,
};

/**
 * The middle of images, `height` × `width` cells of it: [rows, h, w, channels] → [rows, height, width, channels]. Images that
 * are smaller are cut to the ratio of these sides and made larger (Keras's CenterCrop).
 *
 * @example new CenterCrop({ height: 24, width: 24 })
 */
export class CenterCrop extends Layer<typeof fields> {
  static override readonly type = "CenterCrop";
  static override readonly fields = fields;

  override inputRule(): InputRule {
    return { rank: 4 };
  }

  override call(x: Tensor): Tensor {
    const { height, width } = this.config;
    return withChannelsLast(x.cast("float32"), this.config.dataFormat, (images) => {
      const [top, left] = [height, width].map((size, i) =>
        Math.floor((staticSize(images.shape[i + 1]!, this.label, "the size of the images") - size) / 2),
      ) as [number, number];
      return top >= 0 && left >= 0
        ? images.slice([0, top, left], [null, top + height, left + width])
        : resize(cropToAspect(images, [height, width]), [height, width], "bilinear");
    });
  }
}
