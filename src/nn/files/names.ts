/** Lists of names in HDF5 attributes, as Keras keeps them: cut in pieces where they exceed what an attribute holds. */
import type { H5Attribute, H5Group } from "../../formats/h5.ts";
import { FormatError } from "../../ir/errors.ts";

/** Bytes that Keras puts in one attribute, and the bytes that a name takes there. */
const limit = 64_000;
const bytesPerName = 16;

/** Writes `names` as the attribute `key`, or as `key0`, `key1`, … */
export function writeNames(group: H5Group, key: string, names: readonly string[]): void {
  const most = Math.floor(limit / bytesPerName);
  if (names.length <= most) {
    group.attrs.set(key, names);
    return;
  }
  const pieces = Math.ceil(names.length / most);
  for (let i = 0; i < pieces; i++) group.attrs.set(`${key}${i}`, names.slice(i * most, (i + 1) * most));
}

/** Reads a list of names written whole or in pieces. A list that is not there is empty. */
export function readNames(group: H5Group, key: string, where: string): string[] {
  const whole = group.attrs.get(key);
  if (whole !== undefined) return [...texts(whole, `${where}@${key}`)];
  const names: string[] = [];
  for (let i = 0; ; i++) {
    const piece = group.attrs.get(`${key}${i}`);
    if (piece === undefined) return names;
    names.push(...texts(piece, `${where}@${key}${i}`));
  }
}

function texts(value: H5Attribute, where: string): readonly string[] {
  if (Array.isArray(value) && value.every((v) => typeof v === "string")) return value;
  // A list without elements has no type in HDF5 files.
  if (typeof value === "object" && value.length === 0) return [];
  throw new FormatError({
    where,
    problem: "this attribute must be a list of names",
    expected: "texts",
    got: typeof value,
    try: "get the file again; it is damaged or not what its name says",
  });
}
