import type { Tensor, Variable } from "../../core/index.ts";
import { type GraphContext, graphContext } from "../context.ts";
import type { Draws } from "../draws.ts";
import type { EdgeInput } from "../edges.ts";
import { type FeatureModule, type NetworkOption, networkOf } from "../layers/chain.ts";
import { fill, Linear } from "../layers/linear.ts";
import { MessagePassing, type MessagePassingOptions } from "../message-passing.ts";
import { resetPart } from "../module.ts";
import { type NodeInput, rootOf, sentOf, showWidths, type Widths, widthsOf } from "../node-input.ts";

export interface NNConvOptions extends MessagePassingOptions {
  /** Add W x of the node itself. Default true. */
  rootWeight?: boolean;
  bias?: boolean;
}

/**
 * Edge-conditioned convolution (Gilmer et al. 2017; Simonovsky and Komodakis 2017): W x + Σ x_j · nn(e_ij) + b, where `nn` makes a
 * matrix [in, out] from the features of an edge.
 *
 * x [nodes, in], edgeAttr [edges, features] → [nodes, out]
 */
export class NNConv extends MessagePassing {
  readonly bias: Variable | undefined;
  readonly nn: FeatureModule;
  readonly lin: Linear | undefined;
  readonly inChannels: Widths;
  readonly outChannels: number;

  /** @param inChannels the width of x, or of a pair of sources and targets. */
  constructor(inChannels: Widths, outChannels: number, nn: NetworkOption, options: NNConvOptions = {}) {
    super(options);
    const { rootWeight = true, bias = true } = options;
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    if (bias) this.bias = this.parameter([outChannels]);
    this.nn = networkOf(nn, "NNConv");
    if (rootWeight)
      this.lin = new Linear(widthsOf(inChannels)[1], outChannels, {
        bias: false,
        weightInitializer: "uniform",
      });
    this.resetParameters();
  }

  override resetParameters(draws: Draws = this.draws()): void {
    resetPart(this.nn, draws.child("nn"));
    this.lin?.resetParameters(draws.child("lin"));
    fill(this.bias, 0);
  }

  call(x: NodeInput, edges: EdgeInput, edgeAttr: Tensor, ctx: GraphContext = graphContext()): Tensor {
    const sent = sentOf(x);
    const e = this.structure(edges, sent);
    const matrices = this.nn
      .call(e.arrange(edgeAttr), ctx)
      .reshape([e.numEdges, widthsOf(this.inChannels)[0], this.outChannels]);
    const messages = e.fromSource(sent.x).expandDims(1).matmul(matrices).squeeze(1);
    const sum = this.aggrModule.call(messages, e.rows);
    const root = rootOf(x);
    const out = this.lin && root ? sum.add(this.lin.call(root)) : sum;
    return this.bias === undefined ? out : out.add(this.bias);
  }

  protected override describe(): string {
    return `${showWidths(this.inChannels)}, ${this.outChannels}, nn=${this.nn}`;
  }
}
