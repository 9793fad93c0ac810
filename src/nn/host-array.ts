/** Arrays on the host: what users hand in, as typed arrays with a shape. */
import { Tensor } from "../core/index.ts";
import type { DType, TypedArray } from "../ir/dtype.ts";
import { arrayOf } from "../ir/dtype.ts";
import { DataError, DTypeError, ShapeError } from "../ir/errors.ts";
import type { Shape } from "../ir/size.ts";
import { showShape } from "../ir/size.ts";

/** Flat values with their shape; the first axis counts the rows. */
export interface HostArray {
  readonly data: TypedArray;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Values are divided by this inside the step. */
  readonly divisor?: number;
}

type AnyTyped =
  | TypedArray
  | Float64Array
  | Int8Array
  | Int16Array
  | Uint16Array
  | Uint32Array
  | Uint8ClampedArray;
/** Numbers in brackets, as deep as the rank; the innermost rows may be typed arrays. */
export type NestedNumbers = number | boolean | AnyTyped | readonly NestedNumbers[];
/** A typed array with its shape. Values with `divisor: 255` stay bytes and are divided by 255 inside the step. */
export interface ShapedInput {
  readonly data: AnyTyped;
  readonly shape: readonly number[];
  readonly divisor?: number;
}
/** What is accepted as an array: a Tensor, a typed array (with or without its shape), or numbers in brackets. */
export type ArrayLikeInput = Tensor | AnyTyped | ShapedInput | readonly NestedNumbers[];

/** The shape of one row that is hoped for: it gives flat typed arrays and missing axes of size 1 their shape. */
type RowShape = Shape | undefined;

export function isTyped(x: unknown): x is AnyTyped {
  return ArrayBuffer.isView(x) && !(x instanceof DataView) && !(x instanceof BigInt64Array);
}

function isShaped(x: unknown): x is ShapedInput {
  return typeof x === "object" && x !== null && "data" in x && isTyped(x.data) && "shape" in x;
}

/** True for what `hostArray` reads. */
export function isArrayInput(x: unknown): x is ArrayLikeInput {
  return x instanceof Tensor || isTyped(x) || isShaped(x) || Array.isArray(x);
}

/**
 * `value` as a host array. `row` is the shape that each row should have, where that is known: flat values are cut by it
 * and axes of size 1 are added or dropped. Throws ShapeError or DataError naming `where`.
 */
export async function hostArray(value: unknown, where: string, row?: RowShape): Promise<HostArray> {
  if (value instanceof Tensor) {
    const shape = value.shape.map((s) => (typeof s === "number" ? s : 0));
    return fitRow({ data: (await value.data()) as TypedArray, shape, dtype: value.dtype }, where, row);
  }
  if (isShaped(value)) return fitRow(shaped(value, where), where, row);
  if (isTyped(value)) return fitRow(flat(value, where, row), where, row);
  if (Array.isArray(value)) return fitRow(nested(value, where), where, row);
  throw new DataError({
    where,
    problem: "this is not an array of numbers",
    expected: "a typed array (with its shape), numbers in brackets, or a Tensor",
    got: value === null || value === undefined ? String(value) : typeof value,
    try: "pass { data: new Float32Array(…), shape: [rows, …] }",
  });
}

/** The type in which an array is kept: bytes stay bytes, other whole numbers become int32, floats float32. */
function keep(values: AnyTyped): { data: TypedArray; dtype: DType } {
  if (values instanceof Float32Array) return { data: values, dtype: "float32" };
  if (values instanceof Int32Array) return { data: values, dtype: "int32" };
  if (values instanceof Uint8Array) return { data: values, dtype: "uint8" };
  if (values instanceof Uint8ClampedArray) return { data: Uint8Array.from(values), dtype: "uint8" };
  if (values instanceof Float64Array || values instanceof Uint32Array) {
    return { data: Float32Array.from(values), dtype: "float32" };
  }
  return { data: Int32Array.from(values), dtype: "int32" };
}

function shaped({ data: values, shape, divisor }: ShapedInput, where: string): HostArray {
  const count = shape.reduce((a, b) => a * b, 1);
  if (count !== values.length || shape.some((s) => !Number.isInteger(s) || s < 0)) {
    throw new ShapeError({
      where,
      problem: "the shape does not fit the number of values",
      expected: `${count} values for ${showShape(shape)}`,
      got: `${values.length} values`,
      try: "check the shape: its product is the number of values",
    });
  }
  if (divisor !== undefined && !(Number.isFinite(divisor) && divisor !== 0)) {
    throw new DataError({
      where,
      problem: "the values cannot be divided by this",
      expected: "a finite divisor that is not 0",
      got: String(divisor),
      try: "divisor: 255 for images kept as bytes",
    });
  }
  return { ...keep(values), shape, ...(divisor === undefined ? {} : { divisor }) };
}

function flat(values: AnyTyped, where: string, row: RowShape): HostArray {
  const known = row?.every((s) => typeof s === "number") ? (row as readonly number[]) : undefined;
  const size = known?.reduce((a, b) => a * b, 1) ?? 1;
  if (size === 0 || values.length % size !== 0) {
    throw new ShapeError({
      where,
      problem: "the number of values is not a whole number of rows",
      expected: `a multiple of ${size} values, for rows of shape ${showShape(known ?? [])}`,
      got: `${values.length} values`,
      try: "pass { data, shape } to say how the values are laid out",
    });
  }
  return { ...keep(values), shape: [values.length / size, ...(known ?? [])] };
}

