import type { Tensor } from "../../core/index.ts";
import type { Draws } from "../draws.ts";
import type { EdgeInput } from "../edges.ts";
import { Linear } from "../layers/linear.ts";
import { type Message, MessagePassing, type MessagePassingOptions } from "../message-passing.ts";
import { reduceThenLinear } from "./sage-conv.ts";

export interface GraphConvOptions extends MessagePassingOptions {
  bias?: boolean;
}

/**
 * The graph operator of Morris et al. (2019): W_root x + W_rel · Σ weight · x of the neighbours + b.
 *
 * x [nodes, in], edgeWeight [edges] → [nodes, out]
 */
export class GraphConv extends MessagePassing {
  readonly linRel: Linear;
  readonly linRoot: Linear;
  readonly inChannels: number;
  readonly outChannels: number;

  constructor(inChannels: number, outChannels: number, options: GraphConvOptions = {}) {
    super(options);
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.linRel = new Linear(inChannels, outChannels, { bias: options.bias ?? true });
    this.linRoot = new Linear(inChannels, outChannels, { bias: false });
    this.resetParameters();
  }

  override resetParameters(draws: Draws = this.draws()): void {
    this.linRel.resetParameters(draws.child("linRel"));
    this.linRoot.resetParameters(draws.child("linRoot"));
  }

  call(x: Tensor, edges: EdgeInput, edgeWeight?: Tensor): Tensor {
    const sum = (h: Tensor) => this.propagate(edges, { x: h, weight: edgeWeight });
    return reduceThenLinear(this, this.linRel, x, sum).add(this.linRoot.call(x));
  }

  override message(m: Message): Tensor {
    return m.has("weight") ? m.xj.mul(m.weight) : m.xj;
  }

  protected override describe(): string {
    return `${this.inChannels}, ${this.outChannels}`;
  }
}
