/** Putting inputs behind one another. */
import { concat, type Tensor } from "../../core/index.ts";
import { optional, readInteger } from "../fields.ts";
import { Layer } from "../layer.ts";
import { severalInputs } from "../merge.ts";

const fields = { axis: optional<number>(-1, readInteger(Number.MIN_SAFE_INTEGER)) };

/**
 * The inputs one behind the other along `axis`: [rows, …, a, …] and [rows, …, b, …] → [rows, …, a + b, …] (Keras's
 * Concatenate).
 *
 * @example new Concatenate().apply([a, b])
 */
export class Concatenate extends Layer<typeof fields> {
  static override readonly type = "Concatenate";
  static override readonly fields = fields;

  override call(x: Tensor | Tensor[]): Tensor {
    return concat(severalInputs(x, this.label, 1), this.config.axis);
  }
}
