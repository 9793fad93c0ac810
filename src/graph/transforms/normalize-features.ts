import { rowWidth } from "../arrays.ts";
import { type GraphArray, isGraphArray } from "../data.ts";
import type { Transform } from "../dataset.ts";
import { named } from "./transform.ts";

/** Makes the rows of the fields `attrs` (default `["x"]`) add up to 1, after the smallest value of all was subtracted. */
export function NormalizeFeatures({ attrs = ["x"] }: { attrs?: readonly string[] } = {}): Transform {
  return named("NormalizeFeatures()", (data) =>
    data.with(
      Object.fromEntries(
        attrs.flatMap((name): [string, GraphArray][] => {
          const value = data.get(name);
          return isGraphArray(value) && value.data.length > 0 ? [[name, normalized(value)]] : [];
        }),
      ),
    ),
  );
}

function normalized(array: GraphArray): GraphArray {
  const width = array.shape.length > 1 ? array.shape.at(-1)! : rowWidth(array) * array.shape[0]!;
  let least = Number.POSITIVE_INFINITY;
  for (const v of array.data) if (v < least) least = v;
  const data = Float32Array.from(array.data, (v) => v - least);
  for (let from = 0; from < data.length; from += width) {
    const row = data.subarray(from, from + width);
    const sum = Math.max(
      1,
      row.reduce((a, b) => a + b, 0),
    );
    row.forEach((v, c) => {
      row[c] = v / sum;
    });
  }
  return { data, shape: array.shape, dtype: "float32" };
}
