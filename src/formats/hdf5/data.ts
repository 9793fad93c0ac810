/** Where the elements of a dataset are (§IV.A.2.i, layout) and what they say. */
import { LimitError } from "../../ir/errors.ts";
import { type H5Array, h5Numbers } from "../h5-tree.ts";
import { type ByteReader, showFile } from "../reader.ts";
import type { ElementType } from "./datatype.ts";
import type { Hdf5File } from "./file.ts";
import { type Filter, readFilters, unfilter } from "./filters.ts";
import type { GlobalHeap } from "./heaps.ts";
import { littleEndian, walkOldTree } from "./trees.ts";

/** Data that are compressed, or not there at all, may be this much larger than the file. */
const RATIO_FLOOR = 64 * 2 ** 20;

export interface LayoutMessages {
  readonly layout: ByteReader;
  readonly filters: ByteReader | undefined;
  readonly isExternal: boolean;
}

/** The bytes of a dataset of `shape` with elements of `elementSize` bytes, copied out of the file. */
export function readStored(
  file: Hdf5File,
  from: LayoutMessages,
  shape: readonly number[],
  elementSize: number,
  maxRatio: number,
  path: string,
): Uint8Array<ArrayBuffer> {
  const size = checkedSize(file, shape, elementSize, path);
  const filters = readFilters(file, from.filters, path);
  if (from.isExternal) throw file.unsupported(path, "data in another file");
  const r = from.layout;
  const version = r.u8("a layout");
  if (version !== 3 && version !== 4) throw file.unsupported(path, `data layout of version ${version}`);
  const kind = r.u8("a layout");
  if (kind === 0) return copyOut(file, r.part(r.u16("a layout"), "the data"), size, path);
  if (kind === 1) {
    const address = file.address(r);
    const stored = file.length(r);
    if (address === undefined) return unwritten(file, size, maxRatio, path);
    if (stored < size) {
      throw file.damaged(path, "more data are declared than are stored", {
        expected: `${size} bytes`,
        got: `${stored} bytes`,
      });
    }
    return copyOut(file, file.reader(address).part(size, `the data of ${path}`), size, path);
  }
  if (kind !== 2)
    throw file.unsupported(path, kind === 3 ? "a dataset made of others" : `data layout ${kind}`);
  const chunks =
    version === 3
      ? oldChunks(file, r, shape, elementSize, path)
      : newChunks(file, r, shape, elementSize, filters, path);
  return assemble(file, chunks, shape, elementSize, filters, size, maxRatio, path);
}

/** The bytes that a shape asks for, as a safe number. */
export function checkedSize(
  file: Hdf5File,
  shape: readonly number[],
  elementSize: number,
  path: string,
): number {
  const size = shape.reduce((a, b) => a * b, elementSize);
  if (!Number.isSafeInteger(size))
    throw file.damaged(path, "the shape is impossible", { got: `[${shape.join(", ")}]` });
  return size;
}

function copyOut(file: Hdf5File, r: ByteReader, size: number, path: string): Uint8Array<ArrayBuffer> {
  const from = r.slice(size, `the data of ${path}`);
  const out = file.budget.alloc(size, path);
  out.set(from);
  return out;
}

/** Zeros, for data that were declared and never written. */
function unwritten(file: Hdf5File, size: number, maxRatio: number, path: string): Uint8Array<ArrayBuffer> {
  const limit = Math.max(RATIO_FLOOR, maxRatio * file.bytes.length);
  if (size > limit) {
    throw new LimitError({
      where: `${showFile(file.file)}, ${path}`,
      problem: "the dataset grows beyond the limit when it is read",
      expected: `at most ${limit} bytes`,
      got: `${size} bytes`,
      try: "pass a larger maxRatio if the file is trusted",
      details: file.details(path),
    });
  }
  return file.budget.alloc(size, path);
}

interface Chunks {
  /** Elements of a chunk along each axis. */
  readonly shape: readonly number[];
  readonly stored: {
    readonly at: readonly number[];
    readonly address: number;
    readonly bytes: number;
    readonly mask: number;
  }[];
}

