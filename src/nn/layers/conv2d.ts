/** Two-dimensional convolution. */
import { conv, type Tensor, type Variable } from "../../core/index.ts";
import { ShapeError, UsageError } from "../../ir/errors.ts";
import { type Shape, showShape } from "../../ir/size.ts";
import { activate } from "../activations.ts";
import { withChannelsLast } from "../channels.ts";
import { channelsOf, checkStrides, convolutionFields, imageRule } from "../convolution.ts";
import { integer, type OptionsArgument, readInteger, required } from "../fields.ts";
import { type InputRule, Layer, type LayerOptions } from "../layer.ts";
import { weightFields } from "../weight-fields.ts";

const fields = {
  filters: required<number>(readInteger(1)),
  ...convolutionFields,
  groups: integer(1),
  ...weightFields("kernel", "glorotUniform"),
};

/**
 * Cross-correlation of images with `filters` kernels: [rows, height, width, in] → [rows, height', width', filters];
 * kernel [kernel height, kernel width, in / groups, filters], bias [filters] (Keras's Conv2D). `same` puts the extra cell
 * of padding at the bottom and right.
 *
 * @example new Conv2D({ filters: 8, kernelSize: 3, activation: "relu" })
 */
export class Conv2D extends Layer<typeof fields> {
  static override readonly type = "Conv2D";
  static override readonly fields = fields;
  kernel!: Variable;
  bias: Variable | undefined;
  /** Channels of the input, known once built. */
  #channels: number | undefined;

  constructor(...options: OptionsArgument<typeof fields, LayerOptions>) {
    super(...options);
    const { filters, groups } = this.config;
    if (filters % groups !== 0) {
      throw new UsageError({
        where: this.label,
        problem: "the filters cannot be shared out evenly between the groups",
        expected: `a multiple of ${groups} filters`,
        got: String(filters),
        try: "change `filters` or `groups`",
      });
    }
    checkStrides(this.label, this.config);
  }

  override inputRule(): InputRule {
    return imageRule(this.config.dataFormat, this.#channels);
  }

  override build(input: Shape): void {
    const { filters, kernelSize, groups, useBias } = this.config;
    const channels = channelsOf(input, this.config.dataFormat, this.label);
    if (channels % groups !== 0) {
      throw new ShapeError({
        where: this.label,
        problem: "the channels cannot be shared out evenly between the groups",
        expected: `a multiple of ${groups} channels`,
        got: showShape(input),
        try: "change `groups`, or the filters of the layer before",
      });
    }
    this.#channels = channels;
    this.kernel = this.configured("kernel", [...kernelSize, channels / groups, filters]);
    if (useBias) this.bias = this.configured("bias", [filters]);
  }

  override call(x: Tensor): Tensor {
    const { strides, padding, dilationRate: dilation, groups, activation } = this.config;
    const { kernel, bias } = this;
    return withChannelsLast(x.cast("float32"), this.config.dataFormat, (images) => {
      const maps = conv(images, kernel, { strides, padding, dilation, groups });
      return activate(activation, bias === undefined ? maps : maps.add(bias));
    });
  }
}
