/** Rows of values with a shape, on the host: what utilities and transforms are made of. */
import { arrayOf, type DType } from "../ir/dtype.ts";
import { ShapeError, UsageError } from "../ir/errors.ts";
import { type Data, type FieldInput, type GraphArray, graphArray, isGraphArray } from "./data.ts";

/** How values that meet are made one. `add` is `sum`, `any` the last of them. */
export type Reduce = "sum" | "add" | "mean" | "min" | "max" | "mul" | "any";
export const reductions: readonly Reduce[] = ["sum", "add", "mean", "min", "max", "mul", "any"];

/** The number of values in a row of `array`. */
export function rowWidth({ shape }: GraphArray): number {
  return shape.slice(1).reduce((a, b) => a * b, 1);
}

/** Values for each edge, as a field is read; undefined where there are none. Throws ShapeError unless there is a row for each. */
export function edgeRows(
  where: string,
  value: FieldInput | undefined,
  edges: number,
): GraphArray | undefined {
  if (value === undefined) return undefined;
  const array = graphArray("edgeAttr", value);
  if (array.shape[0] === edges) return array;
  throw new ShapeError({
    where: `${where}, edgeAttr`,
    problem: "there must be one row for each edge",
    expected: `${edges} rows`,
    got: `[${array.shape.join(", ")}]`,
    try: "edges count in both directions",
  });
}

function like(array: GraphArray, data: GraphArray["data"], rows: number): GraphArray {
  return { data, shape: [rows, ...array.shape.slice(1)], dtype: array.dtype };
}

/** The rows at these places, in their order. */
export function takeRows(array: GraphArray, places: ArrayLike<number>): GraphArray {
  const width = rowWidth(array);
  const data = arrayOf[array.dtype](places.length * width);
  for (let i = 0; i < places.length; i++) {
    const from = places[i]! * width;
    for (let c = 0; c < width; c++) data[i * width + c] = array.data[from + c]!;
  }
  return like(array, data, places.length);
}

/** `rows` rows that all hold `value`, of the width and type of `array`. */
export function filledRows(array: GraphArray, rows: number, value: number): GraphArray {
  return like(array, arrayOf[array.dtype](rows * rowWidth(array)).fill(value), rows);
}

/** The rows of `a`, then those of `b`. */
export function stackRows(a: GraphArray, b: GraphArray): GraphArray {
  const data = arrayOf[a.dtype](a.data.length + b.data.length);
  data.set(a.data);
  data.set(b.data, a.data.length);
  return like(a, data, a.shape[0]! + b.shape[0]!);
}

/** The columns of `a` (left out: none), then those of `b`, which takes the type of `a`; one axis is one column. */
export function besideColumns(a: GraphArray | undefined, b: GraphArray): GraphArray {
  if (a === undefined) return b;
  const rows = b.shape[0]!;
  const [left, right] = [rowWidth(a), rowWidth(b)];
  const width = left + right;
  const data = arrayOf[a.dtype](rows * width);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < left; c++) data[r * width + c] = a.data[r * left + c]!;
    for (let c = 0; c < right; c++) data[r * width + left + c] = b.data[r * right + c]!;
  }
  return { data, shape: [rows, width], dtype: a.dtype };
}

/**
 * Row r of the result is made of the rows i of `array` with `groups[i]` = r. A group without rows gives 0, and 1 for `mul`, as
 * PyTorch Geometric's `scatter`.
 *
 * @throws UsageError for a reduction that there is not.
 */
export function reduceRows(
  array: GraphArray,
  groups: ArrayLike<number>,
  count: number,
  reduce: Reduce,
): GraphArray {
  if (!reductions.includes(reduce)) {
    throw new UsageError({
      where: "reduce",
      problem: "there is no such reduction",
      expected: reductions.join(", "),
      got: String(reduce),
      try: 'reduce: "add"',
    });
  }
  const width = rowWidth(array);
  const sums = new Float64Array(count * width).fill(reduce === "mul" ? 1 : 0);
  const met = new Float64Array(count);
  const join: (a: number, b: number, first: boolean) => number = joins[reduce];
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i]!;
    const first = met[group]!++ === 0;
    for (let c = 0; c < width; c++) {
      const at = group * width + c;
      sums[at] = join(sums[at]!, array.data[i * width + c]!, first);
    }
  }
  if (reduce === "mean")
    sums.forEach((s, at) => void (sums[at] = s / Math.max(1, met[Math.floor(at / width)]!)));
  const data = arrayOf[array.dtype](sums.length);
  data.set(sums);
  return like(array, data, count);
}

const joins: { readonly [K in Reduce]: (a: number, b: number, first: boolean) => number } = {
  sum: (a, b) => a + b,
  add: (a, b) => a + b,
  mean: (a, b) => a + b,
  mul: (a, b) => a * b,
  min: (a, b, first) => (first || b < a ? b : a),
  max: (a, b, first) => (first || b > a ? b : a),
  any: (_, b) => b,
};

/** The fields with a row for each edge, but for the edges themselves. Where there are as many nodes, the name decides. */
export function edgeFields(data: Data): [name: string, value: GraphArray][] {
  const { numEdges, numNodes } = data;
  return [...data.fields].filter((entry): entry is [string, GraphArray] => {
    const [name, value] = entry;
    if (!isGraphArray(value) || value.shape[0] !== numEdges || /index|face/i.test(name)) return false;
    return numEdges !== numNodes || /edge/i.test(name);
  });
}

/** Positions of the elements that are not 0. */
export function positions(mask: ArrayLike<number>): Int32Array {
  const found: number[] = [];
  for (let i = 0; i < mask.length; i++) if (mask[i]) found.push(i);
  return Int32Array.from(found);
}

/** Flags as a field: bool [values]. */
export function flags(data: Uint8Array): GraphArray {
  return { data, shape: [data.length], dtype: "bool" satisfies DType };
}
