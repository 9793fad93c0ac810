/** Group normalization. */
import type { Tensor, Variable } from "../../core/index.ts";
import { ShapeError } from "../../ir/errors.ts";
import { type Shape, showShape } from "../../ir/size.ts";
import { resolveAxes, sizesOn } from "../axes.ts";
import { optional, readInteger, refuse } from "../fields.ts";
import { type InputRule, Layer } from "../layer.ts";
import { normalizationFields, normalized, spread } from "../scale-and-center.ts";

const readWhole = readInteger(-1);

const fields = {
  groups: optional<number>(32, (value, at) =>
    readWhole(value, at) === 0 ? refuse(at, "a positive integer, or -1", value) : (value as number),
  ),
  axis: optional<number>(-1, readInteger(Number.MIN_SAFE_INTEGER)),
  ...normalizationFields,
};

/**
 * The channels on `axis` are cut into `groups`, and each group of each row is normalized by its own mean and variance:
 * [rows, …, channels] → [rows, …, channels]; gamma and beta [channels] (Keras's GroupNormalization; Wu and He, 2018). With
 * -1 groups every channel is its own (instance normalization), with 1 all are together.
 *
 * @example new GroupNormalization({ groups: 4 })
 */
export class GroupNormalization extends Layer<typeof fields> {
  static override readonly type = "GroupNormalization";
  static override readonly fields = fields;
  gamma: Variable | undefined;
  beta: Variable | undefined;
  #rule: InputRule = {};

  override inputRule(): InputRule {
    return this.#rule;
  }

  override build(input: Shape): void {
    const axes = resolveAxes(this.config.axis, input, this.label);
    const [channels] = sizesOn(axes, input, this.label) as [number];
    if (channels % this.groupsOf(channels) !== 0) {
      throw new ShapeError({
        where: this.label,
        problem: "the channels cannot be shared out evenly between the groups",
        expected: `a multiple of ${this.config.groups} channels`,
        got: showShape(input),
        try: "choose `groups` so that it divides the channels, or -1 for one group each",
      });
    }
    if (this.config.scale) this.gamma = this.configured("gamma", [channels]);
    if (this.config.center) this.beta = this.configured("beta", [channels]);
    this.#rule = { rank: input.length, axes: new Map([[axes[0]!, channels]]) };
  }

  private groupsOf(channels: number): number {
    return this.config.groups === -1 ? channels : this.config.groups;
  }

  override call(input: Tensor): Tensor {
    const x = input.cast("float32");
    const [axis] = resolveAxes(this.config.axis, x.shape, this.label) as [number];
    const [channels] = sizesOn([axis], x.shape, this.label) as [number];
    const groups = this.groupsOf(channels);
    const split = (shape: Shape): Shape => [
      ...shape.slice(0, axis),
      groups,
      channels / groups,
      ...shape.slice(axis + 1),
    ];
    const grouped = x.reshape(split(x.shape));
    const inside = grouped.shape.flatMap((_, i) => (i === 0 || i === axis ? [] : [i]));
    const y = normalized(
      grouped,
      grouped.mean(inside, { keepdims: true }),
      grouped.variance(inside, { keepdims: true }),
      this.config.epsilon,
      spread(this.gamma, split(x.shape.map(() => 1))),
      spread(this.beta, split(x.shape.map(() => 1))),
    );
    return y.reshape(x.shape);
  }
}
