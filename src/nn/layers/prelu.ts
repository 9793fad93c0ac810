/** The rectifier with a slope that is learnt. */
import type { Tensor, Variable } from "../../core/index.ts";
import type { Shape } from "../../ir/size.ts";
import { resolveAxes, sizesOn } from "../axes.ts";
import { optional, orNull, readAxes } from "../fields.ts";
import { type InputRule, Layer } from "../layer.ts";
import { weightFields } from "../weight-fields.ts";

const fields = {
  ...weightFields("alpha", "zeros"),
  sharedAxes: optional<number | readonly number[] | null, readonly number[] | null>(
    null,
    orNull((value, at) => {
      const axes = readAxes(value, at);
      return typeof axes === "number" ? [axes] : axes;
    }),
  ),
};

/**
 * x where x > 0, else `alpha · x`: [rows, …] → [rows, …]; alpha has the shape of a row, with size 1 on the axes in
 * `sharedAxes`, which share their slope (Keras's PReLU; He et al., 2015).
 *
 * @example new PReLU({ sharedAxes: [1, 2] })
 */
export class PReLU extends Layer<typeof fields> {
  static override readonly type = "PReLU";
  static override readonly fields = fields;
  alpha!: Variable;
  #rule: InputRule = {};

  override inputRule(): InputRule {
    return this.#rule;
  }

  override build(input: Shape): void {
    const shared = resolveAxes(this.config.sharedAxes ?? [], input, this.label);
    const own = input.flatMap((_, i) => (i === 0 || shared.includes(i) ? [] : [i]));
    const sizes = new Map(own.map((axis) => [axis, sizesOn([axis], input, this.label)[0]!]));
    this.alpha = this.configured(
      "alpha",
      input.slice(1).map((_, i) => sizes.get(i + 1) ?? 1),
    );
    this.#rule = { rank: input.length, axes: sizes };
  }

  override call(input: Tensor): Tensor {
    const x = input.cast("float32");
    return x.relu().sub(x.neg().relu().mul(this.alpha));
  }
}