function nested(values: readonly unknown[], where: string): HostArray {
  const shape: number[] = [];
  for (let level: unknown = values; Array.isArray(level) || isTyped(level); level = level[0]) {
    shape.push(level.length);
    if (level.length === 0) break;
    if (shape.length > 64) tooDeep(where);
  }
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  let at = 0;
  const walk = (level: unknown, depth: number, path: readonly number[]): void => {
    if (depth === shape.length) {
      if (typeof level !== "number" && typeof level !== "boolean") notANumber(where, level, path);
      data[at++] = Number(level);
      return;
    }
    if (!(Array.isArray(level) || isTyped(level)) || level.length !== shape[depth]) {
      ragged(where, level, shape[depth]!, path);
    }
    if (isTyped(level) && depth === shape.length - 1) {
      data.set(level, at);
      at += level.length;
    } else for (let i = 0; i < level.length; i++) walk(level[i], depth + 1, [...path, i]);
  };
  walk(values, 0, []);
  return { data, shape, dtype: "float32" };
}

/** More axes than anybody means: most likely an array that holds itself. */
function tooDeep(where: string): never {
  throw new ShapeError({
    where,
    problem: "the arrays are nested without end",
    expected: "at most 64 axes",
    got: "more",
    try: "look for an array that contains itself",
  });
}

function notANumber(where: string, value: unknown, path: readonly number[]): never {
  throw new DTypeError({
    where,
    problem: Array.isArray(value) ? "the nested arrays are ragged" : "a value is not a number",
    expected: "numbers",
    got: `${typeof value === "string" ? JSON.stringify(value) : typeof value} at [${path.join("][")}]`,
    try: "turn text columns into numbers first (one-hot or ordinal), and missing values into numbers",
    details: { row: path[0] },
  });
}

function ragged(where: string, value: unknown, size: number, path: readonly number[]): never {
  const length = Array.isArray(value) || isTyped(value) ? `${value.length} entries` : typeof value;
  throw new ShapeError({
    where,
    problem: "the nested arrays are ragged",
    expected: `${size} entries, as in the first row`,
    got: `${length} at [${path.join("][")}]`,
    try: "pad the rows to one length",
    details: { row: path[0] },
  });
}

/** Adds or drops a last axis of size 1 (the channel of grey images, the only unit of an output). */
function fitRow(x: HostArray, where: string, row: RowShape): HostArray {
  if (x.shape.length === 0) {
    throw new ShapeError({
      where,
      problem: "an array of rows is needed",
      expected: "at least one axis, the rows",
      got: "a single number",
      try: "put the row in brackets",
    });
  }
  if (row === undefined) return x;
  if (x.shape.length === row.length && row.at(-1) === 1) return { ...x, shape: [...x.shape, 1] };
  if (x.shape.length === row.length + 2 && x.shape.at(-1) === 1) return { ...x, shape: x.shape.slice(0, -1) };
  return x;
}

/** Throws ShapeError unless the rows of `x` have the shape `row`; sizes that are not numbers fit anything. */
export function checkRows(x: HostArray, row: Shape, where: string): void {
  const own = x.shape.slice(1);
  if (own.length === row.length && own.every((s, i) => typeof row[i] !== "number" || s === row[i])) return;
  throw new ShapeError({
    where,
    problem: "the data do not fit the model",
    expected: `rows of shape ${showShape(row)}`,
    got: `rows of shape ${showShape(own)} (${showShape(x.shape)} in all)`,
    try: "reshape the data, or build the model for rows of this shape",
  });
}

export function rowSize(x: HostArray): number {
  let size = 1;
  for (const s of x.shape.slice(1)) size *= s;
  return size;
}

/** Rows `from` to `to`, without copying. */
export function rows(x: HostArray, from: number, to: number): HostArray {
  const size = rowSize(x);
  return {
    ...x,
    data: x.data.subarray(from * size, to * size) as TypedArray,
    shape: [to - from, ...x.shape.slice(1)],
  };
}

/** The rows that `index` names, copied. */
export function takeRows(x: HostArray, index: Int32Array): HostArray {
  const size = rowSize(x);
  const out = arrayOf[x.dtype](index.length * size);
  index.forEach((row, i) => {
    out.set(x.data.subarray(row * size, (row + 1) * size), i * size);
  });
  return { ...x, data: out, shape: [index.length, ...x.shape.slice(1)] };
}

/** `row 17, column 5`; for rows of more axes the position in each. */
export function placeInRow(x: HostArray, at: number): string {
  const size = rowSize(x);
  const row = Math.floor(at / size);
  if (x.shape.length === 1) return `row ${row}`;
  let rest = at % size;
  const position = x.shape.slice(1).map((_, i, axes) => {
    const stride = axes.slice(i + 1).reduce((a, b) => a * b, 1);
    const here = Math.floor(rest / stride);
    rest %= stride;
    return here;
  });
  return position.length === 1
    ? `row ${row}, column ${position[0]}`
    : `row ${row}, column ${at % size} (position [${position.join(", ")}])`;
}
