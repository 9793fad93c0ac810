/**
 * safetensors: named arrays behind a JSON header, nothing that could be code.
 * Format: https://github.com/huggingface/safetensors (section "Format").
 */
import { FormatError, LimitError, ShapeError } from "../ir/errors.ts";
import { fromBfloat, fromHalf, toBfloat, toHalf } from "./half.ts";
import { JsonView, parseJson } from "./json.ts";
import { ByteBudget, ByteReader, type FileLabel, MAX_DECODED_BYTES } from "./reader.ts";

interface SafeTypes {
  F64: Float64Array;
  F32: Float32Array;
  F16: Float32Array;
  BF16: Float32Array;
  I64: BigInt64Array;
  I32: Int32Array;
  I16: Int16Array;
  I8: Int8Array;
  U64: BigUint64Array;
  U32: Uint32Array;
  U16: Uint16Array;
  U8: Uint8Array;
  BOOL: Uint8Array;
}
export type SafeDType = keyof SafeTypes;

/** An array of a file: row-major, 16-bit floats widened to float32, truth values as 0 and 1. */
export type SafeTensor = {
  [K in SafeDType]: { readonly dtype: K; readonly shape: readonly number[]; readonly data: SafeTypes[K] };
}[SafeDType];

/** The content of a file: arrays by name in the order of their bytes, and free texts. */
export interface SafeTensors {
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

interface SafeType {
  readonly bytes: number;
  /** Numbers from little-endian bytes of their own. */
  readonly read: (bytes: Uint8Array<ArrayBuffer>) => SafeTensor["data"];
  /** Little-endian bytes of numbers. */
  readonly write: (data: SafeTensor["data"]) => Uint8Array;
}

type ArrayClass = { new (buffer: ArrayBuffer): SafeTensor["data"]; BYTES_PER_ELEMENT: number };

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Turns little-endian numbers of `size` bytes into the machine's, or back, in place. */
function swapBytes(bytes: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer> {
  if (!littleEndian && size > 1) {
    for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
  }
  return bytes;
}

function plain(Type: ArrayClass): SafeType {
  const bytes = Type.BYTES_PER_ELEMENT;
  return {
    bytes,
    read: (raw) => new Type(swapBytes(raw, bytes).buffer),
    write: (data) => swapBytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice(), bytes),
  };
}

function halves(widen: (bits: number) => number, narrow: (value: number) => number): SafeType {
  return {
    bytes: 2,
    read: (raw) => Float32Array.from(new Uint16Array(swapBytes(raw, 2).buffer), widen),
    write: (data) => swapBytes(new Uint8Array(Uint16Array.from(data as Float32Array, narrow).buffer), 2),
  };
}

const types: { readonly [K in SafeDType]: SafeType } = {
  F64: plain(Float64Array),
  F32: plain(Float32Array),
  F16: halves(fromHalf, toHalf),
  BF16: halves(fromBfloat, toBfloat),
  I64: plain(BigInt64Array),
  I32: plain(Int32Array),
  I16: plain(Int16Array),
  I8: plain(Int8Array),
  U64: plain(BigUint64Array),
  U32: plain(Uint32Array),
  U16: plain(Uint16Array),
  U8: plain(Uint8Array),
  BOOL: plain(Uint8Array),
};

/** The name of the entry that holds texts. */
const METADATA = "__metadata__";

export interface ReadSafetensorsOptions {
  /** The file's name, for errors. */
  name?: string | undefined;
  /** Refuse longer headers. Default 32 MiB. */
  maxHeader?: number | undefined;
  /** Refuse more arrays than this. Default 100,000. */
  maxTensors?: number | undefined;
  /** Refuse arrays of more bytes than this in all. Default 2 GiB. */
  maxBytes?: number | undefined;
}

/**
 * Reads a safetensors file.
 *
 * @throws FormatError when the header is damaged, names a type that is unknown, or does not account for every byte of the
 *   file exactly once; LimitError beyond the limits.
 */
export function readSafetensors(bytes: Uint8Array, options: ReadSafetensorsOptions = {}): SafeTensors {
  const file: FileLabel = { format: "safetensors", name: options.name };
  const budget = new ByteBudget(file, options.maxBytes ?? MAX_DECODED_BYTES);
  const r = new ByteReader(bytes, file, { littleEndian: true, budget });
  const header = readHeader(r, options);
  const metadata = new Map<string, string>();
  const entries: Entry[] = [];
  for (const name of header.names()) {
    const field = header.field(name);
    if (name === METADATA) {
      for (const key of field.names()) metadata.set(key, field.field(key).as("string"));
    } else entries.push(readEntry(r, name, field));
  }
  limit(file, "arrays", entries.length, options.maxTensors ?? 100_000, "maxTensors");
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);

