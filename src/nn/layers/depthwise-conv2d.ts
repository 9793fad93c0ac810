/** Depthwise convolution. */
import type { Tensor, Variable } from "../../core/index.ts";
import type { Shape } from "../../ir/size.ts";
import { activate } from "../activations.ts";
import { withChannelsLast } from "../channels.ts";
import { channelsOf, checkStrides, convolutionFields, depthwise, imageRule } from "../convolution.ts";
import { integer, type OptionsArgument } from "../fields.ts";
import { type InputRule, Layer, type LayerOptions } from "../layer.ts";
import { weightFields } from "../weight-fields.ts";

const fields = {
  ...convolutionFields,
  depthMultiplier: integer(1),
  ...weightFields("depthwise", "glorotUniform"),
};

/**
 * Each channel convolved with `depthMultiplier` kernels of its own: [rows, height, width, in] → [rows, height', width', in ·
 * depthMultiplier]; kernel [kernel height, kernel width, in, depthMultiplier], bias [in · depthMultiplier] (Keras's
 * DepthwiseConv2D).
 *
 * @example new DepthwiseConv2D({ kernelSize: 3, padding: "same" })
 */
export class DepthwiseConv2D extends Layer<typeof fields> {
  static override readonly type = "DepthwiseConv2D";
  static override readonly fields = fields;
  kernel!: Variable;
  bias: Variable | undefined;
  #channels: number | undefined;

  constructor(...options: OptionsArgument<typeof fields, LayerOptions>) {
    super(...options);
    checkStrides(this.label, this.config);
  }

  override inputRule(): InputRule {
    return imageRule(this.config.dataFormat, this.#channels);
  }

  override build(input: Shape): void {
    const { kernelSize, depthMultiplier, useBias } = this.config;
    const channels = channelsOf(input, this.config.dataFormat, this.label);
    this.#channels = channels;
    this.kernel = this.configured("kernel", [...kernelSize, channels, depthMultiplier], "depthwise");
    if (useBias) this.bias = this.configured("bias", [channels * depthMultiplier]);
  }

  override call(x: Tensor): Tensor {
    const { bias } = this;
    return withChannelsLast(x.cast("float32"), this.config.dataFormat, (images) => {
      const maps = depthwise(images, this.kernel.value, this.config);
      return activate(this.config.activation, bias === undefined ? maps : maps.add(bias));
    });
  }
}
