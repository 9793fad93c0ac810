/** Pooling by scores: the best nodes of each graph are kept, with the edges between them. */
import {
  arange,
  argsort,
  customGradient,
  scatterAdd,
  sizeOf,
  type Tensor,
  take,
  takeOrZero,
  type Variable,
  where,
} from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";
import { type ActivationOption, activationOf } from "../activations.ts";
import { type GraphContext, graphContext } from "../context.ts";
import { GraphConv } from "../convs/graph-conv.ts";
import type { Draws } from "../draws.ts";
import { keptEdges } from "../dynamic-edges.ts";
import { type EdgeInput, type Edges, edgesOf } from "../edges.ts";
import { Groups, pickRows } from "../groups.ts";
import { draw } from "../layers/linear.ts";
import { GraphModule } from "../module.ts";
import { type BatchInput, groupsOf } from "./global.ts";

/**
 * What is left of graphs. How many nodes exceed a `minScore` is not known before the program runs: there are as many rows as
 * before then, first those of the nodes that are kept, in their order; those behind are 0 and belong to no graph, so that no
 * readout sees them, and their `perm` is -1.
 */
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
  /**
   * Keep the nodes whose score, then the softmax over their graph, is above this one, and the best node in any case; `ratio` and
   * `nonlinearity` do not count then.
   */
  minScore?: number | null;
  /** What kept features are multiplied by, besides the scores. Default 1. */
  multiplier?: number;
  /** Default `tanh`. */
  nonlinearity?: ActivationOption;
}

/** Scores of nodes by a learnt direction, and the choice of the best. */
class SelectTopK extends GraphModule {
  readonly weight: Variable;
  readonly ratio: number;
  readonly minScore: number | null;
  readonly multiplier: number;
  readonly #act: (x: Tensor) => Tensor;

  constructor(inChannels: number, options: PoolingOptions) {
    super();
    const { ratio = 0.5, minScore = null, multiplier = 1, nonlinearity = "tanh" } = options;
    if (minScore === null && !(ratio > 0)) {
      throw new UsageError({
        where: "pooling: ratio",
        problem: "no node would be kept",
        expected: "a number above 0",
        got: String(ratio),
        try: "ratio: 0.5",
      });
    }
    this.ratio = ratio;
    this.minScore = minScore;
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
    const projected = attention.mul(w).sum(-1);
    const scores = this.minScore === null ? this.#act(projected.div(w.norm())) : groups.softmax(projected);
    const { perm, rank, kept, pick } =
      this.minScore === null
        ? best(groups, scores.stopGradient(), this.ratio)
        : above(groups, scores.stopGradient(), this.minScore);
    const score = pick(scores);
    const rows = pick(x).mul(score.expandDims(-1));
    return {
      x: this.multiplier === 1 ? rows : rows.mul(this.multiplier),
      edgeIndex: keptEdges(edgesOf(edges, x.shape[0]!), rank, kept.count),
      batch: kept,
      perm,
      score,
    };
  }

  /** What is kept, as PyTorch Geometric prints it. */
  get kept(): string {
    return this.minScore === null ? `ratio=${this.ratio}` : `min_score=${this.minScore}`;
  }
}

/** Nodes that are chosen. */
interface Choice {
  readonly perm: Tensor;
  /** The new number of each node, -1 for one that is dropped: int32 [nodes]. */
  readonly rank: Tensor;
  readonly kept: Groups;
  /** Values of nodes in the order of what is kept. */
  pick(values: Tensor): Tensor;
}

/** The best nodes of each group, best first. */
function best(groups: Groups, scores: Tensor, ratio: number): Choice {
  const { index, groups: kept } = groups.best(scores, ratio);
  const rank = scatterAdd(index, arange(kept.count).add(1), { size: groups.count }).sub(1);
  return { perm: index, rank, kept, pick: (values) => pickRows(values, index, rank) };
}

/** Scores this much below the best one of a graph are as good as it. */
const tolerance = 1e-7;

/** The nodes above a score in their order; no group is left empty. */
function above(groups: Groups, scores: Tensor, minScore: number): Choice {
  const { ids, size, count } = groups;
  const limit = groups.spread(groups.max(scores)).sub(tolerance).minimum(minScore);
  const chosen = scores.greater(limit).logicalAnd(ids.less(sizeOf(size)));
  const order = argsort(where(chosen, 0, 1));
  const rank = where(chosen, argsort(order), -1);
  const perm = where(take(chosen, order), order, -1);
  const kept = Groups.of(where(perm.less(0), sizeOf(size), take(ids, order)), size, groups.what);
  return {
    perm,
    rank,
    kept: new Groups(size, count, groups.what, { ptr: () => kept.ptr, ids: () => kept.ids }),
    pick: customGradient((v) => ({
      value: takeOrZero(v, perm),
      gradient: (g) => [takeOrZero(g, rank)],
    })),
  };
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
    return `${this.inChannels}, ${this.select.kept}, multiplier=${decimal(this.select.multiplier)}`;
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
    const { kept, multiplier } = this.select;
    return `${this.gnn.type}, ${this.inChannels}, ${kept}, multiplier=${decimal(multiplier)}`;
  }
}

/** As Python writes a float. */
function decimal(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
