/** What the two-dimensional pooling layers have in common: options and checks. Each layer has its own file. */
import type { Tensor } from "../../core/index.ts";
import { withChannelsLast } from "../channels.ts";
import {
  choice,
  dataFormat,
  type OptionsArgument,
  optional,
  orNull,
  type PairOption,
  pair,
  readPair,
} from "../fields.ts";
import { type InputRule, Layer, type LayerOptions } from "../layer.ts";

const fields = {
  poolSize: pair(2),
  strides: optional<PairOption | null, readonly [number, number] | null>(null, orNull(readPair)),
  padding: choice(["valid", "same"], "valid"),
  dataFormat,
};

interface Windows {
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly padding: "valid" | "same";
}

/** Pools windows of [rows, height, width, channels]; the strides default to the window. */
export abstract class Pooling2D extends Layer<typeof fields> {
  static override readonly fields = fields;

  constructor(...[options]: OptionsArgument<typeof fields, LayerOptions>) {
    super({ ...options, strides: options?.strides ?? options?.poolSize ?? 2 });
  }

  override inputRule(): InputRule {
    return { rank: 4 };
  }

  override call(x: Tensor): Tensor {
    const { poolSize: size, padding } = this.config;
    const strides = this.config.strides ?? size;
    return withChannelsLast(x, this.config.dataFormat, (images) =>
      this.pool(images, { size, strides, padding }),
    );
  }

  protected abstract pool(images: Tensor, windows: Windows): Tensor;
}