/** Chunks through a version 1 tree (layout version 3). */
function oldChunks(
  file: Hdf5File,
  r: ByteReader,
  shape: readonly number[],
  elementSize: number,
  path: string,
): Chunks {
  const rank = r.u8("a layout") - 1;
  const address = file.address(r);
  const chunkShape = Array.from({ length: Math.max(0, rank) }, () => r.u32("a layout"));
  checkChunkShape(file, shape, chunkShape, r.u32("a layout") === elementSize, path);
  const stored: Chunks["stored"] = [];
  if (address !== undefined) {
    walkOldTree(file, address, 1, 8 + 8 * (rank + 1), (key, child) => {
      const [bytes, mask] = [key.u32(), key.u32()];
      stored.push({
        at: Array.from({ length: rank }, () => key.u64("a chunk's place")),
        address: child,
        bytes,
        mask,
      });
    });
  }
  return { shape: chunkShape, stored };
}

/** Chunks of layout version 4 without a tree: a single one, or all of them one after the other. */
function newChunks(
  file: Hdf5File,
  r: ByteReader,
  shape: readonly number[],
  elementSize: number,
  filters: readonly Filter[],
  path: string,
): Chunks {
  const flags = r.u8("a layout");
  const rank = r.u8("a layout") - 1;
  const bytes = r.u8("a layout");
  if (bytes < 1 || bytes > 6) throw file.unsupported(path, `chunk sizes of ${bytes} bytes`);
  const chunkShape = Array.from({ length: Math.max(0, rank) }, () => littleEndian(r, bytes));
  checkChunkShape(file, shape, chunkShape, littleEndian(r, bytes) === elementSize, path);
  const index = r.u8("a layout");
  const chunkBytes = chunkShape.reduce((a, b) => a * b, elementSize);
  if (index === 1) {
    const filtered = (flags & 2) !== 0;
    const size = filtered ? file.length(r) : chunkBytes;
    const mask = filtered ? r.u32("a layout") : 0;
    const address = file.address(r);
    return {
      shape: chunkShape,
      stored: address === undefined ? [] : [{ at: shape.map(() => 0), address, bytes: size, mask }],
    };
  }
  if (index !== 2 || filters.length > 0)
    throw file.unsupported(path, "chunks that are indexed in a newer way");
  const first = file.address(r);
  const counts = shape.map((n, k) => Math.ceil(n / chunkShape[k]!));
  const total = counts.reduce((a, b) => a * b, 1);
  if (first === undefined) return { shape: chunkShape, stored: [] };
  if (total * chunkBytes > file.bytes.length)
    throw file.damaged(path, "more chunks are declared than the file holds");
  const stored = Array.from({ length: total }, (_, i) => {
    let rest = i;
    const at = counts.map(() => 0);
    for (let k = counts.length - 1; k >= 0; k--) {
      at[k] = (rest % counts[k]!) * chunkShape[k]!;
      rest = Math.floor(rest / counts[k]!);
    }
    return { at, address: first + i * chunkBytes, bytes: chunkBytes, mask: 0 };
  });
  return { shape: chunkShape, stored };
}

function checkChunkShape(
  file: Hdf5File,
  shape: readonly number[],
  chunk: readonly number[],
  sameElement: boolean,
  path: string,
): void {
  if (!sameElement || chunk.length !== shape.length || chunk.length === 0 || chunk.some((n) => n < 1)) {
    throw file.damaged(path, "the chunks do not fit the dataset", { got: `chunks [${chunk.join(", ")}]` });
  }
}

/** Puts the chunks in their places; what no chunk covers is zero. */
function assemble(
  file: Hdf5File,
  chunks: Chunks,
  shape: readonly number[],
  elementSize: number,
  filters: readonly Filter[],
  size: number,
  maxRatio: number,
  path: string,
): Uint8Array<ArrayBuffer> {
  const chunkBytes = checkedSize(file, chunks.shape, elementSize, path);
  const stated = chunks.stored.reduce((n, c) => n + c.bytes, 0);
  if (stated > file.bytes.length) throw file.damaged(path, "the chunks are larger than the file");
  const out = unwritten(file, size, maxRatio, path);
  const seen = new Set<string>();
  for (const { at, address, bytes, mask } of chunks.stored) {
    const inside = at.every((n, k) => n < shape[k]! && n % chunks.shape[k]! === 0);
    if (!inside || seen.has(at.join()))
      throw file.damaged(path, "a chunk is in no valid place", { got: `[${at.join(", ")}]` });
    seen.add(at.join());
    const stored = file.reader(address).slice(bytes, "a chunk");
    copyChunk(
      unfilter(file, stored, filters, mask, chunkBytes, path),
      chunks.shape,
      at,
      out,
      shape,
      elementSize,
    );
  }
  return out;
}

