/** Dropout. */
import { bernoulli, key, type Tensor } from "../../core/index.ts";
import { ShapeError } from "../../ir/errors.ts";
import { type Size, showShape } from "../../ir/size.ts";
import type { CallContext } from "../context.ts";
import { optional, orNull, readInteger, readList, readNumber, required } from "../fields.ts";
import { Layer } from "../layer.ts";

const fields = {
  rate: required<number>(readNumber(0, 1)),
  seed: optional<number | null>(null, orNull(readInteger(0))),
  noiseShape: optional<readonly (number | null)[] | null>(
    null,
    orNull(readList(orNull(readInteger(1)), "a list of sizes, null where the input's is meant")),
  ),
};

/**
 * While training, sets a share `rate` of the elements to 0, drawn anew at each step, and multiplies the rest by
 * 1 / (1 - rate); otherwise passes them on (Keras's Dropout; Srivastava et al., 2014). Along an axis where `noiseShape`
 * is 1, all elements share one fate.
 *
 * @example new Dropout({ rate: 0.5 })
 */
export class Dropout extends Layer<typeof fields> {
  static override readonly type = "Dropout";
  static override readonly fields = fields;

  override call(x: Tensor, ctx: CallContext): Tensor {
    const { rate, seed } = this.config;
    if (!ctx.training || rate === 0) return x;
    if (rate === 1) return x.mul(0);
    const random = seed === null ? ctx.key : key(seed, "dropout");
    const kept = bernoulli(random.at(ctx.step), this.noiseShape(x), 1 - rate);
    return x.mul(kept.cast("float32").mul(1 / (1 - rate)));
  }

  private noiseShape(x: Tensor): readonly Size[] {
    const { noiseShape } = this.config;
    if (noiseShape === null) return x.shape;
    if (noiseShape.length !== x.rank) {
      throw new ShapeError({
        where: this.label,
        problem: "`noiseShape` has another number of axes than the input",
        expected: `${x.rank} sizes`,
        got: showShape(noiseShape.map((s) => s ?? -1)),
        try: "give one size for each axis, rows included; null stands for the input's",
      });
    }
    return noiseShape.map((s, i) => s ?? x.shape[i]!);
  }
}
