import type { Tensor, Variable } from "../../core/index.ts";
import { leakyRelu } from "../activations.ts";
import { dropout, type GraphContext, graphContext } from "../context.ts";
import type { Draws } from "../draws.ts";
import type { EdgeInput, Edges } from "../edges.ts";
import { fill, glorot, Linear } from "../layers/linear.ts";
import { MessagePassing, type MessagePassingOptions } from "../message-passing.ts";
import { type NodeInput, rootOf, sentOf, showWidths, type Widths, widthsOf } from "../node-input.ts";
import { attributesAt, type LoopFill } from "./loop-fill.ts";

/** The output of an operator with attention, and the attention of each edge in PyTorch Geometric's order. */
export interface Attended {
  /** [nodes, out] */
  readonly output: Tensor;
  /** Sources and targets: int32 [2, edges], with the self-loops that were added. */
  readonly edgeIndex: Tensor;
  /** [edges, heads] */
  readonly attention: Tensor;
}

export interface GATConvOptions extends MessagePassingOptions {
  heads?: number;
  /** Put the heads side by side (default), or take their mean. */
  concat?: boolean;
  negativeSlope?: number;
  /** Share of the attention that is dropped in training. */
  dropout?: number;
  /** Default true. */
  addSelfLoops?: boolean;
  /** The width of edgeAttr, where attention looks at it. */
  edgeDim?: number | null;
  /** The features of self-loops that are added: a number, or how those of the edges that end at the node are reduced. */
  fillValue?: LoopFill;
  bias?: boolean;
  /** Add x times a matrix. Default false. */
  residual?: boolean;
}

/** Defaults shared with GATv2. */
export const gatDefaults = {
  heads: 1,
  concat: true,
  negativeSlope: 0.2,
  dropout: 0,
  addSelfLoops: true,
  edgeDim: null,
  fillValue: "mean",
  bias: true,
  residual: false,
} as const satisfies GATConvOptions;

/**
 * Graph attention (Veličković et al. 2018): the weight of a neighbour is the softmax over all neighbours of
 * LeakyReLU(a_src·W x_j + a_dst·W x_i + a_edge·W_e e_ij).
 *
 * x [nodes, in], edgeAttr [edges, edgeDim] → [nodes, heads · out], or [nodes, out] without `concat`
 */
export class GATConv extends MessagePassing {
  readonly attSrc: Variable;
  readonly attDst: Variable;
  readonly attEdge: Variable | undefined;
  readonly bias: Variable | undefined;
  /** For all nodes; with a pair of widths there are two instead. */
  readonly lin: Linear | undefined;
  readonly linSrc: Linear | undefined;
  readonly linDst: Linear | undefined;
  readonly linEdge: Linear | undefined;
  readonly res: Linear | undefined;
  readonly inChannels: Widths;
  readonly outChannels: number;
  readonly options: Readonly<Required<Omit<GATConvOptions, keyof MessagePassingOptions>>>;

  /** @param inChannels the width of x, or of a pair of sources and targets, which get a matrix each. */
  constructor(inChannels: Widths, outChannels: number, options: GATConvOptions = {}) {
    super(options);
    const o = { ...gatDefaults, ...options };
    this.options = o;
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    const width = o.heads * outChannels;
    const linear = (inputs: number, outputs: number) =>
      new Linear(inputs, outputs, { bias: false, weightInitializer: "glorot" });
    const [sources, targets] = widthsOf(inChannels);
    if (typeof inChannels === "number") this.lin = linear(sources, width);
    else [this.linSrc, this.linDst] = [linear(sources, width), linear(targets, width)];
    this.attSrc = this.parameter([1, o.heads, outChannels]);
    this.attDst = this.parameter([1, o.heads, outChannels]);
    if (o.edgeDim !== null) {
      this.linEdge = linear(o.edgeDim, width);
      this.attEdge = this.parameter([1, o.heads, outChannels]);
    }
    const total = o.concat ? width : outChannels;
    if (o.residual) this.res = linear(targets, total);
    if (o.bias) this.bias = this.parameter([total]);
    this.resetParameters();
  }

  override resetParameters(draws: Draws = this.draws()): void {
    this.lin?.resetParameters(draws.child("lin"));
    this.linSrc?.resetParameters(draws.child("linSrc"));
    this.linDst?.resetParameters(draws.child("linDst"));
    this.linEdge?.resetParameters(draws.child("linEdge"));
    this.res?.resetParameters(draws.child("res"));
    glorot(this.attSrc, "attSrc", draws);
    glorot(this.attDst, "attDst", draws);
    glorot(this.attEdge, "attEdge", draws);
    fill(this.bias, 0);
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
    const { heads, concat, addSelfLoops } = this.options;
    const sent = sentOf(x);
    const root = rootOf(x);
    const byHead = (lin: Linear, t: Tensor) => lin.call(t).reshape([t.shape[0]!, heads, this.outChannels]);
    const source = byHead((this.lin ?? this.linSrc)!, sent.x);
    const shared = this.lin !== undefined && root === sent.x;
    const target = shared ? source : root && byHead((this.lin ?? this.linDst)!, root);
    const plain = this.structure(edges, sent);
    const structure = addSelfLoops ? plain.withSelfLoops : plain;
    const attention = this.#attention(source, target, structure, edgeAttr, ctx);
    const messages = structure.fromSource(source).mul(attention.expandDims(-1));
    const sum = headsTogether(this.aggrModule.call(messages, structure.rows), concat);
    const whole = this.res && root ? sum.add(this.res.call(root)) : sum;
    const output = this.bias === undefined ? whole : whole.add(this.bias);
    return { output, structure, attention };
  }

  /** The attention at each place: [edges, heads]. */
  #attention(
    source: Tensor,
    target: Tensor | undefined,
    structure: Edges,
    edgeAttr: Tensor | undefined,
    ctx: GraphContext,
  ): Tensor {
    const { heads, negativeSlope, dropout: rate, addSelfLoops, fillValue } = this.options;
    const begin = structure.fromSource(source.mul(this.attSrc).sum(-1));
    const ends = target ? begin.add(structure.fromTarget(target.mul(this.attDst).sum(-1))) : begin;
    let scores = ends;
    if (edgeAttr !== undefined && this.linEdge !== undefined) {
      const attributes = attributesAt(structure, edgeAttr, addSelfLoops ? fillValue : undefined);
      const e = this.linEdge.call(attributes).reshape([structure.numEdges, heads, this.outChannels]);
      scores = ends.add(e.mul(this.attEdge!).sum(-1));
    }
    const soft = structure.rows.softmax(leakyRelu(scores, negativeSlope));
    return dropout(soft, rate, ctx, (mask) => structure.fromListOrder(mask));
  }

  protected override describe(): string {
    return `${showWidths(this.inChannels)}, ${this.outChannels}, heads=${this.options.heads}`;
  }
}

/** What an operator computed, with the attention in PyTorch Geometric's order. */
export function attended({
  output,
  structure,
  attention,
}: {
  output: Tensor;
  structure: Edges;
  attention: Tensor;
}): Attended {
  return { output, edgeIndex: structure.pairs, attention: structure.restore(attention) };
}

/** [nodes, heads, out] with the heads side by side, or their mean. */
export function headsTogether(values: Tensor, concat: boolean): Tensor {
  if (!concat) return values.mean(1);
  const [nodes, heads, out] = values.shape;
  return values.reshape([nodes!, (heads as number) * (out as number)]);
}
