import { flags } from "../arrays.ts";
import type { GraphArray } from "../data.ts";
import type { EdgePairs } from "../edge-index.ts";
import type { DroppedEdges } from "./dropout-edge.ts";
import { edgeIndexOf } from "./edge-list.ts";
import { checkProbability, generatorOf, type RandomOptions } from "./random.ts";
import { subgraph } from "./subgraph.ts";

export interface DropoutNodeOptions extends RandomOptions {
  /** Probability with which a node is dropped. Default 0.5. */
  p?: number | undefined;
  numNodes?: number | undefined;
  /** Nothing is dropped outside of training. Default true. */
  training?: boolean | undefined;
  /** Count the nodes that are left from 0. Default false. */
  relabelNodes?: boolean | undefined;
}

/** Drops nodes at random with all their edges, drawing as PyTorch Geometric does. */
export function dropoutNode(
  edges: EdgePairs,
  options: DropoutNodeOptions = {},
): DroppedEdges & { readonly nodeMask: GraphArray } {
  const { p = 0.5, training = true, numNodes, relabelNodes } = options;
  checkProbability("dropoutNode", p);
  const index = edgeIndexOf(edges, numNodes);
  const all = (size: number) => flags(new Uint8Array(size).fill(1));
  if (!training || p === 0) {
    return { edgeIndex: index, edgeMask: all(index.numEdges), nodeMask: all(index.numNodes) };
  }
  const chance = generatorOf(options).rand(index.numNodes);
  const nodeMask = flags(Uint8Array.from(chance, (c) => Number(c > p)));
  const { edgeIndex, edgeMask } = subgraph(nodeMask, index, { relabelNodes });
  return { edgeIndex, edgeMask, nodeMask };
}
