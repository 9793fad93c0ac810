/** Stacks of one operator, as PyTorch Geometric's models in one line. */
import type { Tensor } from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";
import { type ActivationOption, activationOf } from "../activations.ts";
import { dropout, type GraphContext, graphContext } from "../context.ts";
import { GATConv, type GATConvOptions } from "../convs/gat-conv.ts";
import { GATv2Conv } from "../convs/gatv2-conv.ts";
import { GCNConv, type GCNConvOptions } from "../convs/gcn-conv.ts";
import { GINConv, type GINConvOptions } from "../convs/gin-conv.ts";
import { SAGEConv, type SAGEConvOptions } from "../convs/sage-conv.ts";
import type { Draws } from "../draws.ts";
import type { EdgeInput } from "../edges.ts";
import type { Graph } from "../graph.ts";
import type { Groups } from "../groups.ts";
import { JumpingKnowledge, type JumpingMode } from "../layers/jumping-knowledge.ts";
import { checkWidth, Linear } from "../layers/linear.ts";
import { MLP } from "../layers/mlp.ts";
import { GraphModel } from "../model.ts";
import { type GraphModule, resetPart } from "../module.ts";
import { type Norm, type NormOption, normOf } from "../norm/norm.ts";

export interface BasicGNNOptions {
  /** The width of the output; the hidden one unless given. */
  outChannels?: number | null;
  /** Share of the hidden features that is dropped in training. Default 0. */
  dropout?: number;
  /** Default `relu`; null for none. */
  act?: ActivationOption;
  /** Activate before normalising. Default false. */
  actFirst?: boolean;
  /** Default null: none. */
  norm?: NormOption;
  /** How the outputs of all layers go together: `last`, `cat`, `max`, `lstm`. Default null: the last one is the output. */
  jk?: JumpingMode | "last" | null;
}

/** What goes along edges: weights, features, or nothing. */
interface EdgeValues {
  readonly edgeWeight?: Tensor | undefined;
  readonly edgeAttr?: Tensor | undefined;
}

/** An operator of a stack, called with what it takes of edges. */
interface StackedConv {
  readonly module: GraphModule;
  call(x: Tensor, edges: EdgeInput, values: EdgeValues, ctx: GraphContext): Tensor;
}

/** Makes the operator of a layer; `last` tells whether it makes the output. */
type ConvMaker = (inChannels: number, outChannels: number, last: boolean) => StackedConv;

/** Base of the stacks: operators with activation, normalisation and dropout between them. */
export abstract class BasicGNN extends GraphModel {
  readonly convs: readonly GraphModule[];
  readonly norms: readonly (Norm | undefined)[];
  readonly jk: JumpingKnowledge | undefined;
  readonly lin: Linear | undefined;
  readonly inChannels: number;
  readonly hiddenChannels: number;
  readonly numLayers: number;
  readonly outChannels: number;
  readonly #stack: readonly StackedConv[];
  readonly #act: (x: Tensor) => Tensor;
  readonly #options: BasicGNNOptions;

  protected constructor(
    [inChannels, hiddenChannels, numLayers]: readonly [number, number, number],
    options: BasicGNNOptions,
    make: ConvMaker,
  ) {
    super();
    checkWidth(this.type, "hiddenChannels", hiddenChannels, false);
    checkWidth(this.type, "numLayers", numLayers, false);
    const { outChannels = null, jk = null, norm = null, act = "relu" } = options;
    this.inChannels = inChannels;
    this.hiddenChannels = hiddenChannels;
    this.numLayers = numLayers;
    this.outChannels = outChannels ?? hiddenChannels;
    this.#options = options;
    this.#act = activationOf(act);
    const toOut = outChannels !== null && jk === null;
    this.#stack = Array.from({ length: numLayers }, (_, i) => {
      const last = i === numLayers - 1 && toOut;
      return make(i === 0 ? inChannels : hiddenChannels, last ? outChannels : hiddenChannels, last);
    });
    this.convs = this.#stack.map((c) => c.module);
    const normed = jk === null ? numLayers - 1 : numLayers;
    this.norms = Array.from({ length: normed }, () => normOf(norm, hiddenChannels));
    if (jk !== null && jk !== "last") this.jk = new JumpingKnowledge(jk, hiddenChannels, numLayers);
    if (jk !== null) {
      this.lin = new Linear(jk === "cat" ? numLayers * hiddenChannels : hiddenChannels, this.outChannels);
    }
  }

  override resetParameters(draws: Draws = this.draws()): void {
    resetPart(this.convs, draws.child("convs"));
    resetPart(this.norms, draws.child("norms"));
    this.jk?.resetParameters(draws.child("jk"));
    this.lin?.resetParameters(draws.child("lin"));
  }

  override call({ x, edgeIndex, edgeWeight, edgeAttr, batch }: Graph, ctx: GraphContext): Tensor {
    return this.encode(x, edgeIndex, { edgeWeight, edgeAttr }, ctx, batch);
  }

  /** The same from tensors, for models that are made of this one: x [nodes, in] → [nodes, out]. */
  encode(
    x: Tensor,
    edges: EdgeInput,
    values: EdgeValues = {},
    ctx: GraphContext = graphContext(),
    batch?: Groups,
  ): Tensor {
    const { jk = null, actFirst = false, dropout: rate = 0 } = this.#options;
    const layers: Tensor[] = [];
    let h = x;
    this.#stack.forEach((conv, i) => {
      h = conv.call(h, edges, values, ctx);
      if (i === this.numLayers - 1 && jk === null) return;
      if (actFirst) h = this.#act(h);
      h = this.norms[i]?.call(h, batch, ctx) ?? h;
      if (!actFirst) h = this.#act(h);
      h = dropout(h, rate, ctx);
      layers.push(h);
    });
    const joined = this.jk === undefined ? h : this.jk.call(layers);
    return this.lin === undefined ? joined : this.lin.call(joined);
  }

  protected override get printsParts(): boolean {
    return false;
  }

  protected override describe(): string {
    return `${this.inChannels}, ${this.outChannels}, num_layers=${this.numLayers}`;
  }
}

