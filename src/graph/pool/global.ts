/** Readouts: the nodes of each graph reduced to one row. */
import type { Tensor } from "../../core/index.ts";
import { Groups } from "../groups.ts";

/** The graph of each node: groups, numbers of graphs [nodes], or undefined for a single graph. */
export type BatchInput = Groups | Tensor | ArrayLike<number> | undefined;

/**
 * The nodes of each graph as groups.
 *
 * @param size the number of graphs; one more than the largest number unless given.
 */
export function groupsOf(x: Tensor, batch: BatchInput, size?: number): Groups {
  if (batch instanceof Groups) return batch;
  if (batch === undefined) return Groups.single(x.shape[0]!, "node");
  return Groups.of(batch, size ?? mostIn(batch) + 1, "node");
}

function mostIn(batch: Tensor | ArrayLike<number>): number {
  const ids = "dataSync" in batch ? batch.dataSync() : batch;
  let most = -1;
  for (let i = 0; i < ids.length; i++) if (ids[i]! > most) most = ids[i]!;
  return most;
}

/** The sum over the nodes of each graph: x [nodes, …] → [graphs, …]; 0 for an empty graph. */
export function globalAddPool(x: Tensor, batch?: BatchInput, size?: number): Tensor {
  return groupsOf(x, batch, size).sum(x);
}

/** The mean over the nodes of each graph: x [nodes, …] → [graphs, …]; 0 for an empty graph. */
export function globalMeanPool(x: Tensor, batch?: BatchInput, size?: number): Tensor {
  return groupsOf(x, batch, size).mean(x);
}

/** The largest value over the nodes of each graph: x [nodes, …] → [graphs, …]; 0 for an empty graph. */
export function globalMaxPool(x: Tensor, batch?: BatchInput, size?: number): Tensor {
  return groupsOf(x, batch, size).max(x);
}
