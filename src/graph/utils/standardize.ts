import { rowWidth } from "../arrays.ts";
import type { Data, GraphArray } from "../data.ts";
import type { GraphDataset } from "../dataset.ts";

/**
 * Brings every column of the fields `names` to mean 0 and standard deviation 1 over the graphs of `of` (the set itself unless given:
 * its training part, for example). Columns of one value become 0.
 *
 * @throws DataError where a graph has no such field.
 * @example const graphs = standardize(await TrackML("data"), ["x", "edgeAttr"]);
 */
export function standardize(dataset: GraphDataset, names: readonly string[], of = dataset): GraphDataset {
  const scales = new Map(names.map((name) => [name, columnsOf([...of].map((graph) => graph.array(name)))]));
  return dataset.map((graph: Data) =>
    graph.with(
      Object.fromEntries([...scales].map(([name, columns]) => [name, scaled(graph.array(name), columns)])),
    ),
  );
}

interface Column {
  readonly mean: number;
  readonly deviation: number;
}

function columnsOf(arrays: readonly GraphArray[]): Column[] {
  const width = arrays[0] === undefined ? 0 : rowWidth(arrays[0]);
  return Array.from({ length: width }, (_, c) => {
    let [count, sum, squares] = [0, 0, 0];
    for (const { data } of arrays) for (let i = c; i < data.length; i += width) sum += data[i]!;
    for (const { data } of arrays) count += data.length / width;
    const mean = sum / count;
    for (const { data } of arrays)
      for (let i = c; i < data.length; i += width) squares += (data[i]! - mean) ** 2;
    return { mean, deviation: Math.sqrt(squares / count) };
  });
}

function scaled({ data, shape }: GraphArray, columns: readonly Column[]): GraphArray {
  const values = Float32Array.from(data, (v, i) => {
    const { mean, deviation } = columns[i % columns.length]!;
    return deviation > 0 ? (v - mean) / deviation : 0;
  });
  return { data: values, shape, dtype: "float32" };
}
