/** Normalisations of node features, by PyTorch Geometric's names. */
import { sizeOf, type Tensor, type Variable } from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";
import { type GraphContext, graphContext } from "../context.ts";
import type { Groups } from "../groups.ts";
import { checkWidth, fill } from "../layers/linear.ts";
import { GraphModule } from "../module.ts";

/** Base of normalisations: x [nodes, channels] → [nodes, channels], with the nodes of each graph where that matters. */
export abstract class Norm extends GraphModule {
  abstract call(x: Tensor, batch?: Groups, ctx?: GraphContext): Tensor;
}

export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** The weight of the new batch in running statistics; null for plain means over all batches. Default 0.1. */
  momentum?: number | null;
  /** Multiply by learnt weights and add learnt biases. Default true. */
  affine?: boolean;
  /** Keep running statistics, which take the place of the batch's outside of training. Default true. */
  trackRunningStats?: boolean;
}

/** PyTorch's BatchNorm1d, under whose name PyTorch Geometric keeps the weights. */
class BatchNorm1d extends GraphModule {
  readonly weight: Variable | undefined;
  readonly bias: Variable | undefined;
  readonly runningMean: Variable | undefined;
  readonly runningVar: Variable | undefined;
  readonly numBatchesTracked: Variable | undefined;

  constructor(channels: number, affine: boolean, tracked: boolean) {
    super();
    if (affine) {
      this.weight = this.parameter([channels]);
      this.bias = this.parameter([channels]);
    }
    if (tracked) {
      this.runningMean = this.buffer([channels]);
      this.runningVar = this.buffer([channels]);
      this.numBatchesTracked = this.buffer([], "int32");
    }
    this.resetParameters();
  }

  override resetParameters(): void {
    fill(this.weight, 1);
    fill(this.bias, 0);
    fill(this.runningMean, 0);
    fill(this.runningVar, 1);
    fill(this.numBatchesTracked, 0);
  }
}

/**
 * Batch normalisation (Ioffe and Szegedy 2015) over all nodes of a batch. Running variances are divided by n - 1, as in PyTorch.
 */
export class BatchNorm extends Norm {
  readonly module: BatchNorm1d;
  readonly inChannels: number;
  readonly options: Readonly<Required<BatchNormOptions>>;

  constructor(inChannels: number, options: BatchNormOptions = {}) {
    super();
    checkWidth("BatchNorm", "inChannels", inChannels, false);
    this.inChannels = inChannels;
    this.options = { eps: 1e-5, momentum: 0.1, affine: true, trackRunningStats: true, ...options };
    this.module = new BatchNorm1d(inChannels, this.options.affine, this.options.trackRunningStats);
  }

  call(x: Tensor, _batch?: Groups, ctx: GraphContext = graphContext()): Tensor {
    const { eps } = this.options;
    const { weight, bias, runningMean, runningVar } = this.module;
    const fixed = !ctx.training && runningMean !== undefined && runningVar !== undefined;
    const mean = fixed ? runningMean.value : x.mean(0);
    const variance = fixed ? runningVar.value : x.sub(mean).square().mean(0);
    if (ctx.training) this.#track(x, mean, variance, ctx);
    const y = x.sub(mean).mul(variance.add(eps).rsqrt());
    return weight === undefined || bias === undefined ? y : y.mul(weight.value).add(bias.value);
  }

  #track(x: Tensor, mean: Tensor, variance: Tensor, ctx: GraphContext): void {
    const { runningMean, runningVar, numBatchesTracked } = this.module;
    if (runningMean === undefined || runningVar === undefined || numBatchesTracked === undefined) return;
    const { momentum } = this.options;
    const count = sizeOf(x.shape[0]!).cast("float32");
    const unbiased = variance.mul(count.div(count.sub(1).maximum(1)));
    const batches = numBatchesTracked.value.add(1);
    const share = momentum ?? batches.cast("float32").reciprocal();
    const towards = (value: Tensor) => (now: Tensor) => now.add(value.stopGradient().sub(now).mul(share));
    ctx.update(runningMean, towards(mean));
    ctx.update(runningVar, towards(unbiased));
    ctx.update(numBatchesTracked, () => batches);
  }

  protected override get printsParts(): boolean {
    return false;
  }

  protected override describe(): string {
    const { eps, momentum, affine, trackRunningStats } = this.options;
    const flag = (value: boolean) => (value ? "True" : "False");
    const shown = String(eps).replace(/e-(\d)$/, "e-0$1");
    return `${this.inChannels}, eps=${shown}, momentum=${momentum ?? "None"}, affine=${flag(affine)}, track_running_stats=${flag(trackRunningStats)}`;
  }
}

export interface LayerNormOptions {
  eps?: number;
  affine?: boolean;
  /** Over all features of a graph (default), or over those of each node. */
  mode?: "graph" | "node";
}

