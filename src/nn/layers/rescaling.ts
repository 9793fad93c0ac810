/** Rescaling. */
import type { Tensor } from "../../core/index.ts";
import { optional, readList, readNumber, required } from "../fields.ts";
import { Layer } from "../layer.ts";

const readOne = readNumber();
const readMany = readList(readOne, "a number or a list of numbers");
const readFactor = (value: unknown, at: string): number | readonly number[] =>
  typeof value === "number" ? readOne(value, at) : readMany(value, at);

const fields = {
  scale: required<number | readonly number[]>(readFactor),
  offset: optional<number | readonly number[]>(0, readFactor),
};

/**
 * `x · scale + offset` as float32, in training and inference alike (Keras's Rescaling). Lists are one number for each
 * element of the last axis.
 *
 * @example new Rescaling({ scale: 1 / 255 })
 */
export class Rescaling extends Layer<typeof fields> {
  static override readonly type = "Rescaling";
  static override readonly fields = fields;

  override call(x: Tensor): Tensor {
    return x.cast("float32").mul(this.config.scale).add(this.config.offset);
  }
}
