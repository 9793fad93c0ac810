/** Two-dimensional convolution. */
import { conv, type Tensor, type Variable } from "../../core/index.ts";
import { ShapeError, UsageError } from "../../ir/errors.ts";
import { type Shape, showShape, staticSize } from "../../ir/size.ts";
import { activate, activationField } from "../activations.ts";
import { channelAxis, withChannelsLast } from "../channels.ts";
import {
  choice,
  dataFormat,
  flag,
  integer,
  type OptionsArgument,
  type PairOption,
  pair,
  readInteger,
  readPair,
  required,
} from "../fields.ts";
import { initializerField } from "../initializers.ts";
import { type InputRule, Layer, type LayerOptions } from "../layer.ts";
import { regularizerField } from "../regularizers.ts";

const fields = {
  filters: required<number>(readInteger(1)),
  kernelSize: required<PairOption, readonly [number, number]>(readPair),
  strides: pair(1),
  padding: choice(["valid", "same"], "valid"),
  dataFormat,
  dilationRate: pair(1),
  groups: integer(1),
  activation: activationField("linear"),
  useBias: flag(true),
  kernelInitializer: initializerField("glorotUniform"),
  biasInitializer: initializerField("zeros"),
  kernelRegularizer: regularizerField,
  biasRegularizer: regularizerField,
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
    const { filters, groups, strides, dilationRate } = this.config;
    if (filters % groups !== 0) {
      throw new UsageError({
        where: this.label,
        problem: "the filters cannot be shared out evenly between the groups",
        expected: `a multiple of ${groups} filters`,
        got: String(filters),
        try: "change `filters` or `groups`",
      });
    }
    if (Math.max(...strides) > 1 && Math.max(...dilationRate) > 1) {
      throw new UsageError({
        where: this.label,
        problem: "strides and dilation cannot be combined",
        expected: "`strides` 1 or `dilationRate` 1",
        got: `strides ${strides.join("×")}, dilationRate ${dilationRate.join("×")}`,
        try: "use one of them",
      });
    }
  }

  override inputRule(): InputRule {
    const axis = channelAxis(this.config.dataFormat);
    return { rank: 4, ...(this.#channels !== undefined && { axes: new Map([[axis, this.#channels]]) }) };
  }

  override build(input: Shape): void {
    const { filters, kernelSize, groups, useBias, kernelRegularizer, biasRegularizer } = this.config;
    const channels = staticSize(
      input.at(channelAxis(this.config.dataFormat))!,
      this.label,
      "the number of channels",
    );
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
    const shape = [...kernelSize, channels / groups, filters];
    this.kernel = this.weight("kernel", shape, this.config.kernelInitializer, {
      regularizer: kernelRegularizer,
    });
    if (useBias) {
      this.bias = this.weight("bias", [filters], this.config.biasInitializer, {
        regularizer: biasRegularizer,
      });
    }
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
