import type { Tensor, Variable } from "../../core/index.ts";
import { ShapeError, UsageError } from "../../ir/errors.ts";
import { showShape } from "../../ir/size.ts";
import { type GraphContext, graphContext } from "../context.ts";
import type { Draws } from "../draws.ts";
import type { EdgeInput } from "../edges.ts";
import { Chain, type FeatureModule, type NetworkOption, networkOf } from "../layers/chain.ts";
import { fill, Linear } from "../layers/linear.ts";
import { type Message, MessagePassing } from "../message-passing.ts";
import { resetPart } from "../module.ts";
import { type NodeInput, rootOf, sentOf } from "../node-input.ts";
import type { GINConvOptions } from "./gin-conv.ts";

export interface GINEConvOptions extends GINConvOptions {
  /** The width of edgeAttr where it is not that of x: a linear layer makes it so. */
  edgeDim?: number | null;
}

/**
 * Graph isomorphism operator with features of edges (Hu et al. 2020): nn((1 + ε) x + Σ relu(x_j + e_ij)).
 *
 * x [nodes, in], edgeAttr [edges, in or edgeDim] → [nodes, out of `nn`]
 */
export class GINEConv extends MessagePassing {
  readonly eps: Variable;
  readonly nn: FeatureModule;
  readonly lin: Linear | undefined;
  readonly #initialEps: number;

  constructor(nn: NetworkOption, options: GINEConvOptions = {}) {
    super(options);
    const { eps = 0, trainEps = false, edgeDim = null } = options;
    this.#initialEps = eps;
    this.nn = networkOf(nn, "GINEConv");
    this.eps = trainEps ? this.parameter([1]) : this.buffer([1]);
    if (edgeDim !== null) this.lin = new Linear(edgeDim, inputWidth(this.nn));
    this.resetParameters();
  }

  override resetParameters(draws: Draws = this.draws()): void {
    resetPart(this.nn, draws.child("nn"));
    fill(this.eps, this.#initialEps);
    this.lin?.resetParameters(draws.child("lin"));
  }

  call(x: NodeInput, edges: EdgeInput, edgeAttr: Tensor, ctx: GraphContext = graphContext()): Tensor {
    const attributes = this.lin === undefined ? edgeAttr : this.lin.call(edgeAttr);
    const sent = sentOf(x);
    if (attributes.shape.at(-1) !== sent.x.shape.at(-1)) {
      throw new ShapeError({
        where: "GINEConv",
        problem: "features of nodes and edges have different widths",
        expected: `edgeAttr [edges, ${sent.x.shape.at(-1)}]`,
        got: showShape(attributes.shape),
        try: "give the operator the width of edgeAttr as edgeDim",
      });
    }
    const sum = this.propagate(edges, { ...sent, edgeAttr: attributes });
    const root = rootOf(x);
    return this.nn.call(root === undefined ? sum : sum.add(root.mul(this.eps.value.add(1))), ctx);
  }

  override message({ xj, edgeAttr }: Message): Tensor {
    return xj.add(edgeAttr).relu();
  }

  protected override describe(): string {
    return `nn=${this.nn}`;
  }
}

/** The width that a network takes. */
function inputWidth(nn: FeatureModule): number {
  const first = nn instanceof Chain ? nn.links[0] : nn;
  if (typeof first === "object" && "inChannels" in first) return first.inChannels as number;
  throw new UsageError({
    where: "GINEConv: edgeDim",
    problem: "the width that the network takes is not known",
    expected: "a network that begins with a Linear or an MLP",
    got: String(nn),
    try: "leave edgeDim out and give edges features of that width",
  });
}
