import { concat as joined, type Tensor } from "../../core/index.ts";
import { dropout, type GraphContext, graphContext } from "../context.ts";
import type { EdgeInput } from "../edges.ts";
import { Linear } from "../layers/linear.ts";
import { MessagePassing, type MessagePassingOptions } from "../message-passing.ts";
import { type NodeInput, neededRoot, sentOf, showWidths, type Widths, widthsOf } from "../node-input.ts";
import { type Attended, attended, headsTogether } from "./gat-conv.ts";
import { attributesAt } from "./loop-fill.ts";

export interface TransformerConvOptions extends MessagePassingOptions {
  heads?: number;
  /** Put the heads side by side (default), or take their mean. */
  concat?: boolean;
  /** Weigh the node against its neighbours by a learnt gate. Default false. */
  beta?: boolean;
  /** Share of the attention that is dropped in training. */
  dropout?: number;
  edgeDim?: number | null;
  bias?: boolean;
  /** Add W x of the node itself. Default true. */
  rootWeight?: boolean;
}

const defaults = {
  heads: 1,
  concat: true,
  beta: false,
  dropout: 0,
  edgeDim: null,
  bias: true,
  rootWeight: true,
} as const satisfies TransformerConvOptions;

/**
 * Attention by queries and keys over neighbours (Shi et al. 2021): softmax of q_i·(k_j + W_e e_ij) / √out, on values v_j + W_e e_ij.
 *
 * x [nodes, in], edgeAttr [edges, edgeDim] → [nodes, heads · out], or [nodes, out] without `concat`
 */
export class TransformerConv extends MessagePassing {
  readonly linKey: Linear;
  readonly linQuery: Linear;
  readonly linValue: Linear;
  readonly linEdge: Linear | undefined;
  readonly linSkip: Linear;
  readonly linBeta: Linear | undefined;
  readonly inChannels: Widths;
  readonly outChannels: number;
  readonly options: Readonly<Required<Omit<TransformerConvOptions, keyof MessagePassingOptions>>>;

  /** @param inChannels the width of x, or of a pair of sources and targets. */
  constructor(inChannels: Widths, outChannels: number, options: TransformerConvOptions = {}) {
    super(options);
    const o = { ...defaults, ...options };
    this.options = o;
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    const { bias } = o;
    const width = o.heads * outChannels;
    const total = o.concat ? width : outChannels;
    const [sources, targets] = widthsOf(inChannels);
    this.linKey = new Linear(sources, width, { bias });
    this.linQuery = new Linear(targets, width, { bias });
    this.linValue = new Linear(sources, width, { bias });
    if (o.edgeDim !== null) this.linEdge = new Linear(o.edgeDim, width, { bias: false });
    this.linSkip = new Linear(targets, total, { bias });
    if (o.beta && o.rootWeight) this.linBeta = new Linear(3 * total, 1, { bias: false });
    this.resetParameters();
  }

  call(x: NodeInput, edges: EdgeInput, edgeAttr?: Tensor, ctx: GraphContext = graphContext()): Tensor {
    return this.#attend(x, edges, edgeAttr, ctx).output;
  }

  /** The output with the attention that every edge got. */
  returnAttentionWeights(
    x: NodeInput,
    edges: EdgeInput,
    edgeAttr?: Tensor,
    ctx: GraphContext = graphContext(),
  ): Attended {
    return attended(this.#attend(x, edges, edgeAttr, ctx));
  }

  #attend(x: NodeInput, edges: EdgeInput, edgeAttr: Tensor | undefined, ctx: GraphContext) {
    const { heads, concat, dropout: rate, rootWeight } = this.options;
    const sent = sentOf(x);
    const root = neededRoot(x, this.type);
    const structure = this.structure(edges, sent);
    const byHead = (t: Tensor) => t.reshape([t.shape[0]!, heads, this.outChannels]);
    const query = structure.fromTarget(byHead(this.linQuery.call(root)));
    let key = structure.fromSource(byHead(this.linKey.call(sent.x)));
    let value = structure.fromSource(byHead(this.linValue.call(sent.x)));
    if (this.linEdge !== undefined && edgeAttr !== undefined) {
      const e = byHead(this.linEdge.call(attributesAt(structure, edgeAttr, undefined)));
      key = key.add(e);
      value = value.add(e);
    }
    const scores = query.mul(key).sum(-1).div(Math.sqrt(this.outChannels));
    const attention = structure.rows.softmax(scores);
    const kept = dropout(attention, rate, ctx, (mask) => structure.fromListOrder(mask));
    const sum = this.aggrModule.call(value.mul(kept.expandDims(-1)), structure.rows);
    const neighbours = headsTogether(sum, concat);
    return { output: rootWeight ? this.#withRoot(neighbours, root) : neighbours, structure, attention };
  }

  #withRoot(neighbours: Tensor, x: Tensor): Tensor {
    const own = this.linSkip.call(x);
    if (this.linBeta === undefined) return neighbours.add(own);
    const gate = this.linBeta.call(joined([neighbours, own, neighbours.sub(own)], -1)).sigmoid();
    return gate.mul(own).add(gate.neg().add(1).mul(neighbours));
  }

  protected override describe(): string {
    return `${showWidths(this.inChannels)}, ${this.outChannels}, heads=${this.options.heads}`;
  }
}
