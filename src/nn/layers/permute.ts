/** Axes in another order. */
import type { Tensor } from "../../core/index.ts";
import { readInteger, readList, refuse, required } from "../fields.ts";
import { type InputRule, Layer } from "../layer.ts";

const readAxes = readList(readInteger(1), "the axes 1 to n in some order");

const fields = {
  dims: required<readonly number[]>((value, at) => {
    const dims = readAxes(value, at);
    const complete = [...dims].sort((a, b) => a - b).every((axis, i) => axis === i + 1);
    return complete ? dims : refuse(at, "the axes 1 to n in some order", value);
  }),
};

/**
 * The axes of each row in the order `dims`, counted from 1: for [2, 1], [rows, a, b] → [rows, b, a] (Keras's Permute).
 *
 * @example new Permute({ dims: [2, 1] })
 */
export class Permute extends Layer<typeof fields> {
  static override readonly type = "Permute";
  static override readonly fields = fields;

  override inputRule(): InputRule {
    return { rank: this.config.dims.length + 1 };
  }

  override call(x: Tensor): Tensor {
    return x.permute([0, ...this.config.dims]);
  }
}
