/** What a data set of graphs is, as plain values. */
import type { DType, TypedArray } from "../../ir/dtype.ts";

/** Flat values with their shape. */
export interface GraphArray {
  readonly data: TypedArray;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** The fields of one graph in the order in which they are printed: `edgeIndex` int32 [2, edges], `x` [nodes, …], `y`, … */
export type GraphFields = Readonly<Record<string, GraphArray>>;

/** float32 values of `shape`. */
export function floats(data: ArrayLike<number>, shape: readonly number[]): GraphArray {
  return { data: Float32Array.from(data), shape, dtype: "float32" };
}

/** int32 values of `shape`. */
export function integers(data: ArrayLike<number>, shape: readonly number[] = [data.length]): GraphArray {
  return { data: Int32Array.from(data), shape, dtype: "int32" };
}

/** Truth values, one for each node of `nodes`. */
export function mask(nodes: Iterable<number>, size: number): GraphArray {
  const data = new Uint8Array(size);
  for (const node of nodes) data[node] = 1;
  return { data, shape: [size], dtype: "bool" };
}

/** Edges as [2, edges]: sources, then targets. */
export function pairs(source: ArrayLike<number>, target: ArrayLike<number>): GraphArray {
  const data = new Int32Array(2 * source.length);
  data.set(source);
  data.set(target, source.length);
  return { data, shape: [2, source.length], dtype: "int32" };
}

/** Edges in the order of (source, target) without repetitions: the places of those that are kept, in that order. */
export function coalesced(source: ArrayLike<number>, target: ArrayLike<number>): Int32Array {
  const order = Int32Array.from({ length: source.length }, (_, e) => e);
  order.sort((a, b) => source[a]! - source[b]! || target[a]! - target[b]! || a - b);
  return order.filter((e, i) => {
    const before = order[i - 1];
    return before === undefined || source[e] !== source[before] || target[e] !== target[before];
  });
}
