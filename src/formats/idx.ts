/**
 * IDX, the format of the MNIST files: a type, the sizes, the numbers, all big-endian.
 * Format: http://yann.lecun.com/exdb/mnist (foot of the page).
 */
import { ShapeError } from "../ir/errors.ts";
import { gunzip, isGzip } from "./gzip.ts";
import { ByteBudget, ByteReader, type FileLabel, MAX_DECODED_BYTES } from "./reader.ts";

interface IdxTypes {
  uint8: Uint8Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  float32: Float32Array;
  float64: Float64Array;
}
export type IdxDType = keyof IdxTypes;

/** An array as an IDX file holds it: `data` has as many elements as the product of `shape`, row-major. */
export type IdxArray = {
  [K in IdxDType]: { readonly dtype: K; readonly shape: readonly number[]; readonly data: IdxTypes[K] };
}[IdxDType];

interface IdxType {
  /** The third byte of the file. */
  readonly code: number;
  readonly bytes: number;
  readonly make: (buffer: ArrayBuffer, offset: number, count: number) => IdxArray["data"];
}

const types: { readonly [K in IdxDType]: IdxType } = {
  uint8: { code: 0x08, bytes: 1, make: (...part) => new Uint8Array(...part) },
  int8: { code: 0x09, bytes: 1, make: (...part) => new Int8Array(...part) },
  int16: { code: 0x0b, bytes: 2, make: (...part) => new Int16Array(...part) },
  int32: { code: 0x0c, bytes: 4, make: (...part) => new Int32Array(...part) },
  float32: { code: 0x0d, bytes: 4, make: (...part) => new Float32Array(...part) },
  float64: { code: 0x0e, bytes: 8, make: (...part) => new Float64Array(...part) },
};

/** More axes than any array in use has. */
const MAX_RANK = 16;

export interface ReadIdxOptions {
  /** The file's name, for errors. */
  name?: string | undefined;
  /** Refuse arrays of more bytes than this. Default 2 GiB. */
  maxBytes?: number | undefined;
}

/**
 * Reads an IDX file, compressed with gzip or not. Numbers of one byte stay where they are: the array shares the memory of
 * `bytes` unless these are compressed.
 *
 * @throws FormatError when the type is unknown or the sizes do not give exactly the bytes that are there; LimitError
 *   for more than `maxBytes`.
 */
export function readIdx(bytes: Uint8Array, options: ReadIdxOptions = {}): IdxArray {
  const plain = isGzip(bytes) ? gunzip(bytes, options) : bytes;
  const file: FileLabel = { format: "IDX", name: options.name };
  const budget = new ByteBudget(file, options.maxBytes ?? MAX_DECODED_BYTES);
  const r = new ByteReader(plain, file, { budget });

  const zeros = r.u16("the header");
  const code = r.u8("the header");
  const rank = r.u8("the header");
  const entry = Object.entries(types).find(([, t]) => t.code === code);
  if (zeros !== 0 || entry === undefined) {
    throw r.corrupt(
      "this is not an IDX file",
      { expected: "two zero bytes and a type of 08, 09, 0b, 0c, 0d or 0e", got: `${zeros} and type ${code}` },
      0,
    );
  }
  if (rank > MAX_RANK) {
    throw r.corrupt("too many axes", { expected: `at most ${MAX_RANK}`, got: String(rank) }, 3);
  }
  const [dtype, type] = entry;
  const shape = Array.from({ length: rank }, () => r.u32("the sizes"));
  const count = shape.reduce((a, b) => a * b, 1);
  if (count * type.bytes !== r.remaining) {
    throw r.corrupt("the sizes do not fit the length of the file", {
      expected: `${count * type.bytes} bytes for ${dtype}[${shape.join(", ")}]`,
      got: `${r.remaining} bytes`,
    });
  }
  budget.take(r.remaining, "the array");
  const body = r.slice(r.remaining);
  // Images are much to copy.
  const { buffer, byteOffset } = type.bytes === 1 ? body : new Uint8Array(body);
  if (type.bytes > 1) swapBytes(new Uint8Array(buffer), type.bytes);
  return { dtype, shape, data: type.make(buffer as ArrayBuffer, byteOffset, count) } as IdxArray;
}

/** Writes an IDX file (uncompressed). ShapeError when the data do not fill the shape. */
export function writeIdx(array: IdxArray): Uint8Array<ArrayBuffer> {
  const { dtype, shape, data } = array;
  const type = types[dtype];
  const count = shape.reduce((a, b) => a * b, 1);
  const sizesFit = shape.every((s) => Number.isInteger(s) && s >= 0 && s < 2 ** 32);
  if (!sizesFit || shape.length > MAX_RANK || data.length !== count) {
    throw new ShapeError({
      where: "writeIdx",
      problem: "the data do not fill the shape",
      expected: `${count} numbers for [${shape.join(", ")}], whole sizes below 2^32, at most ${MAX_RANK} axes`,
      got: `${data.length} numbers`,
      try: "pass the shape of the data",
    });
  }
  const header = 4 + 4 * shape.length;
  const out = new Uint8Array(header + data.byteLength);
  const view = new DataView(out.buffer);
  view.setUint8(2, type.code);
  view.setUint8(3, shape.length);
  shape.forEach((s, i) => {
    view.setUint32(4 + 4 * i, s);
  });
  const body = out.subarray(header);
  body.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  swapBytes(body, type.bytes);
  return out;
}

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Turns big-endian numbers of `size` bytes into the machine's, or back, in place. */
function swapBytes(bytes: Uint8Array, size: number): void {
  if (size === 1 || !littleEndian) return;
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}
