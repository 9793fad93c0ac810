/** Where the channels of an image are. */
import type { Tensor } from "../core/index.ts";

export type DataFormat = "channels_last" | "channels_first";

/** The axis of the channels, counted as in `Array.at`. */
export function channelAxis(format: DataFormat): number {
  return format === "channels_last" ? -1 : 1;
}

/** `x` [rows, channels, …] as [rows, …, channels]. */
export function channelsToLast(x: Tensor): Tensor {
  return x.permute([0, ...Array.from({ length: x.rank - 2 }, (_, i) => i + 2), 1]);
}

/** `x` [rows, …, channels] as [rows, channels, …]. */
export function channelsToFirst(x: Tensor): Tensor {
  return x.permute([0, x.rank - 1, ...Array.from({ length: x.rank - 2 }, (_, i) => i + 1)]);
}

/** Runs `fn` on the images with their channels last and gives the result the layout the images had. */
export function withChannelsLast(x: Tensor, format: DataFormat, fn: (images: Tensor) => Tensor): Tensor {
  return format === "channels_last" ? fn(x) : channelsToFirst(fn(channelsToLast(x)));
}
