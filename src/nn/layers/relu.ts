/** The rectifier as a layer. */
import type { Tensor } from "../../core/index.ts";
import { activations } from "../activations.ts";
import { optional, orNull, readNumber } from "../fields.ts";
import { Layer } from "../layer.ts";

const fields = {
  maxValue: optional<number | null>(null, orNull(readNumber(0))),
  negativeSlope: optional<number>(0, readNumber(0)),
  threshold: optional<number>(0, readNumber(0)),
};

/**
 * `maxValue` where x ≥ maxValue, x where x ≥ threshold, else `negativeSlope · (x - threshold)`: [rows, …] → [rows, …]
 * (Keras's ReLU).
 *
 * @example new ReLU({ maxValue: 6 })
 */
export class ReLU extends Layer<typeof fields> {
  static override readonly type = "ReLU";
  static override readonly fields = fields;

  override call(x: Tensor): Tensor {
    return activations.relu(x, this.config);
  }
}
