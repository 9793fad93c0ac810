/** Values of edges made from the positions of their ends: what Distance and Cartesian share. */
import { besideColumns, rowWidth } from "../arrays.ts";
import type { Data, GraphArray } from "../data.ts";

export interface GeometryOptions {
  /** Scale the values to `interval`. Default true. */
  norm?: boolean | undefined;
  /** The largest value that there can be; that of the graph unless given. */
  maxValue?: number | undefined;
  /** Add the columns to `edgeAttr` instead of replacing it. Default true. */
  cat?: boolean | undefined;
  /** Default [0, 1]. */
  interval?: readonly [number, number] | undefined;
}

/** `pos[source] - pos[target]` for each edge: [edges, axes]. */
export function offsets(data: Data): GraphArray {
  const pos = data.array("pos");
  const axes = rowWidth(pos);
  const { source, target, numEdges } = data.edgeIndex;
  const out = new Float32Array(numEdges * axes);
  for (let e = 0; e < numEdges; e++) {
    for (let a = 0; a < axes; a++) {
      out[e * axes + a] = pos.data[source[e]! * axes + a]! - pos.data[target[e]! * axes + a]!;
    }
  }
  return { data: out, shape: [numEdges, axes], dtype: "float32" };
}

/** The graph with these values of edges. */
export function withEdgeValues(data: Data, values: GraphArray, cat: boolean): Data {
  return data.with({ edgeAttr: besideColumns(cat ? data.edgeAttr : undefined, values) });
}

/** The largest size of a value. */
export function largestSize({ data }: GraphArray): number {
  let most = 0;
  for (const v of data) most = Math.max(most, Math.abs(v));
  return most;
}

/** As PyTorch Geometric prints the two. */
export function geometryLabel(name: string, { norm = true, maxValue }: GeometryOptions): string {
  return `${name}(norm=${norm ? "True" : "False"}, max_value=${maxValue ?? "None"})`;
}
