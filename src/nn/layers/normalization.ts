/** Features shifted and scaled to mean 0 and variance 1. */
import { type Tensor, tensor, type Variable } from "../../core/index.ts";
import { DataError, ShapeError, UsageError } from "../../ir/errors.ts";
import { type Shape, showShape } from "../../ir/size.ts";
import { otherAxes, resolveAxes, sizesOn, spreadShape } from "../axes.ts";
import { flag, type OptionsArgument, optional, readAxes, readNumber, refuse } from "../fields.ts";
import { type ArrayLikeInput, type HostArray, hostArray, isArrayInput } from "../host-array.ts";
import { Layer, type LayerOptions } from "../layer.ts";
import { Moments } from "../moments.ts";

/** A number, or numbers in brackets. */
type Statistic = number | readonly Statistic[];

const readReal = readNumber();
const readStatistic = (value: unknown, at: string): Statistic | null => {
  if (value === null) return null;
  if (typeof value === "number") return readReal(value, at);
  if (!Array.isArray(value)) refuse(at, "a number, or numbers in brackets", value);
  return value.map((v) => readStatistic(v, at) ?? refuse(at, "numbers", v));
};
const statistic = optional<Statistic | null>(null, readStatistic);

const fields = {
  axis: optional<number | readonly number[] | null, readonly number[]>([-1], (value, at) => {
    if (value === null) return [];
    const axes = readAxes(value, at);
    return typeof axes === "number" ? [axes] : axes;
  }),
  mean: statistic,
  variance: statistic,
  invert: flag(false),
};

/** Keeps features that never change from being divided by 0. */
const leastDeviation = 1e-7;

/** Data to learn from: an array, or batches. */
export type AdaptInput = ArrayLikeInput | Iterable<ArrayLikeInput> | AsyncIterable<ArrayLikeInput>;

/**
 * `(x - mean) / √variance`, with one mean and variance for each position on `axis` (null: one for all): [rows, …] → [rows, …].
 * They are given as options, or learnt from data by `adapt` and kept as the weights mean and variance, with a count that is
 * always 0 (Keras's Normalization). `invert` goes the other way.
 *
 * @example const layer = new Normalization(); await layer.adapt(x);
 */
export class Normalization extends Layer<typeof fields> {
  static override readonly type = "Normalization";
  static override readonly fields = fields;
  mean: Variable | undefined;
  variance: Variable | undefined;
  count: Variable | undefined;

  constructor(...options: OptionsArgument<typeof fields, LayerOptions>) {
    super(...options);
    const { mean, variance } = this.config;
    if ((mean === null) === (variance === null)) return;
    throw new UsageError({
      where: this.label,
      problem: "mean and variance belong together",
      expected: "both or neither",
      got: mean === null ? "the variance" : "the mean",
      try: "give both, or leave both out and call adapt()",
    });
  }

  override build(input: Shape): void {
    const axes = resolveAxes(this.config.axis, input, this.label);
    const sizes = sizesOn(axes, input, this.label);
    if (this.config.mean !== null) return;
    const fixed = { trainable: false };
    this.mean = this.weight("mean", sizes, "zeros", fixed);
    this.variance = this.weight("variance", sizes, "ones", fixed);
    this.count = this.weight("count", [], "zeros", { ...fixed, dtype: "int32" });
  }

  /**
   * Learns mean and variance from data, an array or batches of arrays, and builds the layer if need be. What was learnt
   * before is forgotten.
   *
   * @throws UsageError where mean and variance are options, DataError where there are no data, ShapeError where they do not
   * fit.
   */
  async adapt(data: AdaptInput): Promise<void> {
    const where = `${this.label}.adapt`;
    if (this.config.mean !== null) {
      throw new UsageError({
        where,
        problem: "mean and variance were given",
        expected: "a layer without them",
        got: "both as options",
        try: "leave `mean` and `variance` out",
      });
    }
    let moments: Moments | undefined;
    for await (const batch of isArrayInput(data) ? [data] : data) {
      const rows = await hostArray(batch, where);
      moments ??= this.momentsFor(rows, where);
      moments.add(rows);
    }
    if (moments === undefined || moments.count === 0) {
      throw new DataError({
        where,
        problem: "there is nothing to learn from",
        expected: "at least one row",
        got: "none",
        try: "check what the data were read from",
      });
    }
    this.mean!.write(moments.mean());
    this.variance!.write(moments.variance());
  }

  private momentsFor(rows: HostArray, where: string): Moments {
    this.buildOn([rows.shape]);
    const axes = resolveAxes(this.config.axis, rows.shape, where);
    const sizes = sizesOn(axes, rows.shape, where);
    const own = this.mean!.shape;
    if (sizes.length !== own.length || sizes.some((s, i) => s !== own[i])) {
      throw new ShapeError({
        where,
        problem: "the data do not have the shape the layer was built for",
        expected: `${showShape(own)} on the axes ${axes.join(", ")}`,
        got: showShape(rows.shape),
        try: "adapt the layer to data like those of the model",
      });
    }
    return new Moments(rows.shape, axes);
  }

  override call(input: Tensor): Tensor {
    const x = input.cast("float32");
    const axes = resolveAxes(this.config.axis, x.shape, this.label);
    const [mean, variance] = this.statistics(x.shape, axes);
    const deviation = variance.sqrt().maximum(leastDeviation);
    return this.config.invert ? x.mul(deviation).add(mean) : x.sub(mean).div(deviation);
  }

  /** Mean and variance laid out over the axes of the input. */
  private statistics(shape: Shape, axes: readonly number[]): [Tensor, Tensor] {
    if (this.mean !== undefined && this.variance !== undefined) {
      const spread = spreadShape(axes, shape);
      return [this.mean.value.reshape(spread), this.variance.value.reshape(spread)];
    }
    return [given(this.config.mean, shape, axes), given(this.config.variance, shape, axes)];
  }
}

/** A statistic that was given; its axes are the last of those that are kept apart. */
function given(statistic: Statistic | null, shape: Shape, axes: readonly number[]): Tensor {
  const t = tensor(statistic as number);
  const own = axes.slice(axes.length - t.rank);
  const spread = shape.map((_, i) => (own.includes(i) ? t.shape[own.indexOf(i)]! : 1));
  if (t.rank <= axes.length) return t.rank === 0 ? t : t.reshape(spread);
  throw new ShapeError({
    where: "Normalization",
    problem: "mean and variance have more axes than are kept apart",
    expected: `at most ${axes.length} axes`,
    got: showShape(t.shape),
    try: `check \`axis\`, which leaves ${otherAxes(axes, shape).length} axes to average over`,
  });
}
