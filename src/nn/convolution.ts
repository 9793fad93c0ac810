/** The options that all two-dimensional convolutions have, and the checks on them. */
import { conv, type Tensor } from "../core/index.ts";
import { ShapeError, UsageError } from "../ir/errors.ts";
import { type Shape, staticSize } from "../ir/size.ts";
import { activationField } from "./activations.ts";
import { channelAxis, type DataFormat } from "./channels.ts";
import { choice, dataFormat, flag, type PairOption, pair, readPair, required } from "./fields.ts";
import type { InputRule } from "./input-rule.ts";
import { weightFields } from "./weight-fields.ts";

export const convolutionFields = {
  kernelSize: required<PairOption, readonly [number, number]>(readPair),
  strides: pair(1),
  padding: choice(["valid", "same"], "valid"),
  dataFormat,
  dilationRate: pair(1),
  activation: activationField("linear"),
  useBias: flag(true),
  ...weightFields("bias", "zeros"),
};

/** Throws UsageError where both strides and dilation are more than 1. */
export function checkStrides(
  where: string,
  { strides, dilationRate }: { strides: readonly number[]; dilationRate: readonly number[] },
): void {
  if (Math.max(...strides) === 1 || Math.max(...dilationRate) === 1) return;
  throw new UsageError({
    where,
    problem: "strides and dilation cannot be combined",
    expected: "`strides` 1 or `dilationRate` 1",
    got: `strides ${strides.join("×")}, dilationRate ${dilationRate.join("×")}`,
    try: "use one of them",
  });
}

/** The number of channels of images. Throws ShapeError where it is not known before a plan runs. */
export function channelsOf(images: Shape, format: DataFormat, where: string): number {
  const size = images.at(channelAxis(format));
  if (size !== undefined) return staticSize(size, where, "the number of channels");
  throw new ShapeError({
    where,
    problem: "the input has no channels",
    expected: "images [rows, height, width, channels]",
    got: `[${images.join(", ")}]`,
    try: "add an axis for the channels",
  });
}

/** Images, with these many channels once that is known. */
export function imageRule(format: DataFormat, channels: number | undefined): InputRule {
  return { rank: 4, ...(channels !== undefined && { axes: new Map([[channelAxis(format), channels]]) }) };
}

/** Each channel with kernels of its own: images [n, h, w, in], kernel [kh, kw, in, m] give [n, h', w', in · m]. */
export function depthwise(
  images: Tensor,
  kernel: Tensor,
  options: {
    strides: readonly number[];
    padding: "valid" | "same";
    dilationRate: readonly number[];
  },
): Tensor {
  const [height, width, groups, multiplier] = kernel.shape as [number, number, number, number];
  const { strides, padding, dilationRate: dilation } = options;
  return conv(images, kernel.reshape([height, width, 1, groups * multiplier]), {
    strides,
    padding,
    dilation,
    groups,
  });
}
