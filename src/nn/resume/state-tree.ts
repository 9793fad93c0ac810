/** State trees: plain values with typed arrays among them, to and from the sections of a checkpoint. */
import { readCheckpoint, writeCheckpoint } from "../../formats/checkpoint.ts";
import { type JsonObject, type JsonValue, parseJson, stringifyJson } from "../../formats/json.ts";
import { FormatError } from "../../ir/errors.ts";

type StateArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/** What can be saved: numbers (NaN and infinities too), texts, lists, records and typed arrays. */
export type StateTree =
  | null
  | boolean
  | number
  | string
  | StateArray
  | readonly StateTree[]
  | { readonly [key: string]: StateTree | undefined };

/** Constructors by the name under which an array is saved. */
const arrayTypes = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
} as const;
const names = new Map(Object.entries(arrayTypes).map(([name, type]) => [type, name]));
/** The section with everything but the arrays. */
const treeSection = "state";

/** The bytes of a checkpoint that holds `tree`. */
export function encodeState(tree: StateTree): Uint8Array<ArrayBuffer> {
  const sections = new Map<string, Uint8Array>([[treeSection, new Uint8Array(0)]]);
  const plain = (value: StateTree | undefined): unknown => {
    if (ArrayBuffer.isView(value)) {
      const section = `array/${sections.size - 1}`;
      sections.set(section, new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
      return { $array: section, type: names.get(value.constructor as typeof Float32Array)! };
    }
    if (Array.isArray(value)) return value.map(plain);
    // JSON has neither NaN and infinities nor a negative zero.
    if (typeof value === "number" && !(Number.isFinite(value) && !Object.is(value, -0)))
      return { $number: Object.is(value, -0) ? "-0" : String(value) };
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).filter(([, v]) => v !== undefined);
    return Object.fromEntries(entries.map(([k, v]) => [k, plain(v)]));
  };
  sections.set(treeSection, new TextEncoder().encode(stringifyJson(plain(tree))));
  return writeCheckpoint(sections);
}

/**
 * The tree in the bytes of a checkpoint; its arrays are copies.
 *
 * @throws FormatError for any damage, UnsupportedError for another version of the format.
 */
export function decodeState(bytes: Uint8Array, name?: string): StateTree {
  const sections = readCheckpoint(bytes, name);
  const text = new TextDecoder().decode(sections.get(treeSection) ?? lacks(name, treeSection));
  const revive = (value: JsonValue): StateTree => {
    if (Array.isArray(value)) return value.map(revive);
    if (typeof value !== "object" || value === null) return value;
    if (typeof value.$number === "string") return Number(value.$number);
    if (typeof value.$array === "string") return arrayOf(value, sections, name);
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, revive(v)]));
  };
  return revive(parseJson(text, { name: `${name ?? "checkpoint"}: state` }));
}

function arrayOf(
  { $array, type }: JsonObject,
  sections: ReadonlyMap<string, Uint8Array>,
  name: string | undefined,
): StateArray {
  const data = sections.get($array as string) ?? lacks(name, String($array));
  const found = new Map(Object.entries(arrayTypes)).get(String(type));
  if (!found || data.length % found.BYTES_PER_ELEMENT !== 0) return lacks(name, `${$array} as ${type}`);
  return new found(data.slice().buffer);
}

function lacks(name: string | undefined, what: string): never {
  throw new FormatError({
    where: name ?? "checkpoint",
    problem: `there is no section ${what}`,
    expected: "a checkpoint of a training run",
    try: "use a file that BackupAndRestore wrote",
  });
}
