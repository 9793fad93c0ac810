/** Maxout. */
import type { Tensor, Variable } from "../../core/index.ts";
import type { Shape } from "../../ir/size.ts";
import { flag, integer, readInteger, required } from "../fields.ts";
import { type InputRule, Layer } from "../layer.ts";
import { weightFields } from "../weight-fields.ts";

const fields = {
  units: required<number>(readInteger(1)),
  pieces: integer(2, 1),
  useBias: flag(true),
  ...weightFields("kernel", "glorotUniform"),
  ...weightFields("bias", "zeros"),
};

/**
 * The largest of `pieces` linear functions: [rows, …, in] → [rows, …, units]; kernel [in, units · pieces] with the pieces
 * of a unit side by side, bias [units · pieces], so `pieces · (in + 1) · units` parameters. The gradient goes to the
 * winning piece, the first where several are equal (Goodfellow et al., 2013). Not a layer of Keras: in files it is
 * `tendril>Maxout`.
 *
 * @example new Maxout({ units: 16, pieces: 2 })
 */
export class Maxout extends Layer<typeof fields> {
  static override readonly type = "Maxout";
  static override readonly registeredIn = "tendril";
  static override readonly fields = fields;
  kernel!: Variable;
  bias: Variable | undefined;

  override inputRule(): InputRule {
    return { minRank: 2, ...(this.built && { axes: new Map([[-1, this.kernel.shape[0] as number]]) }) };
  }

  override build(input: Shape): void {
    const { units, pieces, useBias } = this.config;
    this.kernel = this.configured("kernel", [input.at(-1)!, units * pieces]);
    if (useBias) {
      this.bias = this.configured("bias", [units * pieces]);
    }
  }

  override call(x: Tensor): Tensor {
    const { units, pieces } = this.config;
    const product = x.cast("float32").matmul(this.kernel);
    const linear = this.bias === undefined ? product : product.add(this.bias);
    const grouped = linear.reshape([...x.shape.slice(0, -1), units, pieces]);
    // Taking the winner by its position sends the whole gradient to the first of equal pieces; `max` would share it.
    const winner = grouped.argmax(-1, { keepdims: true });
    return grouped.takeAlongAxis(winner, -1).squeeze(-1);
  }
}
