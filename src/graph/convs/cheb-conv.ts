import { type Tensor, type Variable, where } from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";
import type { Draws } from "../draws.ts";
import type { EdgeInput, Edges } from "../edges.ts";
import { column, type Groups } from "../groups.ts";
import { fill, Linear } from "../layers/linear.ts";
import { MessagePassing, type MessagePassingOptions } from "../message-passing.ts";
import { resetPart } from "../module.ts";

export interface ChebConvOptions extends MessagePassingOptions {
  /** `sym`: I - D^-½ A D^-½ (default); `rw`: I - D^-1 A; null: D - A. */
  normalization?: "sym" | "rw" | null;
  bias?: boolean;
}

/** What the Laplacian is scaled by. */
export interface ChebScale {
  /** Its largest eigenvalue: a number, or one for each graph of `batch`. Twice its largest element unless given. */
  readonly lambdaMax?: number | Tensor;
  readonly batch?: Groups;
}

/**
 * Chebyshev graph convolution (Defferrard, Bresson and Vandergheynst 2016): Σ T_k(2 L / λ - I) X W_kᵀ for k below K, + b, with
 * degrees by source and the graph's own self-loops left out.
 *
 * x [nodes, in], edgeWeight [edges] → [nodes, out]
 */
export class ChebConv extends MessagePassing {
  readonly bias: Variable | undefined;
  readonly lins: readonly Linear[];
  readonly inChannels: number;
  readonly outChannels: number;
  readonly normalization: "sym" | "rw" | null;

  /** @param K the number of polynomials, at least 1. Throws UsageError for other options. */
  constructor(inChannels: number, outChannels: number, K: number, options: ChebConvOptions = {}) {
    super(options);
    const { normalization = "sym", bias = true } = options;
    if (!Number.isInteger(K) || K < 1 || !["sym", "rw", null].includes(normalization)) {
      throw new UsageError({
        where: "ChebConv",
        problem: "there is no such filter",
        expected: "K of 1 or more; normalization sym, rw or null",
        got: `K ${K}, normalization ${normalization}`,
        try: "new ChebConv(16, 32, 3)",
      });
    }
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.normalization = normalization;
    if (bias) this.bias = this.parameter([outChannels]);
    const linear = () => new Linear(inChannels, outChannels, { bias: false, weightInitializer: "glorot" });
    this.lins = Array.from({ length: K }, linear);
    this.resetParameters();
  }

  override resetParameters(draws: Draws = this.draws()): void {
    resetPart(this.lins, draws.child("lins"));
    fill(this.bias, 0);
  }

  call(x: Tensor, edges: EdgeInput, edgeWeight?: Tensor, scale: ChebScale = {}): Tensor {
    const structure = this.structure(edges, { x }).withSelfLoops;
    const norm = this.#norm(structure, edgeWeight, scale);
    const hop = (h: Tensor) =>
      this.aggrModule.call(structure.fromSource(h).mul(column(norm, h.rank)), structure.rows);
    const [first, second, ...more] = this.lins as [Linear, ...(Linear | undefined)[]];
    let out = first.call(x);
    let [before, now] = [x, x];
    if (second) {
      now = hop(x);
      out = out.add(second.call(now));
    }
    for (const lin of more) {
      const next = hop(now).mul(2).sub(before);
      out = out.add(lin!.call(next));
      [before, now] = [now, next];
    }
    return this.bias === undefined ? out : out.add(this.bias);
  }

  /** The scaled Laplacian at each place of a structure with self-loops, which are its diagonal. */
  #norm(e: Edges, edgeWeight: Tensor | undefined, { lambdaMax, batch }: ChebScale): Tensor {
    const loop = e.isLoop;
    const weight = where(loop, 0, edgeWeight === undefined ? 1 : e.arrange(edgeWeight));
    const degree = e.toSource(weight);
    const laplacian = where(loop, this.#diagonal(e, degree), this.#scaled(e, weight, degree).neg());
    const highest = lambdaMax ?? laplacian.max().mul(2);
    const perEdge =
      batch !== undefined && typeof highest !== "number" && highest.rank > 0
        ? e.fromSource(batch.spread(highest))
        : highest;
    const finite = typeof perEdge === "number" ? perEdge !== 0 : perEdge.notEqual(0);
    const ratio = laplacian.mul(2).div(where(finite, perEdge, 1));
    return where(finite, ratio, 0).sub(loop.cast("float32"));
  }

  #diagonal(e: Edges, degree: Tensor): Tensor | number {
    return this.normalization === null ? e.fromSource(degree) : 1;
  }

  #scaled(e: Edges, weight: Tensor, degree: Tensor): Tensor {
    if (this.normalization === null) return weight;
    const none = degree.equal(0);
    const safe = where(none, 1, degree);
    const inverse = where(none, 0, this.normalization === "sym" ? safe.rsqrt() : safe.reciprocal());
    const scaled = weight.mul(e.fromSource(inverse));
    return this.normalization === "sym" ? scaled.mul(e.fromTarget(inverse)) : scaled;
  }

  protected override describe(): string {
    const { inChannels, outChannels, lins, normalization } = this;
    return `${inChannels}, ${outChannels}, K=${lins.length}, normalization=${normalization ?? "None"}`;
  }
}