/** Copies the part of a chunk that lies inside the dataset, run by run along the last axis. */
function copyChunk(
  chunk: Uint8Array,
  chunkShape: readonly number[],
  at: readonly number[],
  out: Uint8Array,
  shape: readonly number[],
  elementSize: number,
): void {
  const last = shape.length - 1;
  const run = Math.min(chunkShape[last]!, shape[last]! - at[last]!) * elementSize;
  const visit = (axis: number, from: number, to: number): void => {
    if (axis === last) {
      const source = from * chunkShape[last]! * elementSize;
      out.set(chunk.subarray(source, source + run), (to * shape[last]! + at[last]!) * elementSize);
      return;
    }
    const count = Math.min(chunkShape[axis]!, shape[axis]! - at[axis]!);
    for (let i = 0; i < count; i++)
      visit(axis + 1, from * chunkShape[axis]! + i, to * shape[axis]! + at[axis]! + i);
  };
  visit(0, 0, 0);
}

/** Elements as numbers or texts. `raw` is the caller's to give away. */
export function decodeElements(
  file: Hdf5File,
  heap: GlobalHeap,
  type: Exclude<ElementType, { kind: "other" }>,
  shape: readonly number[],
  raw: Uint8Array<ArrayBuffer>,
  path: string,
): H5Array {
  if (type.kind === "number") return decodeNumbers(type, shape, raw);
  const count = raw.length / type.size;
  const data = Array.from({ length: count }, (_, i) => {
    const cell = raw.subarray(i * type.size, (i + 1) * type.size);
    return type.kind === "text"
      ? heapText(file, heap, cell, path)
      : fixedText(file, cell, type.padding, path);
  });
  return { dtype: "string", shape, data };
}

function decodeNumbers(
  type: Extract<ElementType, { kind: "number" }>,
  shape: readonly number[],
  raw: Uint8Array<ArrayBuffer>,
): H5Array {
  if (type.bigEndian)
    for (let at = 0; at < raw.length; at += type.size) raw.subarray(at, at + type.size).reverse();
  if (type.dtype === "float16") {
    const halves = new Uint16Array(raw.buffer);
    return { dtype: "float32", shape, data: Float32Array.from(halves, halfToNumber) };
  }
  const { array, dtype } = h5Numbers.find((t) => t.dtype === type.dtype)!;
  return { dtype, shape, data: new array(raw.buffer) } as H5Array;
}

/** A 16-bit float (IEEE 754 binary16) as a number. */
function halfToNumber(bits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** A text of any length: its length, the address of its collection, its number in it. */
function heapText(file: Hdf5File, heap: GlobalHeap, cell: Uint8Array, path: string): string {
  const view = new DataView(cell.buffer, cell.byteOffset, cell.byteLength);
  const length = view.getUint32(0, true);
  const index = view.getUint32(cell.length - 4, true);
  const address = file.offsetSize === 8 ? view.getBigUint64(4, true) : BigInt(view.getUint32(4, true));
  if (length === 0) return "";
  if (address > BigInt(file.bytes.length)) throw file.damaged(path, "a text is not where the file says");
  const bytes = heap.object(Number(address), index, path);
  if (bytes.length < length) throw file.damaged(path, "a text is longer than its place");
  file.budget.take(length, path);
  const text = bytes.subarray(0, length);
  const end = text.indexOf(0);
  return decodeText(file, end < 0 ? text : text.subarray(0, end), path);
}

/** A text of a fixed number of bytes, ended by a zero (padding 0), padded with zeros (1) or spaces (2). */
function fixedText(file: Hdf5File, cell: Uint8Array, padding: number, path: string): string {
  const end = cell.indexOf(0);
  const text = decodeText(file, end < 0 ? cell : cell.subarray(0, end), path);
  return padding === 2 ? text.replace(/ +$/, "") : text;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 to text; FormatError where it is none. */
export function decodeText(file: Hdf5File, bytes: Uint8Array, path: string): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw file.damaged(path, "a text is not UTF-8", { cause });
  }
}
