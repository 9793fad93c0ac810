/** Graph autoencoders (Kipf and Welling 2016): embeddings from which edges are told. */
import { sizeOf, type Tensor, take } from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";
import type { GraphContext } from "../context.ts";
import type { Graph } from "../graph.ts";
import { GraphModel } from "../model.ts";

/** Keeps logarithms finite, as in PyTorch Geometric. */
const epsilon = 1e-15;
/** Logarithms of standard deviations are at most this. */
const highestLogStd = 10;

/** The product of the embeddings at both ends of edges. */
export class InnerProductDecoder {
  /** z [nodes, channels], pairs int32 [2, edges] → probabilities (or logits) [edges]. */
  call(z: Tensor, pairs: Tensor, sigmoid = true): Tensor {
    const value = take(z, pairs.at(0))
      .mul(take(z, pairs.at(1)))
      .sum(-1);
    return sigmoid ? value.sigmoid() : value;
  }

  /** All pairs: [nodes, nodes]. */
  all(z: Tensor, sigmoid = true): Tensor {
    const value = z.matmul(z.transpose());
    return sigmoid ? value.sigmoid() : value;
  }
}

/**
 * An encoder whose embeddings tell edges. Called on a graph with `edgeLabelIndex` (see RandomLinkSplit) it gives the logits of those
 * edges, to be trained with `BinaryCrossentropy({ fromLogits: true })` on `target: "edgeLabel"`; else the embeddings.
 *
 * @example
 * const model = new GAE(new GCN(1433, 32, 2, { outChannels: 16 }));
 */
export class GAE extends GraphModel {
  readonly encoder: GraphModel;
  readonly decoder: InnerProductDecoder;

  constructor(encoder: GraphModel, decoder: InnerProductDecoder = new InnerProductDecoder()) {
    super();
    this.encoder = encoder;
    this.decoder = decoder;
    this.resetParameters();
  }

  override call(graph: Graph, ctx: GraphContext): Tensor {
    const z = this.encode(graph, ctx);
    const pairs = graph.get("edgeLabelIndex");
    return pairs === undefined ? z : this.decoder.call(z, pairs, false);
  }

  /** The embeddings: [nodes, channels]. */
  encode(graph: Graph, ctx: GraphContext): Tensor {
    const z = this.encoder.call(graph, ctx);
    return Array.isArray(z) ? z[0] : (z as Tensor);
  }

  /** Probabilities of edges: z [nodes, channels], pairs int32 [2, edges] → [edges]. */
  decode(z: Tensor, pairs: Tensor): Tensor {
    return this.decoder.call(z, pairs);
  }

  /** The cross-entropy of edges that are there and of others that are not, a scalar. */
  reconLoss(z: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const there = this.decode(z, positive).add(epsilon).log().mean();
    const missing = this.decode(z, negative)
      .neg()
      .add(1 + epsilon)
      .log()
      .mean();
    return there.add(missing).neg();
  }
}

/**
 * A variational autoencoder of graphs: the encoder gives means and logarithms of standard deviations, [nodes, channels] both.
 * Training on edges adds the divergence from the unit normal distribution, divided by the number of nodes.
 */
export class VGAE extends GAE {
  override encode(graph: Graph, ctx: GraphContext): Tensor {
    const [mean, logStd] = this.#moments(graph, ctx);
    if (!ctx.training) return mean;
    ctx.addLoss(this.klLoss(mean, logStd).div(sizeOf(graph.numNodes)));
    return mean.add(ctx.noise(logStd.shape, "normal").mul(logStd.exp()));
  }

  #moments(graph: Graph, ctx: GraphContext): [mean: Tensor, logStd: Tensor] {
    const moments = this.encoder.call(graph, ctx);
    if (Array.isArray(moments) && moments.length === 2) {
      return [moments[0], moments[1].minimum(highestLogStd)];
    }
    throw new UsageError({
      where: "VGAE",
      problem: "the encoder gives no moments",
      expected: "[mean, logStd]",
      got: Array.isArray(moments) ? `${moments.length} outputs` : "one output",
      try: "return two tensors from the encoder's call",
    });
  }

  /** The divergence of the embeddings' distribution from the unit normal one, per node: a scalar. */
  klLoss(mean: Tensor, logStd: Tensor): Tensor {
    const terms = logStd.mul(2).add(1).sub(mean.square()).sub(logStd.exp().square());
    return terms.sum(1).mean().mul(-0.5);
  }
}
