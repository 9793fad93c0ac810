/** Datatype and dataspace messages (§IV.A.2.b and d): what the elements are and how many there are. */
import type { H5DType } from "../h5-tree.ts";
import type { ByteReader } from "../reader.ts";
import type { Hdf5File } from "./file.ts";

/** The type of an element in the file. */
export type ElementType =
  | {
      readonly kind: "number";
      readonly dtype: H5DType | "float16";
      readonly size: number;
      readonly bigEndian: boolean;
    }
  /** Texts of a fixed number of bytes. */
  | { readonly kind: "fixedText"; readonly size: number; readonly padding: number }
  /** Texts of any length, kept elsewhere in the file. */
  | { readonly kind: "text"; readonly size: number }
  /** A type that is not read; `name` in words. */
  | { readonly kind: "other"; readonly size: number; readonly name: string };

const classNames = [
  "integer",
  "float",
  "time",
  "string",
  "bit field",
  "opaque",
  "compound",
  "reference",
  "enumeration",
  "variable length",
  "array",
];

/** IEEE 754 formats by size: exponent at, exponent bits, mantissa bits, bias. */
const floats: Readonly<Record<number, { dtype: H5DType | "float16"; form: string }>> = {
  2: { dtype: "float16", form: "10,5,0,10,15" },
  4: { dtype: "float32", form: "23,8,0,23,127" },
  8: { dtype: "float64", form: "52,11,0,52,1023" },
};

/** Reads a datatype message. */
export function readDatatype(file: Hdf5File, r: ByteReader, path: string, depth: number = 0): ElementType {
  const head = r.u8("a datatype");
  const typeClass = head & 15;
  const version = head >> 4;
  if (version < 1 || version > 5 || typeClass >= classNames.length) {
    throw r.corrupt(`${path} has no valid datatype`, { got: `class ${typeClass}, version ${version}` }, 0);
  }
  const bits = r.u8("a datatype") | (r.u8("a datatype") << 8) | (r.u8("a datatype") << 16);
  const size = r.u32("a datatype");
  if (size === 0) throw r.corrupt(`${path} has elements of no size`, {}, 0);
  const other = (name = classNames[typeClass]!): ElementType => ({
    kind: "other",
    size,
    name: `${name} of ${size} bytes`,
  });
  if (typeClass === 0) {
    const shift = r.u16("a datatype");
    const precision = r.u16("a datatype");
    if (![1, 2, 4, 8].includes(size) || shift !== 0 || precision !== 8 * size) return other();
    const dtype = `${bits & 8 ? "" : "u"}int${8 * size}` as H5DType;
    return { kind: "number", dtype, size, bigEndian: (bits & 1) !== 0 };
  }
  if (typeClass === 1) {
    const [shift, precision] = [r.u16("a datatype"), r.u16("a datatype")];
    const form = [r.u8(), r.u8(), r.u8(), r.u8(), r.u32()].join();
    const float = floats[size];
    if (float === undefined || float.form !== form || shift !== 0 || precision !== 8 * size) return other();
    return { kind: "number", dtype: float.dtype, size, bigEndian: (bits & 1) !== 0 };
  }
  if (typeClass === 3) return { kind: "fixedText", size, padding: bits & 15 };
  if (typeClass === 8 && depth === 0) {
    // An enumeration, such as h5py's booleans, is its numbers.
    const base = readDatatype(file, r, path, depth + 1);
    return base.kind === "number" && base.size === size ? base : other();
  }
  if (typeClass === 9 && (bits & 15) === 1) {
    if (size !== 8 + file.offsetSize)
      throw r.corrupt(`${path} has texts of a wrong size`, { got: `${size} bytes` }, 0);
    return { kind: "text", size };
  }
  return other();
}

const MAX_RANK = 32;

/** Reads a dataspace message: the shape; `[0]` for a space without elements. */
export function readDataspace(file: Hdf5File, r: ByteReader, path: string): number[] {
  const version = r.u8("a dataspace");
  const rank = r.u8("a dataspace");
  const flags = r.u8("a dataspace");
  if (version !== 1 && version !== 2)
    throw r.corrupt(`${path} has no valid dataspace`, { got: `version ${version}` }, 0);
  if (rank > MAX_RANK || flags > 3)
    throw r.corrupt(`${path} has no valid dataspace`, { got: `${rank} axes, flags ${flags}` }, 0);
  const type = version === 2 ? r.u8("a dataspace") : 1;
  if (version === 1) r.skip(5);
  if (type === 2) return [0];
  if (type > 2) throw r.corrupt(`${path} has no valid dataspace`, { got: `type ${type}` }, 0);
  return Array.from({ length: rank }, () => file.length(r));
}
