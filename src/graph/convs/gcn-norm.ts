/** The symmetric normalisation of adjacency matrices: D^-½ A D^-½. */
import { type Tensor, where } from "../../core/index.ts";
import type { Aggregation } from "../aggr/aggregation.ts";
import type { Edges } from "../edges.ts";
import { column } from "../groups.ts";

/** A normalised adjacency matrix, taken apart: the weight of an edge is scale[source] · weight · scale[target]. */
export interface NormalizedEdges {
  readonly edges: Edges;
  /** The weight at each place; undefined where all are 1. */
  readonly weight: Tensor | undefined;
  /** One over the root of each node's degree; 0 for a node without edges. */
  readonly scale: Tensor;
}

/** Degrees are sums of weights by target. Self-loops that are added weigh 1, with `improved` 2 where edges are weighted. */
export function gcnNorm(
  edges: Edges,
  edgeWeight: Tensor | undefined,
  { addSelfLoops, improved }: { addSelfLoops: boolean; improved: boolean },
): NormalizedEdges {
  const e = addSelfLoops ? edges.withSelfLoops : edges;
  const weight = edgeWeight && e.arrange(edgeWeight, improved ? 2 : 1);
  const degree = weight === undefined ? e.rows.sizes.cast("float32") : e.rows.sum(weight);
  const none = degree.equal(0);
  return { edges: e, weight, scale: where(none, 0, where(none, 1, degree).rsqrt()) };
}

/** The normalised sum over neighbours: [nodes, …] → [nodes, …]. */
export function normalizedSum(
  x: Tensor,
  { edges, weight, scale }: NormalizedEdges,
  aggr: Aggregation,
): Tensor {
  const s = column(scale, x.rank);
  const w = weight && column(weight, x.rank);
  // What is linear can be scaled before and after, once for each node instead of once for each edge.
  if (aggr.isLinear) {
    const sent = edges.fromSource(x.mul(s));
    return aggr.call(w === undefined ? sent : sent.mul(w), edges.rows).mul(s);
  }
  const both = edges.fromSource(s).mul(edges.fromTarget(s));
  return aggr.call(edges.fromSource(x).mul(w === undefined ? both : both.mul(w)), edges.rows);
}
