/** An HDF5 file as a plain tree: groups, datasets, attributes. */
import { UsageError } from "../ir/errors.ts";

interface H5Arrays {
  float32: Float32Array;
  float64: Float64Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  string: string[];
}
export type H5DType = keyof H5Arrays;
export type H5Data = H5Arrays[H5DType];

/** Numbers or texts, row-major: `data` has as many elements as the product of `shape` (one for a scalar, `[]`). */
export type H5Array = {
  [K in H5DType]: { readonly dtype: K; readonly shape: readonly number[]; readonly data: H5Arrays[K] };
}[H5DType];

/**
 * A text, a number, a list of texts, or numbers. A list without elements reads as `[]`, whatever its type; a 64-bit
 * integer reads as a number where it is one exactly.
 */
export type H5Attribute = string | number | bigint | readonly string[] | Exclude<H5Data, string[]>;

export type H5Dataset = H5Array & { readonly attrs: Map<string, H5Attribute> };

/** A group. Maps, not objects, since names come from strangers; in the order in which the file stores them. */
export interface H5Group {
  readonly attrs: Map<string, H5Attribute>;
  readonly groups: Map<string, H5Group>;
  readonly datasets: Map<string, H5Dataset>;
}

/** The number types. */
export const h5Numbers = [
  { dtype: "float32", size: 4, array: Float32Array },
  { dtype: "float64", size: 8, array: Float64Array },
  { dtype: "int8", size: 1, array: Int8Array },
  { dtype: "int16", size: 2, array: Int16Array },
  { dtype: "int32", size: 4, array: Int32Array },
  { dtype: "int64", size: 8, array: BigInt64Array },
  { dtype: "uint8", size: 1, array: Uint8Array },
  { dtype: "uint16", size: 2, array: Uint16Array },
  { dtype: "uint32", size: 4, array: Uint32Array },
  { dtype: "uint64", size: 8, array: BigUint64Array },
] as const;

/** An empty group. */
export function h5Group(): H5Group {
  return { attrs: new Map(), groups: new Map(), datasets: new Map() };
}

/** A dataset of these data; its type follows from theirs. A scalar has shape `[]` and one element. */
export function h5Dataset(data: H5Data, shape: readonly number[] = [data.length]): H5Dataset {
  const dtype = Array.isArray(data) ? "string" : h5Numbers.find((t) => data.constructor === t.array)?.dtype;
  if (dtype === undefined) {
    throw new UsageError({
      where: "h5Dataset",
      problem: "this kind of array has no HDF5 type",
      expected: "a typed array or a list of texts",
      got: data.constructor.name,
      try: "convert the data",
    });
  }
  return { dtype, shape, data, attrs: new Map() } as H5Dataset;
}

/** An attribute as an array: whole numbers as int64 and others as float64, as h5py writes them. */
export function attributeArray(value: H5Attribute): H5Array {
  if (typeof value === "string") return { dtype: "string", shape: [], data: [value] };
  if (typeof value === "bigint") return { dtype: "int64", shape: [], data: BigInt64Array.of(value) };
  if (typeof value === "number") {
    return Number.isSafeInteger(value)
      ? { dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(value)) }
      : { dtype: "float64", shape: [], data: Float64Array.of(value) };
  }
  // A list without elements has no type in Python either: NumPy makes it float64.
  if (value.length === 0) return { dtype: "float64", shape: [0], data: new Float64Array(0) };
  if (Array.isArray(value)) return { dtype: "string", shape: [value.length], data: [...value] };
  return h5Dataset(value as H5Data);
}

/** The group or dataset at a path such as `model_weights/dense/kernel`; undefined where there is none. */
export function h5At(root: H5Group, path: string): H5Group | H5Dataset | undefined {
  let at: H5Group | H5Dataset | undefined = root;
  for (const name of path.split("/").filter((n) => n !== "")) {
    if (at === undefined || !("groups" in at)) return undefined;
    at = at.groups.get(name) ?? at.datasets.get(name);
  }
  return at;
}
