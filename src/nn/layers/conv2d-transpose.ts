/** Transposed two-dimensional convolution. */
import { convTranspose, type Tensor, type Variable } from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";
import type { Shape } from "../../ir/size.ts";
import { activate } from "../activations.ts";
import { withChannelsLast } from "../channels.ts";
import { channelsOf, checkStrides, convolutionFields, imageRule } from "../convolution.ts";
import {
  type OptionsArgument,
  optional,
  orNull,
  type PairOption,
  readInteger,
  readPairOf,
  required,
} from "../fields.ts";
import { type InputRule, Layer, type LayerOptions } from "../layer.ts";
import { weightFields } from "../weight-fields.ts";

const fields = {
  filters: required<number>(readInteger(1)),
  ...convolutionFields,
  outputPadding: optional<PairOption | null, readonly [number, number] | null>(
    null,
    orNull(readPairOf(readInteger(0))),
  ),
  ...weightFields("kernel", "glorotUniform"),
};

/**
 * The adjoint of a convolution, which makes images larger: [rows, height, width, in] → [rows, height', width', filters]
 * with height' = height · stride for `same` and height · stride + max(kernel - stride, 0) for `valid`; kernel [kernel
 * height, kernel width, filters, in], bias [filters] (Keras's Conv2DTranspose).
 *
 * @example new Conv2DTranspose({ filters: 16, kernelSize: 3, strides: 2, padding: "same" })
 */
export class Conv2DTranspose extends Layer<typeof fields> {
  static override readonly type = "Conv2DTranspose";
  static override readonly fields = fields;
  // Keras 2 wrote the option of Conv2D here too.
  static override readonly ignoredInFile = ["groups"];
  kernel!: Variable;
  bias: Variable | undefined;
  #channels: number | undefined;

  constructor(...options: OptionsArgument<typeof fields, LayerOptions>) {
    super(...options);
    const { strides, outputPadding } = this.config;
    checkStrides(this.label, this.config);
    if (outputPadding?.some((p, i) => p >= strides[i]!)) {
      throw new UsageError({
        where: this.label,
        problem: "there can be no more padding of the output than lies between two strides",
        expected: `\`outputPadding\` below ${strides.join("×")}`,
        got: outputPadding.join("×"),
        try: "leave `outputPadding` out, or make the strides larger",
      });
    }
  }

  override inputRule(): InputRule {
    return imageRule(this.config.dataFormat, this.#channels);
  }

  override build(input: Shape): void {
    const { filters, kernelSize, useBias } = this.config;
    const channels = channelsOf(input, this.config.dataFormat, this.label);
    this.#channels = channels;
    this.kernel = this.configured("kernel", [...kernelSize, filters, channels]);
    if (useBias) this.bias = this.configured("bias", [filters]);
  }

  override call(x: Tensor): Tensor {
    const { strides, padding, dilationRate: dilation, outputPadding, activation } = this.config;
    const { kernel, bias } = this;
    const options = { strides, padding, dilation, ...(outputPadding && { outputPadding }) };
    return withChannelsLast(x.cast("float32"), this.config.dataFormat, (images) => {
      const maps = convTranspose(images, kernel, options);
      return activate(activation, bias === undefined ? maps : maps.add(bias));
    });
  }
}
