/** Aggregations: how the values of a group become one. */
import { concat, type Tensor, type Variable } from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";
import type { Groups } from "../groups.ts";
import { GraphModule } from "../module.ts";

/** Base of aggregations. A subclass says how values [count, …] become [groups, …]. */
export abstract class Aggregation extends GraphModule {
  abstract call(values: Tensor, groups: Groups): Tensor;

  /** The width of what comes out for values of a width. */
  outChannels(inChannels: number): number {
    return inChannels;
  }

  /** True where the sum of values times a matrix is the sum of the values, times the matrix. */
  get isLinear(): boolean {
    return false;
  }
}

/** The aggregations without options, by PyTorch Geometric's names. */
export type AggregationName = "add" | "sum" | "mean" | "max" | "min" | "mul" | "var" | "std" | "softmax";

function plain(
  name: string,
  reduce: (groups: Groups, values: Tensor) => Tensor,
  isLinear = false,
): new () => Aggregation {
  return class extends Aggregation {
    override get type(): string {
      return name;
    }
    override get isLinear(): boolean {
      return isLinear;
    }
    call(values: Tensor, groups: Groups): Tensor {
      return reduce(groups, values);
    }
  };
}

/** Sums; 0 for an empty group. */
export const SumAggregation = plain("SumAggregation", (g, v) => g.sum(v), true);
/** Means; 0 for an empty group. */
export const MeanAggregation = plain("MeanAggregation", (g, v) => g.mean(v), true);
/** The largest values; 0 for an empty group. */
export const MaxAggregation = plain("MaxAggregation", (g, v) => g.max(v));
/** The smallest values; 0 for an empty group. */
export const MinAggregation = plain("MinAggregation", (g, v) => g.min(v));
/** Products; 1 for an empty group. */
export const MulAggregation = plain("MulAggregation", (g, v) => g.mul(v));
/** Variances; 0 for an empty group. */
export const VarAggregation = plain("VarAggregation", (g, v) => g.var(v));
/** Standard deviations; 0 where the variance is at most 1e-5. */
export const StdAggregation = plain("StdAggregation", (g, v) => g.std(v));

/**
 * Means weighted by the softmax of the values times a temperature `t` over each group (Li et al. 2020). With `learn` the
 * temperature is trained, one per channel where `channels` says how many there are.
 */
export class SoftmaxAggregation extends Aggregation {
  readonly t: Variable | number;
  readonly initialT: number;
  readonly semiGrad: boolean;

  constructor(options: { t?: number; learn?: boolean; semiGrad?: boolean; channels?: number } = {}) {
    super();
    const { t = 1, learn = false, semiGrad = false, channels = 1 } = options;
    if ((learn && semiGrad) || (!learn && channels !== 1)) {
      throw new UsageError({
        where: "SoftmaxAggregation",
        problem: "the options contradict each other",
        expected: "learn without semiGrad; several channels only with learn",
        got: `learn ${learn}, semiGrad ${semiGrad}, channels ${channels}`,
        try: "leave semiGrad and channels out",
      });
    }
    this.initialT = t;
    this.semiGrad = semiGrad;
    this.t = learn ? this.parameter([channels]) : t;
    this.resetParameters();
  }

  override resetParameters(): void {
    if (typeof this.t !== "number")
      this.t.write(new Float32Array(this.t.shape[0] as number).fill(this.initialT));
  }

  call(values: Tensor, groups: Groups): Tensor {
    const t = typeof this.t === "number" ? this.t : this.t.value;
    const scaled = t === 1 ? values : values.mul(t);
    const weights = groups.softmax(this.semiGrad ? scaled.stopGradient() : scaled);
    return groups.sum(values.mul(weights));
  }
}

/** How several aggregations are put together. */
export type MultiMode = "cat" | "sum" | "mean" | "max" | "min" | "logsumexp" | "std" | "var";

/** Several aggregations side by side (`cat`), or combined element by element. */
export class MultiAggregation extends Aggregation {
  readonly aggrs: readonly Aggregation[];
  readonly mode: MultiMode;

  constructor(aggrs: readonly (AggregationName | Aggregation)[], options: { mode?: MultiMode } = {}) {
    super();
    if (aggrs.length === 0) {
      throw new UsageError({
        where: "MultiAggregation",
        problem: "there is nothing to aggregate by",
        expected: "one aggregation or more",
        got: "none",
        try: '["mean", "max"]',
      });
    }
    this.aggrs = aggrs.map((a) => aggregationOf(a));
    this.mode = options.mode ?? "cat";
  }

  override outChannels(inChannels: number): number {
    const each = this.aggrs.map((a) => a.outChannels(inChannels));
    return this.mode === "cat" ? each.reduce((a, b) => a + b) : each[0]!;
  }

  call(values: Tensor, groups: Groups): Tensor {
    const parts = this.aggrs.map((a) => a.call(values, groups));
    if (this.mode === "cat") return concat(parts, -1);
    return combine[this.mode](parts);
  }
}

/** Element by element over several arrays of one shape. */
const combine: Record<Exclude<MultiMode, "cat">, (parts: readonly Tensor[]) => Tensor> = {
  sum: (parts) => parts.reduce((a, b) => a.add(b)),
  mean: (parts) => combine.sum(parts).div(parts.length),
  max: (parts) => parts.reduce((a, b) => a.maximum(b)),
  min: (parts) => parts.reduce((a, b) => a.minimum(b)),
  logsumexp: (parts) => {
    const highest = combine.max(parts).stopGradient();
    return combine
      .sum(parts.map((p) => p.sub(highest).exp()))
      .log()
      .add(highest);
  },
  // PyTorch divides by one less than the number of parts.
  var: (parts) => {
    const mean = combine.mean(parts);
    return combine.sum(parts.map((p) => p.sub(mean).square())).div(parts.length - 1);
  },
  std: (parts) => combine.var(parts).sqrt(),
};

const byName: Record<AggregationName, new () => Aggregation> = {
  add: SumAggregation,
  sum: SumAggregation,
  mean: MeanAggregation,
  max: MaxAggregation,
  min: MinAggregation,
  mul: MulAggregation,
  var: VarAggregation,
  std: StdAggregation,
  softmax: SoftmaxAggregation,
};

/** What operators take as their aggregation: a name, several, or an Aggregation. */
export type AggregationOption = AggregationName | Aggregation | readonly (AggregationName | Aggregation)[];

/** An aggregation from its name. Throws UsageError for a name that is not known. */
export function aggregationOf(option: AggregationOption): Aggregation {
  if (option instanceof Aggregation) return option;
  if (Array.isArray(option)) return new MultiAggregation(option);
  const found = new Map(Object.entries(byName)).get(option as string);
  if (found) return new found();
  throw new UsageError({
    where: "aggr",
    problem: "there is no such aggregation",
    expected: `one of ${Object.keys(byName).join(", ")}, a list of them, or an Aggregation`,
    got: String(option),
    try: 'aggr: "mean"',
  });
}
