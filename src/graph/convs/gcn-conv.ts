import type { Tensor, Variable } from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";
import type { Draws } from "../draws.ts";
import type { EdgeInput } from "../edges.ts";
import { fill, Linear } from "../layers/linear.ts";
import { type Message, MessagePassing, type MessagePassingOptions } from "../message-passing.ts";
import { gcnNorm, normalizedSum } from "./gcn-norm.ts";

export interface GCNConvOptions extends MessagePassingOptions {
  /** Self-loops that are added to weighted edges weigh 2. Default false. */
  improved?: boolean;
  /** Accepted for its name's sake: structures are kept with their edges, so there is nothing to cache. */
  cached?: boolean;
  /** Default: as `normalize`. */
  addSelfLoops?: boolean | null;
  /** Divide by the root of the degrees at both ends. Default true. */
  normalize?: boolean;
  bias?: boolean;
}

/**
 * Graph convolution (Kipf and Welling 2017): D^-½ (A + I) D^-½ X Wᵀ + b, with degrees by target and edge weights.
 *
 * x [nodes, in], edgeWeight [edges] → [nodes, out]
 */
export class GCNConv extends MessagePassing {
  readonly lin: Linear;
  readonly bias: Variable | undefined;
  readonly inChannels: number;
  readonly outChannels: number;
  protected readonly options: { normalize: boolean; addSelfLoops: boolean; improved: boolean };

  /** Throws UsageError for self-loops without normalisation, which PyTorch Geometric does not have. */
  constructor(inChannels: number, outChannels: number, options: GCNConvOptions = {}) {
    super(options);
    const { normalize = true, improved = false, bias = true } = options;
    const addSelfLoops = options.addSelfLoops ?? normalize;
    if (addSelfLoops && !normalize) {
      throw new UsageError({
        where: "GCNConv",
        problem: "self-loops are added while normalising",
        expected: "addSelfLoops only with normalize",
        got: "addSelfLoops: true, normalize: false",
        try: "leave addSelfLoops out, or add the loops to the edges",
      });
    }
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.options = { normalize, addSelfLoops, improved };
    this.bias = bias ? this.parameter([outChannels]) : undefined;
    this.lin = new Linear(inChannels, outChannels, { bias: false, weightInitializer: "glorot" });
    this.resetParameters();
  }

  override resetParameters(draws: Draws = this.draws()): void {
    this.lin.resetParameters(draws.child("lin"));
    fill(this.bias, 0);
  }

  call(x: Tensor, edges: EdgeInput, edgeWeight?: Tensor): Tensor {
    const h = this.lin.call(x);
    const { normalize, addSelfLoops, improved } = this.options;
    const out = normalize
      ? normalizedSum(
          h,
          gcnNorm(this.structure(edges, { x: h }), edgeWeight, { addSelfLoops, improved }),
          this.aggrModule,
        )
      : this.propagate(edges, { x: h, weight: edgeWeight });
    return this.bias === undefined ? out : out.add(this.bias);
  }

  override message(m: Message): Tensor {
    return m.has("weight") ? m.xj.mul(m.weight) : m.xj;
  }

  protected override describe(): string {
    return `${this.inChannels}, ${this.outChannels}`;
  }
}
