import type { Tensor } from "../../core/index.ts";
import type { EdgeInput } from "../edges.ts";
import { Linear } from "../layers/linear.ts";
import { MessagePassing, type MessagePassingOptions } from "../message-passing.ts";
import { gcnNorm, normalizedSum } from "./gcn-norm.ts";

export interface SGConvOptions extends MessagePassingOptions {
  /** How often neighbours are averaged. Default 1. */
  K?: number;
  /** Accepted for its name's sake: structures are kept with their edges. */
  cached?: boolean;
  /** Default true. */
  addSelfLoops?: boolean;
  bias?: boolean;
}

/**
 * Simple graph convolution (Wu et al. 2019): (D^-½ (A + I) D^-½)^K X Wᵀ + b.
 *
 * x [nodes, in], edgeWeight [edges] → [nodes, out]
 */
export class SGConv extends MessagePassing {
  readonly lin: Linear;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly K: number;
  readonly addSelfLoops: boolean;

  constructor(inChannels: number, outChannels: number, options: SGConvOptions = {}) {
    super(options);
    const { K = 1, addSelfLoops = true, bias = true } = options;
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.K = K;
    this.addSelfLoops = addSelfLoops;
    this.lin = new Linear(inChannels, outChannels, { bias });
    this.resetParameters();
  }

  call(x: Tensor, edges: EdgeInput, edgeWeight?: Tensor): Tensor {
    const { addSelfLoops } = this;
    const norm = gcnNorm(this.structure(edges, { x }), edgeWeight, { addSelfLoops, improved: false });
    let h = x;
    for (let k = 0; k < this.K; k++) h = normalizedSum(h, norm, this.aggrModule);
    return this.lin.call(h);
  }

  protected override describe(): string {
    return `${this.inChannels}, ${this.outChannels}, K=${this.K}`;
  }
}
