/** Images in a given size. */
import type { Tensor } from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";
import { staticSize } from "../../ir/size.ts";
import { withChannelsLast } from "../channels.ts";
import { choice, dataFormat, flag, type OptionsArgument, readInteger, real, required } from "../fields.ts";
import { type InputRule, Layer, type LayerOptions } from "../layer.ts";
import { cropToAspect, interpolations, padToAspect, resize } from "../resize.ts";

const fields = {
  height: required<number>(readInteger(1)),
  width: required<number>(readInteger(1)),
  interpolation: choice(interpolations, "bilinear"),
  cropToAspectRatio: flag(false),
  padToAspectRatio: flag(false),
  fillMode: choice(["constant"], "constant"),
  fillValue: real(0),
  antialias: flag(false),
  dataFormat,
};

/**
 * Images of any size made `height` × `width`: [rows, h, w, channels] → [rows, height, width, channels] (Keras's Resizing).
 * The ratio of the sides is not kept, unless the longer side is cut (`cropToAspectRatio`) or the shorter one filled up
 * (`padToAspectRatio`) first.
 *
 * @example new Resizing({ height: 28, width: 28 })
 */
export class Resizing extends Layer<typeof fields> {
  static override readonly type = "Resizing";
  static override readonly fields = fields;

  constructor(...options: OptionsArgument<typeof fields, LayerOptions>) {
    super(...options);
    const { cropToAspectRatio, padToAspectRatio } = this.config;
    if (!cropToAspectRatio || !padToAspectRatio) return;
    throw new UsageError({
      where: this.label,
      problem: "images cannot be both cut and filled up",
      expected: "`cropToAspectRatio` or `padToAspectRatio`",
      got: "both",
      try: "leave one of them out",
    });
  }

  override inputRule(): InputRule {
    return { rank: 4 };
  }

  override call(x: Tensor): Tensor {
    const { height, width, interpolation, cropToAspectRatio, padToAspectRatio, fillValue, antialias } =
      this.config;
    const size = [height, width] as const;
    const resized = withChannelsLast(x.cast("float32"), this.config.dataFormat, (given) => {
      for (const axis of [1, 2]) staticSize(given.shape[axis]!, this.label, "the size of the images");
      const images = cropToAspectRatio
        ? cropToAspect(given, size)
        : padToAspectRatio
          ? padToAspect(given, size, fillValue)
          : given;
      return resize(images, size, interpolation, antialias);
    });
    if (x.dtype === "float32") return resized;
    return (x.dtype === "uint8" ? resized.round().clip(0, 255) : resized.round()).cast(x.dtype);
  }
}
