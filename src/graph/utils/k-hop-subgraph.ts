import { flags } from "../arrays.ts";
import type { GraphArray } from "../data.ts";
import type { EdgeIndex, EdgePairs } from "../edge-index.ts";
import { edgeIndexOf, edgesAt, placesWhere } from "./edge-list.ts";
import { nodesOf, renumbered } from "./subgraph.ts";

export interface KHopOptions {
  /** Count the nodes of the result from 0. Default false. */
  relabelNodes?: boolean | undefined;
  numNodes?: number | undefined;
  /** Along the edges to their sources (what reaches the nodes), or the other way. Default `sourceToTarget`. */
  flow?: "sourceToTarget" | "targetToSource" | undefined;
  /** Only the edges on the way to the nodes, not all between those that were met. Default false. */
  directed?: boolean | undefined;
}

/** What surrounds some nodes. */
export interface KHopSubgraph {
  /** The nodes that were met, in ascending order. */
  readonly subset: Int32Array;
  readonly edgeIndex: EdgeIndex;
  /** The place in `subset` of each node that was asked for. */
  readonly mapping: Int32Array;
  readonly edgeMask: GraphArray;
}

/** The nodes from which `nodes` are reached in at most `numHops` steps, and the edges between them. */
export function kHopSubgraph(
  nodes: number | ArrayLike<number>,
  numHops: number,
  edges: EdgePairs,
  options: KHopOptions = {},
): KHopSubgraph {
  const { flow = "sourceToTarget", directed = false, relabelNodes = false } = options;
  const index = edgeIndexOf(edges, options.numNodes);
  const seeds = nodesOf(typeof nodes === "number" ? [nodes] : nodes, index.numNodes);
  const [near, far] = flow === "sourceToTarget" ? [index.target, index.source] : [index.source, index.target];
  const met = new Set(seeds);
  const used = new Uint8Array(index.numEdges);
  let border = new Set(seeds);
  for (let hop = 0; hop < numHops; hop++) {
    const next = new Set<number>();
    for (let e = 0; e < index.numEdges; e++) {
      if (!border.has(near[e]!)) continue;
      used[e] = 1;
      next.add(far[e]!);
    }
    for (const node of next) met.add(node);
    border = next;
  }
  const subset = Int32Array.from(met).sort();
  const places = placesWhere(index, (a, b, e) => (directed ? used[e] === 1 : met.has(a) && met.has(b)));
  const mask = new Uint8Array(index.numEdges);
  for (const e of places) mask[e] = 1;
  const number = new Int32Array(index.numNodes).fill(-1);
  subset.forEach((node, i) => {
    number[node] = i;
  });
  const kept = edgesAt(index, places);
  return {
    subset,
    edgeIndex: relabelNodes ? renumbered(kept, number, subset.length) : kept,
    mapping: seeds.map((node) => number[node]!),
    edgeMask: flags(mask),
  };
}
