import type { Tensor, Variable } from "../../core/index.ts";
import type { Draws } from "../draws.ts";
import type { EdgeInput } from "../edges.ts";
import { fill, Linear } from "../layers/linear.ts";
import { type Message, MessagePassing, type MessagePassingOptions } from "../message-passing.ts";
import { resetPart } from "../module.ts";
import { gcnNorm, normalizedSum } from "./gcn-norm.ts";

export interface TAGConvOptions extends MessagePassingOptions {
  /** The highest power of the adjacency matrix. Default 3. */
  K?: number;
  bias?: boolean;
  /** Divide by the root of the degrees at both ends. Default true. */
  normalize?: boolean;
}

/**
 * Topology-adaptive graph convolution (Du et al. 2017): Σ (D^-½ A D^-½)^k X W_kᵀ for k from 0 to K, + b.
 *
 * x [nodes, in], edgeWeight [edges] → [nodes, out]
 */
export class TAGConv extends MessagePassing {
  readonly bias: Variable | undefined;
  readonly lins: readonly Linear[];
  readonly inChannels: number;
  readonly outChannels: number;
  readonly K: number;
  readonly normalize: boolean;

  constructor(inChannels: number, outChannels: number, options: TAGConvOptions = {}) {
    super(options);
    const { K = 3, bias = true, normalize = true } = options;
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.K = K;
    this.normalize = normalize;
    if (bias) this.bias = this.parameter([outChannels]);
    this.lins = Array.from({ length: K + 1 }, () => new Linear(inChannels, outChannels, { bias: false }));
    this.resetParameters();
  }

  override resetParameters(draws: Draws = this.draws()): void {
    resetPart(this.lins, draws.child("lins"));
    fill(this.bias, 0);
  }

  call(x: Tensor, edges: EdgeInput, edgeWeight?: Tensor): Tensor {
    const hop = this.#hop(edges, x, edgeWeight);
    const [first, ...more] = this.lins as [Linear, ...Linear[]];
    let h = x;
    let out = first.call(x);
    for (const lin of more) {
      h = hop(h);
      out = out.add(lin.call(h));
    }
    return this.bias === undefined ? out : out.add(this.bias);
  }

  #hop(edges: EdgeInput, x: Tensor, edgeWeight: Tensor | undefined): (h: Tensor) => Tensor {
    if (!this.normalize) return (h) => this.propagate(edges, { x: h, weight: edgeWeight });
    const options = { addSelfLoops: false, improved: false };
    const norm = gcnNorm(this.structure(edges, { x }), edgeWeight, options);
    return (h) => normalizedSum(h, norm, this.aggrModule);
  }

  override message(m: Message): Tensor {
    return m.has("weight") ? m.xj.mul(m.weight) : m.xj;
  }

  protected override describe(): string {
    return `${this.inChannels}, ${this.outChannels}, K=${this.K}`;
  }
}
