import type { Tensor } from "../../core/index.ts";
import type { Draws } from "../draws.ts";
import type { EdgeInput } from "../edges.ts";
import { Linear } from "../layers/linear.ts";
import { type Message, MessagePassing, type MessagePassingOptions } from "../message-passing.ts";
import { type NodeInput, rootOf, sentOf, showWidths, type Widths, widthsOf } from "../node-input.ts";
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
  readonly inChannels: Widths;
  readonly outChannels: number;

  /** @param inChannels the width of x, or of a pair of sources and targets. */
  constructor(inChannels: Widths, outChannels: number, options: GraphConvOptions = {}) {
    super(options);
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    const [sources, targets] = widthsOf(inChannels);
    this.linRel = new Linear(sources, outChannels, { bias: options.bias ?? true });
    this.linRoot = new Linear(targets, outChannels, { bias: false });
    this.resetParameters();
  }

  override resetParameters(draws: Draws = this.draws()): void {
    this.linRel.resetParameters(draws.child("linRel"));
    this.linRoot.resetParameters(draws.child("linRoot"));
  }

  call(x: NodeInput, edges: EdgeInput, edgeWeight?: Tensor): Tensor {
    const sent = sentOf(x);
    const sum = (h: Tensor) => this.propagate(edges, { ...sent, x: h, weight: edgeWeight });
    const neighbours = reduceThenLinear(this, this.linRel, sent.x, sum);
    const root = rootOf(x);
    return root === undefined ? neighbours : neighbours.add(this.linRoot.call(root));
  }

  override message(m: Message): Tensor {
    return m.has("weight") ? m.xj.mul(m.weight) : m.xj;
  }

  protected override describe(): string {
    return `${showWidths(this.inChannels)}, ${this.outChannels}`;
  }
}
