/** Samples put together to batches, and arrays cut into samples. */
import type { DType, TypedArray } from "../../ir/dtype.ts";
import { arrayOf } from "../../ir/dtype.ts";
import { DataError } from "../../ir/errors.ts";

/** Flat values with their shape. With `divisor: 255` a model takes bytes and divides them by 255 inside its step. */
export interface Shaped {
  readonly data: TypedArray;
  readonly shape: readonly number[];
  readonly divisor?: number;
}

type Numbers = readonly (number | boolean)[] | readonly (readonly (number | boolean)[])[];

/** A batch of samples of type T: each number, list of numbers and array in it has an axis more, the first. */
export type Batched<T> = T extends number | boolean | TypedArray | Shaped | Numbers
  ? Shaped
  : { readonly [K in keyof T]: Batched<T[K]> };

/** Columns with one entry per row: one column, a tuple of columns, or a record of them. */
export type Columns = Shaped | TypedArray | readonly number[] | readonly (readonly number[])[];

function isShaped(x: unknown): x is Shaped {
  return typeof x === "object" && x !== null && "data" in x && ArrayBuffer.isView(x.data) && "shape" in x;
}

function isTyped(x: unknown): x is TypedArray {
  return x instanceof Float32Array || x instanceof Int32Array || x instanceof Uint8Array;
}

/**
 * One batch of samples. In a sample, numbers, typed arrays, `{ data, shape }` and lists of numbers are arrays; a list of
 * anything else is a tuple, the entries of which are arrays (lists of lists of numbers too); records are batched entry by
 * entry. Typed arrays keep their type, numbers become float32.
 *
 * @throws DataError naming the sample that does not fit the first one.
 */
export function stack<T>(samples: readonly T[], where: string): Batched<T> {
  return stackAny(samples, where, "", true) as Batched<T>;
}

function stackAny(samples: readonly unknown[], where: string, path: string, tuples: boolean): unknown {
  const first = samples[0];
  const entryPath = (key: string | number) => (path === "" ? String(key) : `${path}.${key}`);
  if (Array.isArray(first) && tuples && first.some((v) => typeof v !== "number" && typeof v !== "boolean")) {
    const wrong = samples.findIndex((s) => !Array.isArray(s) || s.length !== first.length);
    if (wrong >= 0) differs(where, path, wrong, `a tuple of ${first.length}`, samples[wrong]);
    return first.map((_, i) =>
      stackAny(
        samples.map((s) => (s as unknown[])[i]),
        where,
        entryPath(i),
        false,
      ),
    );
  }
  const leaf = leafOf(first);
  if (leaf) return stackLeaves(samples, leaf, where, path);
  if (typeof first !== "object" || first === null) differs(where, path, 0, "numbers or arrays", first);
  return Object.fromEntries(
    Object.keys(first).map((key) => [
      key,
      stackAny(
        samples.map((s) => (s as Record<string, unknown> | null)?.[key]),
        where,
        entryPath(key),
        false,
      ),
    ]),
  );
}

interface Leaf extends Shaped {
  readonly dtype: DType;
}

/** A sample's array as flat values with their shape; undefined where it is none. */
function leafOf(x: unknown): Leaf | undefined {
  if (typeof x === "number" || typeof x === "boolean") {
    return { data: Float32Array.of(Number(x)), shape: [], dtype: "float32" };
  }
  if (isShaped(x)) return { ...x, dtype: typeOf(x.data) };
  if (isTyped(x)) return { data: x, shape: [x.length], dtype: typeOf(x) };
  if (!Array.isArray(x)) return undefined;
  const shape: number[] = [];
  for (let level: unknown = x; Array.isArray(level); level = level[0]) shape.push(level.length);
  const flat: unknown[] = x.flat(shape.length);
  const whole = flat.length === shape.reduce((a, b) => a * b, 1);
  if (!whole || flat.some((v) => typeof v !== "number" && typeof v !== "boolean")) return undefined;
  return { data: Float32Array.from(flat, Number), shape, dtype: "float32" };
}

function typeOf(data: TypedArray): DType {
  if (data instanceof Float32Array) return "float32";
  return data instanceof Int32Array ? "int32" : "uint8";
}

function stackLeaves(samples: readonly unknown[], first: Leaf, where: string, path: string): Shaped {
  const { shape, dtype, divisor } = first;
  const size = first.data.length;
  const data = arrayOf[dtype](samples.length * size);
  samples.forEach((sample, i) => {
    const leaf = i === 0 ? first : leafOf(sample);
    const fits =
      leaf && leaf.dtype === dtype && leaf.divisor === divisor && leaf.shape.join() === shape.join();
    if (!fits) differs(where, path, i, `${dtype} of shape [${shape}]`, sample);
    data.set(leaf.data, i * size);
  });
  const whole = { data, shape: [samples.length, ...shape] };
  return divisor === undefined ? whole : { ...whole, divisor };
}

function differs(where: string, path: string, sample: number, expected: string, got: unknown): never {
  const leaf = leafOf(got);
  throw new DataError({
    where: path === "" ? where : `${where}: entry ${path}`,
    problem: `sample ${sample} of the batch is not like the first`,
    expected,
    got: leaf ? `${leaf.dtype} of shape [${leaf.shape}]` : Array.isArray(got) ? "a list" : String(got),
    try: "bring samples to one shape and type before batch(): dataset.map(…)",
    details: { sample },
  });
}

/** How many rows columns have, and each row of them. Throws DataError where the columns differ in length. */
export function rowsOf(columns: unknown): { count: number; row(i: number): unknown } {
  if (isShaped(columns)) {
    const [count = 0, ...rest] = columns.shape;
    const size = rest.reduce((a, b) => a * b, 1);
    const { data, divisor } = columns;
    return {
      count,
      row: (i) => {
        if (rest.length === 0 && divisor === undefined) return data[i]!;
        const part = { data: data.subarray(i * size, (i + 1) * size), shape: rest };
        return divisor === undefined ? part : { ...part, divisor };
      },
    };
  }
  if (isTyped(columns)) return { count: columns.length, row: (i) => columns[i]! };
  if (Array.isArray(columns) && isColumn(columns)) {
    return { count: columns.length, row: (i) => columns[i] as unknown };
  }
  const entries = Object.entries(columns as object).map(([key, c]) => [key, rowsOf(c)] as const);
  const count = entries[0]?.[1].count ?? 0;
  const other = entries.find(([, c]) => c.count !== count);
  if (other) {
    throw new DataError({
      where: "Dataset.fromArrays",
      problem: "the columns have different numbers of rows",
      expected: `${count} rows, as in ${entries[0]![0]}`,
      got: `${other[1].count} in ${other[0]}`,
      try: "check that the columns belong together",
    });
  }
  const build = Array.isArray(columns)
    ? (i: number) => entries.map(([, c]) => c.row(i))
    : (i: number) => Object.fromEntries(entries.map(([key, c]) => [key, c.row(i)]));
  return { count, row: build };
}

/** A list of numbers, or of lists of numbers; a list of other things is a tuple of columns. */
function isColumn(list: readonly unknown[]): boolean {
  const isNumber = (v: unknown) => typeof v === "number" || typeof v === "boolean";
  if (list.every(isNumber)) return true;
  return list.every((v) => Array.isArray(v) && v.every(isNumber));
}
