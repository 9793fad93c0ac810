/** `scatter` and `softmax`: reductions by group numbers, as functions. */
import type { Tensor } from "../core/index.ts";
import { type AggregationName, aggregationOf } from "./aggr/aggregation.ts";
import { groupsOf } from "./pool/global.ts";

export interface ScatterReduceOptions {
  /** The axis of the values that the index goes along. Default 0. */
  dim?: number;
  /** The number of groups; one more than the largest number of the index unless given. */
  dimSize?: number;
  /** Default `sum`. */
  reduce?: AggregationName;
}

/**
 * Values with equal numbers in `index` reduced to one: [count, …] → [groups, …] along `dim`. Empty groups give 0, of products 1.
 *
 * @example scatter(tensor([1, 2, 3]), [0, 0, 2]) // [3, 0, 3]
 */
export function scatter(
  values: Tensor,
  index: Tensor | ArrayLike<number>,
  { dim = 0, dimSize, reduce = "sum" }: ScatterReduceOptions = {},
): Tensor {
  return along(values, dim, (v) => aggregationOf(reduce).call(v, groupsOf(v, index, dimSize)));
}

/** exp(v) / (Σ exp(v) + 1e-16) over values with equal numbers in `index`: [count, …] → [count, …]. */
export function softmax(
  values: Tensor,
  index: Tensor | ArrayLike<number>,
  { dim = 0, numNodes }: { dim?: number; numNodes?: number } = {},
): Tensor {
  return along(values, dim, (v) => groupsOf(v, index, numNodes).softmax(v));
}

/** Applies `fn`, which works on the first axis, to another one. */
function along(values: Tensor, dim: number, fn: (v: Tensor) => Tensor): Tensor {
  const axis = dim < 0 ? dim + values.rank : dim;
  if (axis === 0) return fn(values);
  const front = [axis, ...values.shape.map((_, i) => i).filter((i) => i !== axis)];
  return fn(values.permute(front)).permute(front.map((_, i) => front.indexOf(i)));
}
