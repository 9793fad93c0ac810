/** Fields of several graphs as those of a batch. */
import { DataError, ShapeError } from "../ir/errors.ts";
import { type Data, type FieldValue, type GraphArray, isGraphArray } from "./data.ts";
import type { Arrays } from "./reused-arrays.ts";

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
