/** Reshaping. */
import type { Tensor } from "../../core/index.ts";
import { countOf, exactDivSize } from "../../ir/size.ts";
import { readInteger, readList, refuse, required } from "../fields.ts";
import { Layer } from "../layer.ts";

const readTarget = readList(readInteger(-1), "a list of sizes, one of which may be -1");

const fields = {
  targetShape: required<readonly number[]>((value, at) => {
    const shape = readTarget(value, at);
    const open = shape.filter((s) => s === -1).length;
    return open > 1 ? refuse(at, "at most one -1", value) : shape;
  }),
};

/**
 * The elements of each row in another shape: [rows, …] → [rows, …targetShape]; one size may be -1 and is worked out
 * (Keras's Reshape).
 *
 * @example new Reshape({ targetShape: [14, 14, 4] })
 */
export class Reshape extends Layer<typeof fields> {
  static override readonly type = "Reshape";
  static override readonly fields = fields;

  override call(x: Tensor): Tensor {
    const { targetShape } = this.config;
    // Worked out from one row, so that it is right for no rows at all.
    const known = targetShape.filter((s) => s !== -1).reduce((a, b) => a * b, 1);
    const missing = exactDivSize(countOf(x.shape.slice(1)), known) ?? -1;
    return x.reshape([x.shape[0]!, ...targetShape.map((s) => (s === -1 ? missing : s))]);
  }
}
