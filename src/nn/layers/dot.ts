/** The dot product of two inputs, row by row. */
import { einsum, type Tensor } from "../../core/index.ts";
import { ShapeError } from "../../ir/errors.ts";
import { sameSize, showShape } from "../../ir/size.ts";
import { resolveAxes } from "../axes.ts";
import { flag, type PairOption, readInteger, readPairOf, required } from "../fields.ts";
import { Layer } from "../layer.ts";
import { severalInputs } from "../merge.ts";
import { unitVectors } from "../unit-vectors.ts";

const readAxis = readInteger(Number.MIN_SAFE_INTEGER);
const readAxisPair = readPairOf(readAxis);

const fields = {
  axes: required<PairOption>((value, at) =>
    Array.isArray(value) ? readAxisPair(value, at) : readAxis(value, at),
  ),
  normalize: flag(false),
};

const letters = "abcdefghijklmnopqrstuvwxyz";

/**
 * For each row, the sum of products over an axis of either input: [rows, …a, k, …b] and [rows, …c, k, …d] → [rows, …a, …b,
 * …c, …d], or [rows, 1] where nothing else is left (Keras's Dot). `axes` is one axis for both or one for each; with
 * `normalize` the vectors have length 1, so that the result is the cosine of their angle.
 *
 * @example new Dot({ axes: 1, normalize: true }).apply([a, b])
 */
export class Dot extends Layer<typeof fields> {
  static override readonly type = "Dot";
  static override readonly fields = fields;

  override call(x: Tensor | Tensor[]): Tensor {
    const { axes, normalize } = this.config;
    const inputs = severalInputs(x, this.label, 2, 2);
    const [left, right] = inputs as [Tensor, Tensor];
    const [i, k] = inputs.map(
      (t, n) => resolveAxes(typeof axes === "number" ? axes : axes[n]!, t.shape, this.label)[0]!,
    ) as [number, number];
    if (i === 0 || k === 0 || !sameSize(left.shape[i]!, right.shape[k]!)) {
      throw new ShapeError({
        where: this.label,
        problem: i === 0 || k === 0 ? "axis 0 counts the rows" : "the axes to sum over differ in size",
        expected: "two axes of the same size behind the rows",
        got: `axes ${i} of ${showShape(left.shape)} and ${k} of ${showShape(right.shape)}`,
        try: "change `axes`",
      });
    }
    const [a, b] = normalize ? [unitVectors(left, [i], 1e-7), unitVectors(right, [k], 1e-7)] : [left, right];
    const ofLeft = letters.slice(0, a.rank);
    const summed = ofLeft[i]!;
    const ofRight = Array.from({ length: b.rank }, (_, n) =>
      n === 0 ? ofLeft[0]! : n === k ? summed : letters[a.rank + n]!,
    ).join("");
    const rest = (ofLeft + ofRight.slice(1)).replaceAll(summed, "");
    const y = einsum(`${ofLeft},${ofRight}->${rest}`, a, b);
    return y.rank === 1 ? y.expandDims(1) : y;
  }
}
