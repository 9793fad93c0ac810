/** Pooling by scores: the best nodes of each graph are kept, with the edges between them. */
import { arange, scatterAdd, type Tensor, type Variable } from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";
import { type ActivationOption, activationOf } from "../activations.ts";
import { type GraphContext, graphContext } from "../context.ts";
import { GraphConv } from "../convs/graph-conv.ts";
import type { Draws } from "../draws.ts";
import { keptEdges } from "../dynamic-edges.ts";
import { type EdgeInput, type Edges, edgesOf } from "../edges.ts";
import { type Groups, pickRows } from "../groups.ts";
import { draw } from "../layers/linear.ts";
import { GraphModule } from "../module.ts";
import { type BatchInput, groupsOf } from "./global.ts";

/** What is left of graphs. */
export interface Pooled {
  /** Features of the nodes that are kept, times their scores: [kept, …]. */
  readonly x: Tensor;
  /** The edges between them; values of the edges before go on fitting. */
  readonly edgeIndex: Edges;
  readonly batch: Groups;
  /** The nodes that are kept, best first within each graph: int32 [kept]. */
  readonly perm: Tensor;
  /** Their scores: [kept]. */
  readonly score: Tensor;
}

export interface PoolingOptions {
  /** The share of each graph's nodes that is kept, rounded up, or from 1 on their number. Default 0.5. */
  ratio?: number;
  /** What kept features are multiplied by, besides the scores. Default 1. */
  multiplier?: number;
  /** Default `tanh`. */
  nonlinearity?: ActivationOption;
}

/** Scores of nodes by a learnt direction, and the choice of the best. */
class SelectTopK extends GraphModule {
  readonly weight: Variable;
  readonly ratio: number;
  readonly multiplier: number;
  readonly #act: (x: Tensor) => Tensor;

  constructor(inChannels: number, options: PoolingOptions) {
    super();
    const { ratio = 0.5, multiplier = 1, nonlinearity = "tanh" } = options;
    if (!(ratio > 0)) {
      throw new UsageError({
        where: "pooling: ratio",
        problem: "no node would be kept",
        expected: "a number above 0",
        got: String(ratio),
        try: "ratio: 0.5",
      });
    }
    this.ratio = ratio;
    this.multiplier = multiplier;
    this.#act = activationOf(nonlinearity);
    this.weight = this.parameter([1, inChannels]);
    this.resetParameters();
  }

  override resetParameters(draws: Draws = this.draws()): void {
    draw(this.weight, "weight", 1 / Math.sqrt(this.weight.shape[1] as number), draws);
  }

  pool(x: Tensor, attention: Tensor, edges: EdgeInput, batch: BatchInput): Pooled {
    const groups = groupsOf(x, batch);
    const w = this.weight.value;
    const scores = this.#act(attention.mul(w).sum(-1).div(w.norm()));
    const { index, groups: kept } = groups.best(scores.stopGradient(), this.ratio);
    const rank = scatterAdd(index, arange(kept.count).add(1), { size: x.shape[0]! }).sub(1);
    const score = pickRows(scores, index, rank);
    const best = pickRows(x, index, rank).mul(score.expandDims(-1));
    return {
      x: this.multiplier === 1 ? best : best.mul(this.multiplier),
      edgeIndex: keptEdges(edgesOf(edges, x.shape[0]!), rank, kept.count),
      batch: kept,
      perm: index,
      score,
    };
  }
}

/**
 * Keeps the nodes with the largest x·p / |p| for a learnt p, times the activation of that score (Gao and Ji 2019).
 *
 * x [nodes, in] → [kept, in]
 */
export class TopKPooling extends GraphModule {
  readonly select: SelectTopK;
  readonly inChannels: number;

  /** Throws UsageError unless `ratio` is above 0. */
  constructor(inChannels: number, options: PoolingOptions = {}) {
    super();
    this.inChannels = inChannels;
    this.select = new SelectTopK(inChannels, options);
    this.resetParameters();
  }

  /**
   * @param batch the nodes of each graph; one graph unless given.
   * @param attention what scores are computed from; x unless given.
   */
  call(x: Tensor, edges: EdgeInput, batch?: BatchInput, attention: Tensor = x): Pooled {
    return this.select.pool(x, attention, edges, batch);
  }

  protected override get printsParts(): boolean {
    return false;
  }

  protected override describe(): string {
    return `${this.inChannels}, ratio=${this.select.ratio}, multiplier=${decimal(this.select.multiplier)}`;
  }
}

/** An operator that gives one score for each node. */
export interface ScoringModule extends GraphModule {
  call(x: Tensor, edges: EdgeInput, values?: undefined, ctx?: GraphContext): Tensor;
}

export interface SAGPoolingOptions extends PoolingOptions {
  /** Makes the operator that scores nodes, from in channels to 1. A GraphConv unless given. */
  gnn?: (inChannels: number) => ScoringModule;
}

/**
 * Keeps the nodes that a graph operator scores highest (Lee, Lee and Kang 2019).
 *
 * x [nodes, in] → [kept, in]
 */
export class SAGPooling extends GraphModule {
  readonly gnn: ScoringModule;
  readonly select: SelectTopK;
  readonly inChannels: number;

  constructor(inChannels: number, options: SAGPoolingOptions = {}) {
    super();
    this.inChannels = inChannels;
    this.gnn = (options.gnn ?? ((channels) => new GraphConv(channels, 1)))(inChannels);
    this.select = new SelectTopK(1, options);
    this.resetParameters();
  }

  call(
    x: Tensor,
    edges: EdgeInput,
    batch?: BatchInput,
    attention: Tensor = x,
    ctx: GraphContext = graphContext(),
  ): Pooled {
    return this.select.pool(x, this.gnn.call(attention, edges, undefined, ctx), edges, batch);
  }

  protected override get printsParts(): boolean {
    return false;
  }

  protected override describe(): string {
    const { ratio, multiplier } = this.select;
    return `${this.gnn.type}, ${this.inChannels}, ratio=${ratio}, multiplier=${decimal(multiplier)}`;
  }
}

/** As Python writes a float. */
function decimal(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
