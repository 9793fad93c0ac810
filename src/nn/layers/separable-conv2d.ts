/** Depthwise separable convolution. */
import { conv, type Tensor, type Variable } from "../../core/index.ts";
import type { Shape } from "../../ir/size.ts";
import { activate } from "../activations.ts";
import { withChannelsLast } from "../channels.ts";
import { channelsOf, checkStrides, convolutionFields, depthwise, imageRule } from "../convolution.ts";
import { integer, type OptionsArgument, readInteger, required } from "../fields.ts";
import { type InputRule, Layer, type LayerOptions } from "../layer.ts";
import { weightFields } from "../weight-fields.ts";

const fields = {
  filters: required<number>(readInteger(1)),
  ...convolutionFields,
  depthMultiplier: integer(1),
  ...weightFields("depthwise", "glorotUniform"),
  ...weightFields("pointwise", "glorotUniform"),
};

/**
 * A depthwise convolution, then a 1×1 convolution that mixes its channels: [rows, height, width, in] → [rows, height',
 * width', filters]; depthwise_kernel [kernel height, kernel width, in, depthMultiplier], pointwise_kernel [1, 1, in ·
 * depthMultiplier, filters], bias [filters] (Keras's SeparableConv2D; Chollet, 2017).
 *
 * @example new SeparableConv2D({ filters: 32, kernelSize: 3, padding: "same" })
 */
export class SeparableConv2D extends Layer<typeof fields> {
  static override readonly type = "SeparableConv2D";
  static override readonly fields = fields;
  // Keras 2 wrote options of Conv2D here that have no effect.
  static override readonly ignoredInFile = [
    "groups",
    "kernel_initializer",
    "kernel_regularizer",
    "kernel_constraint",
  ];
  depthwiseKernel!: Variable;
  pointwiseKernel!: Variable;
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
    const { filters, kernelSize, depthMultiplier, useBias } = this.config;
    const channels = channelsOf(input, this.config.dataFormat, this.label);
    this.#channels = channels;
    const window = [...kernelSize, channels, depthMultiplier];
    this.depthwiseKernel = this.configured("depthwise_kernel", window, "depthwise");
    const mix = [1, 1, channels * depthMultiplier, filters];
    this.pointwiseKernel = this.configured("pointwise_kernel", mix, "pointwise");
    if (useBias) this.bias = this.configured("bias", [filters]);
  }

  override call(x: Tensor): Tensor {
    const { bias } = this;
    return withChannelsLast(x.cast("float32"), this.config.dataFormat, (images) => {
      const maps = conv(depthwise(images, this.depthwiseKernel.value, this.config), this.pointwiseKernel);
      return activate(this.config.activation, bias === undefined ? maps : maps.add(bias));
    });
  }
}
