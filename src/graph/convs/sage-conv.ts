import type { Tensor } from "../../core/index.ts";
import type { AggregationOption } from "../aggr/aggregation.ts";
import { LSTMAggregation } from "../aggr/lstm.ts";
import type { Draws } from "../draws.ts";
import type { EdgeInput } from "../edges.ts";
import { Linear } from "../layers/linear.ts";
import { MessagePassing, type MessagePassingOptions } from "../message-passing.ts";
import { type NodeInput, rootOf, sentOf, showWidths, type Widths, widthsOf } from "../node-input.ts";

export interface SAGEConvOptions extends Omit<MessagePassingOptions, "aggr"> {
  /** Default `mean`. `lstm` goes over the neighbours as they stand; see `LSTMAggregation`. */
  aggr?: AggregationOption | "lstm";
  /** The neighbours that `lstm` looks at; as many as a node has unless given. */
  maxNumElements?: number;
  /** Divide each row of the output by its length. Default false. */
  normalize?: boolean;
  /** Add W_r x of the node itself. Default true. */
  rootWeight?: boolean;
  /** Send relu(W x + b) instead of x. Default false. */
  project?: boolean;
  bias?: boolean;
}

/** Lengths below this count as this: PyTorch's `normalize`. */
const shortest = 1e-12;

/**
 * GraphSAGE (Hamilton, Ying and Leskovec 2017): W_l · mean of the neighbours + b + W_r x.
 *
 * x [nodes, in] → [nodes, out]
 */
export class SAGEConv extends MessagePassing {
  readonly lin: Linear | undefined;
  readonly linL: Linear;
  readonly linR: Linear | undefined;
  readonly inChannels: Widths;
  readonly outChannels: number;
  readonly normalize: boolean;
  readonly #aggr: AggregationOption | "lstm";

  /** @param inChannels the width of x, or of a pair of sources and targets. */
  constructor(inChannels: Widths, outChannels: number, options: SAGEConvOptions = {}) {
    const { aggr = "mean", normalize = false, rootWeight = true, project = false, bias = true } = options;
    const [sources, targets] = widthsOf(inChannels);
    const lstm = () => new LSTMAggregation(sources, sources, options);
    super({ ...options, aggr: aggr === "lstm" ? lstm() : aggr });
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.normalize = normalize;
    this.#aggr = aggr;
    if (project) this.lin = new Linear(sources, sources);
    const width = sources < 0 ? sources : this.aggrModule.outChannels(sources);
    this.linL = new Linear(width, outChannels, { bias });
    if (rootWeight) this.linR = new Linear(targets, outChannels, { bias: false });
    this.resetParameters();
  }

  override resetParameters(draws: Draws = this.draws()): void {
    this.aggrModule.resetParameters(draws.child("aggrModule"));
    this.lin?.resetParameters(draws.child("lin"));
    this.linL.resetParameters(draws.child("linL"));
    this.linR?.resetParameters(draws.child("linR"));
  }

  call(x: NodeInput, edges: EdgeInput): Tensor {
    const sent = sentOf(x);
    const values = this.lin === undefined ? sent.x : this.lin.call(sent.x).relu();
    const reduce = (h: Tensor) => this.propagate(edges, { ...sent, x: h });
    const neighbours = reduceThenLinear(this, this.linL, values, reduce);
    const root = rootOf(x);
    const out = this.linR && root ? neighbours.add(this.linR.call(root)) : neighbours;
    if (!this.normalize) return out;
    return out.div(out.norm(-1, { keepdims: true }).maximum(shortest));
  }

  protected override describe(): string {
    return `${showWidths(this.inChannels)}, ${this.outChannels}, aggr=${this.#aggr}`;
  }
}

/**
 * A linear layer after a reduction over neighbours; before it where that is narrower and comes to the same.
 */
export function reduceThenLinear(
  op: MessagePassing,
  lin: Linear,
  x: Tensor,
  reduce: (h: Tensor) => Tensor,
): Tensor {
  if (!op.aggrModule.isLinear || lin.outChannels >= (x.shape.at(-1) as number)) return lin.call(reduce(x));
  const reduced = reduce(lin.product(x));
  return lin.bias === undefined ? reduced : reduced.add(lin.bias);
}
