import type { Tensor } from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";
import { type GraphContext, graphContext } from "../context.ts";
import { nearestEdges } from "../dynamic-edges.ts";
import { type FeatureModule, type NetworkOption, networkOf } from "../layers/chain.ts";
import { type Message, MessagePassing, type MessagePassingOptions, type Sent } from "../message-passing.ts";
import { type BatchInput, groupsOf } from "../pool/global.ts";
import { edgeMessage } from "./edge-conv.ts";

/**
 * Edge convolution over the k nearest neighbours in the space of the features (Wang et al. 2019), each node being its own nearest
 * one. The neighbours are found inside the program, anew at every call: time and memory grow with the graphs times the square of
 * the nodes of the largest one.
 *
 * x [nodes, in] → [nodes, out of `nn`, which takes 2 · in]
 */
export class DynamicEdgeConv extends MessagePassing {
  readonly nn: FeatureModule;
  readonly k: number;

  /** Throws UsageError unless `k` is a whole number of 1 or more. */
  constructor(nn: NetworkOption, k: number, options: MessagePassingOptions = {}) {
    super({ aggr: "max", ...options });
    if (!Number.isInteger(k) || k < 1) {
      throw new UsageError({
        where: "DynamicEdgeConv",
        problem: "k counts neighbours",
        expected: "a whole number of 1 or more",
        got: String(k),
        try: "new DynamicEdgeConv(nn, 8)",
      });
    }
    this.nn = networkOf(nn, "DynamicEdgeConv");
    this.k = k;
    this.resetParameters();
  }

  /** @param batch the nodes of each graph: neighbours are searched within it. */
  call(x: Tensor, batch?: BatchInput, ctx: GraphContext = graphContext()): Tensor {
    const groups = batch === undefined ? undefined : groupsOf(x, batch);
    return this.propagate(nearestEdges(x, this.k, groups), { x, ctx });
  }

  override message(m: Message, { ctx }: Sent & { ctx: GraphContext }): Tensor {
    return edgeMessage(m, this.nn, ctx);
  }

  protected override describe(): string {
    return `nn=${this.nn}, k=${this.k}`;
  }
}
