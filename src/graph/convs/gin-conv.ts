import type { Tensor, Variable } from "../../core/index.ts";
import { type GraphContext, graphContext } from "../context.ts";
import type { Draws } from "../draws.ts";
import type { EdgeInput } from "../edges.ts";
import { type FeatureModule, type NetworkOption, networkOf } from "../layers/chain.ts";
import { fill } from "../layers/linear.ts";
import { MessagePassing, type MessagePassingOptions } from "../message-passing.ts";
import { resetPart } from "../module.ts";
import { type NodeInput, rootOf, sentOf } from "../node-input.ts";

export interface GINConvOptions extends MessagePassingOptions {
  /** What ε begins with. Default 0. */
  eps?: number;
  /** Train ε. Default false. */
  trainEps?: boolean;
}

/**
 * Graph isomorphism operator (Xu et al. 2019): nn((1 + ε) x + Σ x of the neighbours).
 *
 * x [nodes, in] → [nodes, out of `nn`]
 *
 * @example new GINConv([new Linear(16, 32), "relu", new Linear(32, 32)], { trainEps: true })
 */
export class GINConv extends MessagePassing {
  readonly eps: Variable;
  readonly nn: FeatureModule;
  readonly #initialEps: number;

  constructor(nn: NetworkOption, options: GINConvOptions = {}) {
    super(options);
    const { eps = 0, trainEps = false } = options;
    this.#initialEps = eps;
    this.eps = trainEps ? this.parameter([1]) : this.buffer([1]);
    this.nn = networkOf(nn, "GINConv");
    this.resetParameters();
  }

  override resetParameters(draws: Draws = this.draws()): void {
    resetPart(this.nn, draws.child("nn"));
    fill(this.eps, this.#initialEps);
  }

  call(x: NodeInput, edges: EdgeInput, ctx: GraphContext = graphContext()): Tensor {
    const sum = this.propagate(edges, sentOf(x));
    const root = rootOf(x);
    return this.nn.call(root === undefined ? sum : sum.add(root.mul(this.eps.value.add(1))), ctx);
  }

  protected override describe(): string {
    return `nn=${this.nn}`;
  }
}
