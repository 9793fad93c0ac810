/** Repeating rows. */
import type { Tensor } from "../../core/index.ts";
import { readInteger, required } from "../fields.ts";
import { type InputRule, Layer } from "../layer.ts";

const fields = { n: required<number>(readInteger(1)) };

/**
 * Each row `n` times, one below the other: [rows, features] → [rows, n, features] (Keras's RepeatVector).
 *
 * @example new RepeatVector({ n: 5 })
 */
export class RepeatVector extends Layer<typeof fields> {
  static override readonly type = "RepeatVector";
  static override readonly fields = fields;

  override inputRule(): InputRule {
    return { rank: 2 };
  }

  override call(x: Tensor): Tensor {
    const [rows, features] = x.shape as [number, number];
    return x.expandDims(1).broadcastTo([rows, this.config.n, features]);
  }
}