  const data = r.part(r.remaining, "the arrays");
  const tensors = new Map<string, SafeTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    if (begin !== data.offset) {
      throw data.corrupt("the arrays do not follow each other without gaps", {
        expected: `${name} at offset ${data.offset}`,
        got: `offset ${begin}`,
      });
    }
    const content = data.slice(end - begin, `the array ${name}`);
    const own = budget.alloc(content.length, `the array ${name}`);
    own.set(content);
    if (dtype === "BOOL" && own.some((v) => v > 1)) {
      throw data.corrupt(`a truth value of ${name} is neither 0 nor 1`, {}, begin);
    }
    tensors.set(name, { dtype, shape, data: types[dtype].read(own) } as SafeTensor);
  }
  data.end();
  return { tensors, metadata };
}

interface Entry {
  readonly name: string;
  readonly dtype: SafeDType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readHeader(r: ByteReader, options: ReadSafetensorsOptions): JsonView {
  const length = r.u64("the length of the header");
  limit(r.file, "bytes of header", length, options.maxHeader ?? 32 * 2 ** 20, "maxHeader");
  const start = r.offset;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(r.slice(length, "the header"));
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw r.corrupt("the header is not UTF-8 text", { cause }, start);
  }
  if (!text.startsWith("{")) throw r.corrupt("the header is not a JSON object", {}, start);
  const path = `${r.file.name ?? "safetensors"} header`;
  const value = parseJson(text, { name: path });
  return new JsonView(value, path);
}

function readEntry(r: ByteReader, name: string, field: JsonView): Entry {
  const dtype = field.field("dtype").as("string");
  if (!Object.hasOwn(types, dtype)) {
    throw r.corrupt(`the array ${name} has an unknown type`, {
      expected: `one of ${Object.keys(types).join(", ")}`,
      got: dtype,
    });
  }
  const whole = (view: JsonView): number => {
    const n = view.as("number");
    if (Number.isSafeInteger(n) && n >= 0) return n;
    throw r.corrupt(`a size of ${name} is no whole number`, { expected: "0 … 2^53 - 1", got: String(n) });
  };
  const shape = field.field("shape").items().map(whole);
  const [begin, end, more] = field.field("data_offsets").items().map(whole);
  const bytes = shape.reduce((a, b) => a * b, types[dtype as SafeDType].bytes);
  if (begin === undefined || end === undefined || more !== undefined || end - begin !== bytes) {
    throw r.corrupt(`the place of ${name} does not fit its shape`, {
      expected: `[begin, end], ${bytes} bytes for ${dtype}[${shape.join(", ")}]`,
      got: `[${begin}, ${end}]`,
    });
  }
  return { name, dtype: dtype as SafeDType, shape, begin, end };
}

function limit(file: FileLabel, what: string, got: number, most: number, option: string): void {
  if (got <= most) return;
  throw new LimitError({
    where: `${file.format} file ${file.name ?? ""}`.trimEnd(),
    problem: `there are too many ${what}`,
    expected: `at most ${most}`,
    got: String(got),
    try: `pass a larger ${option} if the file is trusted`,
  });
}

/**
 * Writes a safetensors file: wide types first, then by name, as the reference writer does, so that equal arrays give equal
 * files and every array is aligned.
 *
 * @throws ShapeError when data do not fill their shape.
 */
export function writeSafetensors(
  tensors: Iterable<readonly [name: string, tensor: SafeTensor]>,
  metadata: Iterable<readonly [string, string]> = [],
): Uint8Array<ArrayBuffer> {
  const texts = Object.fromEntries(metadata);
  const sorted = [...tensors].sort(
    ([a, x], [b, y]) => types[y.dtype].bytes - types[x.dtype].bytes || (a < b ? -1 : a > b ? 1 : 0),
  );
  const fields: [string, unknown][] = Object.keys(texts).length > 0 ? [[METADATA, texts]] : [];
  let end = 0;
  for (const [name, { dtype, shape, data }] of sorted) {
    checkFilled(name, shape, data.length);
    const begin = end;
    end += data.length * types[dtype].bytes;
    fields.push([name, { dtype, shape, data_offsets: [begin, end] }]);
  }
  const json = fields.map(([name, field]) => `${JSON.stringify(name)}:${JSON.stringify(field)}`);
  const text = new TextEncoder().encode(`{${json.join(",")}}`);
  const header = Math.ceil(text.length / 8) * 8;
  const out = new Uint8Array(8 + header + end);
  new DataView(out.buffer).setBigUint64(0, BigInt(header), true);
  out.fill(0x20, 8 + text.length, 8 + header);
  out.set(text, 8);
  let at = 8 + header;
  for (const [, { dtype, data }] of sorted) {
    const content = types[dtype].write(data);
    out.set(content, at);
    at += content.length;
  }
  return out;
}

function checkFilled(name: string, shape: readonly number[], length: number): void {
  const count = shape.reduce((a, b) => a * b, 1);
  if (count === length && name !== METADATA && shape.every((s) => Number.isInteger(s) && s >= 0)) return;
  throw new ShapeError({
    where: `writeSafetensors, ${name}`,
    problem:
      name === METADATA ? "this name is taken by the texts of the file" : "the data do not fill the shape",
    expected: `${count} numbers for [${shape.join(", ")}]`,
    got: `${length} numbers`,
    try: name === METADATA ? "choose another name" : "pass the shape of the data",
  });
}
