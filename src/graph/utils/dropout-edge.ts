import { flags } from "../arrays.ts";
import type { GraphArray } from "../data.ts";
import type { EdgeIndex, EdgePairs } from "../edge-index.ts";
import { appendEdges, edgeIndexOf, edgesAt, placesWhere } from "./edge-list.ts";
import { checkProbability, generatorOf, type RandomOptions } from "./random.ts";

export interface DropoutEdgeOptions extends RandomOptions {
  /** Probability with which an edge is dropped. Default 0.5. */
  p?: number | undefined;
  /** Drop or keep both directions together; those towards the smaller number stand at the end. Default false. */
  forceUndirected?: boolean | undefined;
  /** Nothing is dropped outside of training. Default true. */
  training?: boolean | undefined;
}

/** Edges some of which were dropped. */
export interface DroppedEdges {
  readonly edgeIndex: EdgeIndex;
  /** A truth value for each edge of the list; with `forceUndirected` the edge of the list for each one that is there. */
  readonly edgeMask: GraphArray;
}

/** Drops edges at random, drawing as PyTorch Geometric does (Rong et al., "DropEdge", ICLR 2020). */
export function dropoutEdge(edges: EdgePairs, options: DropoutEdgeOptions = {}): DroppedEdges {
  const { p = 0.5, forceUndirected = false, training = true } = options;
  checkProbability("dropoutEdge", p);
  const index = edgeIndexOf(edges);
  if (!training || p === 0)
    return { edgeIndex: index, edgeMask: flags(new Uint8Array(index.numEdges).fill(1)) };
  const chance = generatorOf(options).rand(index.numEdges);
  const places = placesWhere(index, (a, b, e) => chance[e]! >= p && !(forceUndirected && a > b));
  const kept = edgesAt(index, places);
  if (forceUndirected) {
    const data = Int32Array.from([...places, ...places]);
    return {
      edgeIndex: appendEdges(kept, kept.target, kept.source),
      edgeMask: { data, shape: [data.length], dtype: "int32" },
    };
  }
  const mask = new Uint8Array(index.numEdges);
  for (const e of places) mask[e] = 1;
  return { edgeIndex: kept, edgeMask: flags(mask) };
}
