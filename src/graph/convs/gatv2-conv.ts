import type { Tensor, Variable } from "../../core/index.ts";
import { leakyRelu } from "../activations.ts";
import { dropout, type GraphContext, graphContext } from "../context.ts";
import type { Draws } from "../draws.ts";
import type { EdgeInput, Edges } from "../edges.ts";
import { fill, glorot, Linear } from "../layers/linear.ts";
import { MessagePassing, type MessagePassingOptions } from "../message-passing.ts";
import { type NodeInput, neededRoot, sentOf, showWidths, type Widths, widthsOf } from "../node-input.ts";
import { type Attended, attended, type GATConvOptions, gatDefaults, headsTogether } from "./gat-conv.ts";
import { attributesAt } from "./loop-fill.ts";

export interface GATv2ConvOptions extends GATConvOptions {
  /** Use one matrix for both ends of an edge. Default false. */
  shareWeights?: boolean;
}

/**
 * Graph attention with dynamic scores (Brody, Alon and Yahav 2022): the weight of a neighbour is the softmax over all neighbours of
 * a·LeakyReLU(W_r x_i + W_l x_j + W_e e_ij).
 *
 * x [nodes, in], edgeAttr [edges, edgeDim] → [nodes, heads · out], or [nodes, out] without `concat`
 */
export class GATv2Conv extends MessagePassing {
  readonly att: Variable;
  readonly bias: Variable | undefined;
  readonly linL: Linear;
  readonly linR: Linear;
  readonly linEdge: Linear | undefined;
  readonly res: Linear | undefined;
  readonly inChannels: Widths;
  readonly outChannels: number;
  readonly options: Readonly<Required<Omit<GATv2ConvOptions, keyof MessagePassingOptions>>>;

  /** @param inChannels the width of x, or of a pair of sources and targets. */
  constructor(inChannels: Widths, outChannels: number, options: GATv2ConvOptions = {}) {
    super(options);
    const o = { ...gatDefaults, shareWeights: false, ...options };
    this.options = o;
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    const width = o.heads * outChannels;
    const linear = (inputs: number, outputs: number, bias = false) =>
      new Linear(inputs, outputs, { bias, weightInitializer: "glorot" });
    const [sources, targets] = widthsOf(inChannels);
    this.linL = linear(sources, width, o.bias);
    this.linR = o.shareWeights ? this.linL : linear(targets, width, o.bias);
    this.att = this.parameter([1, o.heads, outChannels]);
    if (o.edgeDim !== null) this.linEdge = linear(o.edgeDim, width);
    const total = o.concat ? width : outChannels;
    if (o.residual) this.res = linear(targets, total);
    if (o.bias) this.bias = this.parameter([total]);
    this.resetParameters();
  }

  override resetParameters(draws: Draws = this.draws()): void {
    this.linL.resetParameters(draws.child("linL"));
    this.linR.resetParameters(draws.child("linR"));
    this.linEdge?.resetParameters(draws.child("linEdge"));
    this.res?.resetParameters(draws.child("res"));
    glorot(this.att, "att", draws);
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
    const { heads, concat, shareWeights, addSelfLoops } = this.options;
    const sent = sentOf(x);
    const root = neededRoot(x, this.type);
    const byHead = (t: Tensor) => t.reshape([t.shape[0]!, heads, this.outChannels]);
    const left = byHead(this.linL.call(sent.x));
    const right = shareWeights && root === sent.x ? left : byHead(this.linR.call(root));
    const plain = this.structure(edges, sent);
    const structure = addSelfLoops ? plain.withSelfLoops : plain;
    const attention = this.#attention(left, right, structure, edgeAttr, ctx);
    const messages = structure.fromSource(left).mul(attention.expandDims(-1));
    const sum = headsTogether(this.aggrModule.call(messages, structure.rows), concat);
    const whole = this.res === undefined ? sum : sum.add(this.res.call(root));
    const output = this.bias === undefined ? whole : whole.add(this.bias);
    return { output, structure, attention };
  }

  #attention(
    left: Tensor,
    right: Tensor,
    structure: Edges,
    edgeAttr: Tensor | undefined,
    ctx: GraphContext,
  ): Tensor {
    const { heads, negativeSlope, dropout: rate, addSelfLoops, fillValue } = this.options;
    let sum = structure.fromTarget(right).add(structure.fromSource(left));
    if (edgeAttr !== undefined && this.linEdge !== undefined) {
      const e = this.linEdge.call(attributesAt(structure, edgeAttr, addSelfLoops ? fillValue : undefined));
      sum = sum.add(e.reshape([structure.numEdges, heads, this.outChannels]));
    }
    const scores = leakyRelu(sum, negativeSlope).mul(this.att).sum(-1);
    return dropout(structure.rows.softmax(scores), rate, ctx, (mask) => structure.fromListOrder(mask));
  }

  protected override describe(): string {
    return `${showWidths(this.inChannels)}, ${this.outChannels}, heads=${this.options.heads}`;
  }
}
