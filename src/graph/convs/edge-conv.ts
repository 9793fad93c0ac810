import { concat, type Tensor } from "../../core/index.ts";
import { type GraphContext, graphContext } from "../context.ts";
import type { EdgeInput } from "../edges.ts";
import { type FeatureModule, type NetworkOption, networkOf } from "../layers/chain.ts";
import { type Message, MessagePassing, type MessagePassingOptions, type Sent } from "../message-passing.ts";
import { type NodeInput, sentOf } from "../node-input.ts";

/**
 * Edge convolution (Wang et al. 2019): the largest (`aggr`) of nn([x_i, x_j - x_i]) over the neighbours.
 *
 * x [nodes, in] → [nodes, out of `nn`, which takes 2 · in]
 */
export class EdgeConv extends MessagePassing {
  readonly nn: FeatureModule;

  constructor(nn: NetworkOption, options: MessagePassingOptions = {}) {
    super({ aggr: "max", ...options });
    this.nn = networkOf(nn, "EdgeConv");
    this.resetParameters();
  }

  call(x: NodeInput, edges: EdgeInput, ctx: GraphContext = graphContext()): Tensor {
    return this.propagate(edges, { ...sentOf(x), ctx });
  }

  override message(m: Message, { ctx }: Sent & { ctx: GraphContext }): Tensor {
    return edgeMessage(m, this.nn, ctx);
  }

  protected override describe(): string {
    return `nn=${this.nn}`;
  }
}

/** nn([x_i, x_j - x_i]) for every edge. */
export function edgeMessage({ xi, xj }: Message, nn: FeatureModule, ctx: GraphContext): Tensor {
  return nn.call(concat([xi, xj.sub(xi)], -1), ctx);
}