/** Layer normalisation (Ba, Kiros and Hinton 2016) over each graph, or over each node. */
export class LayerNorm extends Norm {
  readonly weight: Variable | undefined;
  readonly bias: Variable | undefined;
  readonly inChannels: number;
  readonly options: Readonly<Required<LayerNormOptions>>;

  constructor(inChannels: number, options: LayerNormOptions = {}) {
    super();
    checkWidth("LayerNorm", "inChannels", inChannels, false);
    this.inChannels = inChannels;
    this.options = { eps: 1e-5, affine: true, mode: "graph", ...options };
    if (this.options.mode !== "graph" && this.options.mode !== "node") unknownMode(this.options.mode);
    if (this.options.affine) {
      this.weight = this.parameter([inChannels]);
      this.bias = this.parameter([inChannels]);
    }
    this.resetParameters();
  }

  override resetParameters(): void {
    fill(this.weight, 1);
    fill(this.bias, 0);
  }

  call(x: Tensor, batch?: Groups): Tensor {
    const y = this.options.mode === "node" ? this.#byNode(x) : this.#byGraph(x, batch);
    return this.weight === undefined ? y : y.mul(this.weight.value).add(this.bias!.value);
  }

  #byNode(x: Tensor): Tensor {
    const centered = x.sub(x.mean(-1, { keepdims: true }));
    return centered.mul(centered.square().mean(-1, { keepdims: true }).add(this.options.eps).rsqrt());
  }

  /** For a single graph ε is added to the deviation, else to the variance: PyTorch Geometric's choice. */
  #byGraph(x: Tensor, batch: Groups | undefined): Tensor {
    const { eps } = this.options;
    if (batch === undefined) {
      const centered = x.sub(x.mean());
      const variance = centered.square().mean();
      const none = variance.equal(0);
      const deviation = none.where(0, none.where(1, variance).sqrt());
      return centered.div(deviation.add(eps));
    }
    const count = batch.sizes.maximum(1).cast("float32").mul(this.inChannels).expandDims(-1);
    const mean = (v: Tensor) => batch.sum(v.sum(-1, { keepdims: true })).div(count);
    const centered = x.sub(batch.spread(mean(x)));
    return centered.mul(batch.spread(mean(centered.square()).add(eps).rsqrt()));
  }

  protected override describe(): string {
    const { affine, mode } = this.options;
    return `${this.inChannels}, affine=${affine ? "True" : "False"}, mode=${mode}`;
  }
}

/** Graph normalisation (Cai et al. 2021): each graph's features less a learnt share of their mean, over their deviation. */
export class GraphNorm extends Norm {
  readonly weight: Variable;
  readonly bias: Variable;
  readonly meanScale: Variable;
  readonly inChannels: number;
  readonly eps: number;

  constructor(inChannels: number, options: { eps?: number } = {}) {
    super();
    checkWidth("GraphNorm", "inChannels", inChannels, false);
    this.inChannels = inChannels;
    this.eps = options.eps ?? 1e-5;
    this.weight = this.parameter([inChannels]);
    this.bias = this.parameter([inChannels]);
    this.meanScale = this.parameter([inChannels]);
    this.resetParameters();
  }

  override resetParameters(): void {
    fill(this.weight, 1);
    fill(this.bias, 0);
    fill(this.meanScale, 1);
  }

  call(x: Tensor, batch?: Groups): Tensor {
    const mean = batch === undefined ? x.mean(0) : batch.spread(batch.mean(x));
    const y = x.sub(mean.mul(this.meanScale.value));
    const squares = batch === undefined ? y.square().mean(0) : batch.mean(y.square());
    const scale = squares.add(this.eps).rsqrt();
    const wide = batch === undefined ? scale : batch.spread(scale);
    return y.mul(wide).mul(this.weight.value).add(this.bias.value);
  }

  protected override describe(): string {
    return String(this.inChannels);
  }
}

/** Every normalisation by the name that models take. */
const norms = { batchNorm: BatchNorm, layerNorm: LayerNorm, graphNorm: GraphNorm } as const;

export type NormName = keyof typeof norms;
/** A normalisation by name, a function that makes one for a number of channels, or null for none. */
export type NormOption = NormName | ((channels: number) => Norm) | null;

/** A normalisation for `channels`, or undefined. Throws UsageError for a name that is not known. */
export function normOf(option: NormOption, channels: number): Norm | undefined {
  if (option === null) return undefined;
  if (typeof option === "function") return option(channels);
  const found = new Map(Object.entries(norms)).get(option);
  if (found) return new found(channels);
  throw new UsageError({
    where: "norm",
    problem: "there is no such normalisation",
    expected: `one of ${Object.keys(norms).join(", ")}, a function, or null`,
    got: String(option),
    try: 'norm: "batchNorm"',
  });
}

function unknownMode(mode: string): never {
  throw new UsageError({
    where: "LayerNorm: mode",
    problem: "there is no such mode",
    expected: "graph or node",
    got: mode,
    try: 'mode: "node"',
  });
}