/**
 * A stack of GCNConv (Kipf and Welling 2017).
 *
 * @example const model = new GCN(1433, 16, 2, { outChannels: 7, dropout: 0.5 });
 */
export class GCN extends BasicGNN {
  constructor(
    inChannels: number,
    hiddenChannels: number,
    numLayers: number,
    options: BasicGNNOptions & GCNConvOptions = {},
  ) {
    super([inChannels, hiddenChannels, numLayers], options, (i, o) => {
      const module = new GCNConv(i, o, options);
      return { module, call: (x, edges, { edgeWeight }) => module.call(x, edges, edgeWeight) };
    });
  }
}

/** A stack of SAGEConv (Hamilton, Ying and Leskovec 2017). */
export class GraphSAGE extends BasicGNN {
  constructor(
    inChannels: number,
    hiddenChannels: number,
    numLayers: number,
    options: BasicGNNOptions & SAGEConvOptions = {},
  ) {
    super([inChannels, hiddenChannels, numLayers], options, (i, o) => {
      const module = new SAGEConv(i, o, options);
      return { module, call: (x, edges) => module.call(x, edges) };
    });
  }
}

/** A stack of GINConv with an MLP of two layers each (Xu et al. 2019). */
export class GIN extends BasicGNN {
  constructor(
    inChannels: number,
    hiddenChannels: number,
    numLayers: number,
    options: BasicGNNOptions & GINConvOptions = {},
  ) {
    const { act = "relu", actFirst = false, norm = null } = options;
    super([inChannels, hiddenChannels, numLayers], options, (i, o) => {
      const module = new GINConv(new MLP([i, o, o], { act, actFirst, norm }), options);
      return { module, call: (x, edges, _, ctx) => module.call(x, edges, ctx) };
    });
  }
}

export interface GATOptions extends BasicGNNOptions, Omit<GATConvOptions, "dropout"> {
  /** Use GATv2Conv. Default false. */
  v2?: boolean;
}

/** A stack of GATConv (Veličković et al. 2018), heads side by side but in the output, where their mean is taken. */
export class GAT extends BasicGNN {
  /** Throws UsageError where hidden channels cannot be shared by the heads. */
  constructor(inChannels: number, hiddenChannels: number, numLayers: number, options: GATOptions = {}) {
    const { v2 = false, heads = 1, concat = true } = options;
    super([inChannels, hiddenChannels, numLayers], options, (i, o, last) => {
      const side = concat && !last;
      if (side && o % heads !== 0) {
        throw new UsageError({
          where: "GAT",
          problem: "the hidden channels are shared by the heads",
          expected: `a multiple of ${heads}`,
          got: String(o),
          try: "hiddenChannels: 8 · heads",
        });
      }
      const own = { ...options, concat: side, dropout: options.dropout ?? 0 };
      const width = side ? o / heads : o;
      const module = v2 ? new GATv2Conv(i, width, own) : new GATConv(i, width, own);
      return {
        module,
        call: (x, edges, { edgeAttr }, ctx) => module.call(x, edges, edgeAttr, ctx),
      };
    });
  }
}
