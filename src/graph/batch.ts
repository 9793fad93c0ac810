/** Batch: several graphs side by side as one, without edges between them. */
import { arrayOf } from "../ir/dtype.ts";
import { DataError, ShapeError } from "../ir/errors.ts";
import {
  Data,
  type DataFields,
  type FieldValue,
  type GraphArray,
  isGraphArray,
  printFields,
} from "./data.ts";
import { EdgeIndex } from "./edge-index.ts";
import { beginsOf } from "./joined.ts";
import type { Arrays } from "./reused-arrays.ts";

/** Graphs as one: node numbers are shifted, `batch` tells the graph of each node, `ptr` where each graph begins. */
export class Batch extends Data {
  readonly numGraphs: number;
  readonly #graphs: readonly Data[];

  /**
   * Every field is joined along its first axis; `edgeIndex` and other fields with `index` or `face` in their names count
   * nodes, are shifted, and joined along their last axis. Numbers become arrays, texts lists.
   *
   * @param arrays where the arrays of the batch are taken from; fresh ones unless given.
   * @throws DataError for no graph at all or graphs with different fields, ShapeError for rows of different widths.
   */
  constructor(graphs: readonly Data[], arrays: Arrays = arrayOf) {
    const [model] = graphs;
    if (model === undefined) {
      throw new DataError({
        where: "Batch",
        problem: "a batch needs a graph",
        expected: "one graph or more",
        got: "none",
        try: "skip the batch",
      });
    }
    super(joinedFields(graphs, model, arrays), { keepOrder: true });
    this.numGraphs = graphs.length;
    this.#graphs = graphs;
  }

  /** `Batch.from(graphs)`: PyTorch Geometric's `from_data_list`. */
  static from(graphs: readonly Data[]): Batch {
    return new Batch(graphs);
  }

  /** The graph of each node: int32 [nodes]. */
  get batch(): GraphArray {
    return this.array("batch");
  }

  /** Where each graph's nodes begin: int32 [graphs + 1]. */
  get ptr(): GraphArray {
    return this.array("ptr");
  }

  /** The graphs it was made of. */
  unbatch(): readonly Data[] {
    return this.#graphs;
  }

  override toString(): string {
    return printFields("DataBatch", this.fields);
  }
}

function joinedFields(graphs: readonly Data[], model: Data, arrays: Arrays): DataFields {
  const ptr = beginsOf(graphs.length, (i) => graphs[i]!.numNodes);
  const fields: Record<string, FieldValue> = {};
  for (const name of model.fields.keys()) {
    fields[name] =
      name === "edgeIndex"
        ? EdgeIndex.join(
            graphs.map((g) => g.edgeIndex),
            arrays,
          )
        : joinField(name, graphs, ptr, arrays);
  }
  if (fields.numNodes !== undefined) fields.numNodes = ptr.at(-1)!;
  fields.batch = graphOfNodes(ptr, arrays);
  fields.ptr = { data: ptr, shape: [ptr.length], dtype: "int32" };
  return fields;
}

/** The graph of each node, of graphs whose nodes begin at `ptr`. */
export function graphOfNodes(ptr: Int32Array, arrays: Arrays): GraphArray {
  const data = arrays.int32(ptr.at(-1)!);
  for (let g = 0; g < ptr.length - 1; g++) data.fill(g, ptr[g]!, ptr[g + 1]!);
  return { data, shape: [data.length], dtype: "int32" };
}

/** Fields that count nodes: they are shifted when graphs are joined, and joined along their last axis. */
export const countsNodes = (name: string): boolean => /index|face/i.test(name);

/** A field of several graphs whose nodes begin at `ptr`, as a batch has it. Throws DataError where one does not have it. */
export function joinField(
  name: string,
  graphs: readonly Data[],
  ptr: Int32Array,
  arrays: Arrays,
): FieldValue {
  const values = graphs.map((g, i) => {
    const value = g.fields.get(name);
    if (value !== undefined) return value;
    throw new DataError({
      where: "Batch",
      problem: `graph ${i} has no field ${name}`,
      expected: [...graphs[0]!.fields.keys()].join(", "),
      got: [...g.fields.keys()].join(", "),
      try: "give all graphs the same fields",
    });
  });
  return join(name, values, ptr, arrays);
}

function join(name: string, values: readonly FieldValue[], ptr: Int32Array, arrays: Arrays): FieldValue {
  if (values.every((v) => typeof v === "number")) {
    const whole = values.every((v) => Number.isInteger(v));
    const data = whole ? Int32Array.from(values) : Float32Array.from(values);
    return { data, shape: [values.length], dtype: whole ? "int32" : "float32" };
  }
  if (!values.every(isGraphArray)) return values;
  const counts = countsNodes(name);
  const shapes = values.map((v) => (v.shape.length === 0 ? [1] : v.shape));
  const axis = counts ? shapes[0]!.length - 1 : 0;
  const fits = (shape: readonly number[], first: readonly number[]) =>
    shape.length === first.length && shape.every((s, i) => i === axis || s === first[i]);
  const odd = values.findIndex((v, i) => !fits(shapes[i]!, shapes[0]!) || v.dtype !== values[0]!.dtype);
  if (odd >= 0) {
    throw new ShapeError({
      where: `Batch, ${name}`,
      problem: `graph ${odd} does not fit the first one`,
      expected: `${values[0]!.dtype}[${shapes[0]!.join(", ")}] but for axis ${axis}`,
      got: `${values[odd]!.dtype}[${shapes[odd]!.join(", ")}]`,
      try: "give all graphs features of the same width",
    });
  }
  const shape = shapes[0]!.map((s, i) => (i === axis ? shapes.reduce((n, own) => n + own[i]!, 0) : s));
  const dtype = values[0]!.dtype;
  const data = arrays[dtype](shape.reduce((a, b) => a * b, 1));
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const outer = shape.slice(0, axis).reduce((a, b) => a * b, 1);
  let at = 0;
  for (let g = 0; g < values.length; g++) {
    const { data: own } = values[g]!;
    const width = shapes[g]![axis]! * inner;
    // One piece where the values are joined along their first axis.
    for (let r = 0; r < outer; r++) {
      const from = outer === 1 ? own : own.subarray(r * width, (r + 1) * width);
      const to = r * shape[axis]! * inner + at;
      data.set(from, to);
      if (counts) for (let i = to; i < to + from.length; i++) data[i]! += ptr[g]!;
    }
    at += width;
  }
  return { data, shape, dtype };
}
