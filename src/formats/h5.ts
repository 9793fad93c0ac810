/**
 * HDF5 files as plain trees, read and written by h5wasm (the HDF5 C library in WebAssembly), which is loaded on first
 * use. Two functions are all the rest of Tendril sees: `readH5` (bytes → tree) and `writeH5` (tree → bytes).
 *
 * What the C library is asked for is checked first, because it reports less than it knows: h5wasm ignores failed reads,
 * and HDF5 would allocate whatever a file declares. Links that leave the file or close a loop are refused.
 */
import type { Metadata } from "h5wasm";
import { FormatError, LimitError, TendrilError, UnsupportedError, UsageError } from "../ir/errors.ts";
import { ByteBudget, corrupt, type FileLabel, MAX_DECODED_BYTES, showFile } from "./reader.ts";

type H5Wasm = typeof import("h5wasm");

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

/** A text, a number, a list of texts, or numbers. A list without elements reads as `[]`, whatever its type. */
export type H5Attribute = string | number | bigint | readonly string[] | Exclude<H5Data, string[]>;

export type H5Dataset = H5Array & { readonly attrs: Map<string, H5Attribute> };

/** A group. Maps, not objects, since names come from strangers; in the order in which the file stores them. */
export interface H5Group {
  readonly attrs: Map<string, H5Attribute>;
  readonly groups: Map<string, H5Group>;
  readonly datasets: Map<string, H5Dataset>;
}

export interface ReadH5Options {
  /** The file's name, for errors. */
  name?: string | undefined;
  /** Refuse to decode more bytes than this. Default 2 GiB. */
  maxBytes?: number | undefined;
  /** Refuse compressed datasets that grow beyond this factor of the file once over 64 MiB. Default 1000. */
  maxRatio?: number | undefined;
}

/** Groups inside groups deeper than this are a loop of links, or nobody's real file. */
const MAX_DEPTH = 32;
const MAX_OBJECTS = 100_000;
const RATIO_FLOOR = 64 * 2 ** 20;
/** HDF5 keeps an attribute in the object's header, whose messages have 16-bit sizes. */
const MAX_ATTRIBUTE_BYTES = 64_000;

/** An empty group. */
export function h5Group(): H5Group {
  return { attrs: new Map(), groups: new Map(), datasets: new Map() };
}

/** A dataset of these data; its type follows from theirs. A scalar has shape `[]` and one element. */
export function h5Dataset(data: H5Data, shape: readonly number[] = [data.length]): H5Dataset {
  const dtype = Array.isArray(data) ? "string" : numeric.find((t) => data.constructor === t.array)?.dtype;
  if (dtype === undefined) throw refuseToWrite("h5Dataset", "this kind of array has no HDF5 type");
  return { dtype, shape, data, attrs: new Map() } as H5Dataset;
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

/** HDF5's number types: class 0 is integers, class 1 floats. */
const numeric = [
  { dtype: "float32", type: 1, size: 4, signed: true, code: "<f", array: Float32Array },
  { dtype: "float64", type: 1, size: 8, signed: true, code: "<d", array: Float64Array },
  { dtype: "int8", type: 0, size: 1, signed: true, code: "<b", array: Int8Array },
  { dtype: "int16", type: 0, size: 2, signed: true, code: "<h", array: Int16Array },
  { dtype: "int32", type: 0, size: 4, signed: true, code: "<i", array: Int32Array },
  { dtype: "int64", type: 0, size: 8, signed: true, code: "<q", array: BigInt64Array },
  { dtype: "uint8", type: 0, size: 1, signed: false, code: "<B", array: Uint8Array },
  { dtype: "uint16", type: 0, size: 2, signed: false, code: "<H", array: Uint16Array },
  { dtype: "uint32", type: 0, size: 4, signed: false, code: "<I", array: Uint32Array },
  { dtype: "uint64", type: 0, size: 8, signed: false, code: "<Q", array: BigUint64Array },
] as const;

const CLASS_INTEGER = 0;
const CLASS_FLOAT = 1;
const CLASS_STRING = 3;
const CLASS_ENUM = 8;

let loading: Promise<H5Wasm> | undefined;

/** Loads h5wasm once. HDF5 prints its error stack to standard error, where it helps nobody: it goes to /dev/null. */
function load(): Promise<H5Wasm> {
  loading ??= import("h5wasm").then(async (h5) => {
    const { FS } = await h5.ready;
    const files = FS as unknown as {
      streams: unknown[];
      close(stream: unknown): void;
      open(path: string, flags: string): unknown;
    };
    files.close(files.streams[2]);
    files.open("/dev/null", "w");
    return h5;
  });
  return loading;
}

let fileCount = 0;

/** Runs `use` with a path in h5wasm's memory file system that is free again afterwards. */
async function withScratch<T>(use: (h5: H5Wasm, path: string) => T): Promise<T> {
  const h5 = await load();
  const path = `/tendril-${fileCount++}.h5`;
  try {
    return use(h5, path);
  } finally {
    if (h5.FS!.analyzePath(path).exists) h5.FS!.unlink(path);
  }
}

/**
 * Reads an HDF5 file.
 *
 * @throws FormatError for damage, LimitError for more than the limits, UnsupportedError for types of data and links
 *   that no model file has (compounds, references, links to other files).
 */
export function readH5(bytes: Uint8Array, options: ReadH5Options = {}): Promise<H5Group> {
  const file: FileLabel = { format: "HDF5", name: options.name };
  return withScratch((h5, path) => {
    checkSuperblock(bytes, file);
    h5.FS!.writeFile(path, bytes);
    try {
      return new TreeReader(h5, path, bytes.length, file, options).read();
    } catch (cause) {
      if (cause instanceof TendrilError) throw cause;
      throw corrupt(file, 0, "the file's structure is damaged", { cause });
    }
  });
}

/** HDF5's signature; a file with a user block before it is none that a model library writes. */
function checkSuperblock(bytes: Uint8Array, file: FileLabel): void {
  const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
  if (signature.some((b, i) => bytes[i] !== b)) {
    throw corrupt(file, 0, "this is not an HDF5 file", { expected: "HDF5's eight signature bytes" });
  }
}

/** Walks an open file through h5wasm's lower layer, whose status codes the upper layer drops. */
class TreeReader {
  readonly module: H5Wasm["Module"];
  readonly id: bigint;
  readonly file: FileLabel;
  readonly fileBytes: number;
  readonly maxRatio: number;
  readonly budget: ByteBudget;
  readonly text = new TextDecoder("utf-8", { fatal: true });
  objects = 0;

  constructor(h5: H5Wasm, path: string, fileBytes: number, file: FileLabel, options: ReadH5Options) {
    this.module = h5.Module;
    this.file = file;
    this.fileBytes = fileBytes;
    this.maxRatio = options.maxRatio ?? 1000;
    this.budget = new ByteBudget(file, options.maxBytes ?? MAX_DECODED_BYTES);
    this.id = this.module.open(path, this.module.H5F_ACC_RDONLY, false, -1, -1);
    if (this.id < 0n) throw this.damaged("/", "the file cannot be opened: it is cut short or damaged");
  }

  read(): H5Group {
    try {
      return this.group("/", 0);
    } finally {
      this.module.close_file(this.id);
    }
  }

  group(path: string, depth: number): H5Group {
    this.count(path);
    if (depth > MAX_DEPTH) throw this.damaged(path, `groups are nested more than ${MAX_DEPTH} deep`);
    const out: H5Group = { ...h5Group(), attrs: this.attributes(path) };
    for (const name of this.module.get_names(this.id, path, false)) {
      const child = path === "/" ? `/${name}` : `${path}/${name}`;
      if (name === "" || name === "." || name.includes("/"))
        throw this.damaged(path, "a name that cannot be");
      if (out.groups.has(name) || out.datasets.has(name))
        throw this.damaged(child, "the name is there twice");
      const type = this.typeOf(child);
      if (type === this.module.H5G_GROUP) out.groups.set(name, this.group(child, depth + 1));
      else if (type === this.module.H5G_DATASET) out.datasets.set(name, this.dataset(child));
      else if (type === this.module.H5G_TYPE) continue;
      else throw this.damaged(child, "the name leads to nothing");
    }
    return out;
  }

  /** The type of the object a name leads to; links by name are refused. */
  typeOf(path: string): number {
    const type = this.module.get_type(this.id, path);
    const link =
      type === this.module.H5G_UDLINK ? "another file" : this.module.get_symbolic_link(this.id, path);
    if (link === null) return type;
    throw new UnsupportedError({
      where: `${showFile(this.file)}, ${path}`,
      problem: "the file holds a link by name",
      got: `a link to ${link}`,
      try: "write the file without soft and external links",
      details: this.details(path),
    });
  }

  dataset(path: string): H5Dataset {
    this.count(path);
    const { module, id } = this;
    const meta = module.get_dataset_metadata(id, path);
    const filtered = module.get_dataset_filters(id, path).length > 0;
    if (meta.virtual_sources !== undefined) throw this.unsupported(path, "a dataset made of other files");
    const array = this.array(path, meta, filtered, {
      read: (to) => module.get_dataset_data(id, path, null, null, null, to),
      reclaim: (at) => module.reclaim_vlen_memory(id, path, "", at),
    });
    return { ...array, attrs: this.attributes(path) };
  }

  attributes(path: string): Map<string, H5Attribute> {
    const { module, id } = this;
    const out = new Map<string, H5Attribute>();
    for (const name of module.get_attribute_names(id, path)) {
      this.count(path);
      const meta = module.get_attribute_metadata(id, path, name);
      if (meta.type !== CLASS_STRING && numericType(meta) === undefined && meta.shape !== null) continue;
      const { shape, data } = this.array(`${path}@${name}`, meta, false, {
        read: (to) => module.get_attribute_data(id, path, name, to),
        reclaim: (at) => module.reclaim_vlen_memory(id, path, name, at),
      });
      out.set(name, data.length === 0 ? [] : shape.length === 0 ? scalar(data[0]!) : data);
    }
    return out;
  }

  /** Checks what is declared, makes room, reads, converts. */
  array(
    path: string,
    meta: Metadata,
    filtered: boolean,
    io: { read(to: bigint): number; reclaim(at: bigint): number },
  ): H5Array {
    const shape = meta.shape ?? [0];
    const count = shape.reduce((a, b) => a * b, 1);
    const type = numericType(meta);
    const isText = meta.type === CLASS_STRING;
    if (type === undefined && !isText)
      throw this.unsupported(path, `data of HDF5 class ${meta.type}, ${meta.size} bytes`);
    // A text of any length is kept as 16 bytes that say where it lies.
    this.checkSize(path, count * (meta.vlen ? 16 : meta.size), filtered);
    const bytes = count * meta.size;
    this.budget.take(bytes, path);
    if (count === 0) return emptyArray(type?.dtype ?? "string", shape);

    const at = this.module._malloc(bytes);
    if (at === 0) throw this.damaged(path, "there is no memory for the data");
    let filled = false;
    try {
      this.module.HEAPU8.fill(0, at, at + bytes);
      filled = io.read(BigInt(at)) >= 0;
      if (!filled) throw this.damaged(path, "the data cannot be read");
      const raw = this.module.HEAPU8.slice(at, at + bytes);
      if (type !== undefined)
        return { dtype: type.dtype, shape, data: new type.array(raw.buffer) } as H5Array;
      return {
        dtype: "string",
        shape,
        data: meta.vlen ? this.texts(path, raw) : this.fixedTexts(path, raw, meta.size),
      };
    } finally {
      if (meta.vlen && filled) io.reclaim(BigInt(at));
      this.module._free(at);
    }
  }

  /** What is not compressed must be in the file; what is may grow by a factor. */
  checkSize(path: string, bytes: number, filtered: boolean): void {
    if (!filtered && bytes > this.fileBytes) {
      throw this.damaged(path, "more data are declared than the file holds", {
        expected: `at most ${this.fileBytes} bytes`,
        got: `${bytes} bytes`,
      });
    }
    const limit = Math.max(RATIO_FLOOR, this.maxRatio * this.fileBytes);
    if (bytes > limit) {
      throw new LimitError({
        where: `${showFile(this.file)}, ${path}`,
        problem: "the dataset grows beyond the limit when decompressed",
        expected: `at most ${limit} bytes`,
        got: `${bytes} bytes`,
        try: "pass a larger maxRatio if the file is trusted",
        details: this.details(path),
      });
    }
  }

  /** Texts of any length: `raw` holds 32-bit addresses of zero-terminated UTF-8; address 0 is an empty text. */
  texts(path: string, raw: Uint8Array): string[] {
    const heap = this.module.HEAPU8;
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    return Array.from({ length: raw.length / 4 }, (_, i) => {
      const start = view.getUint32(4 * i, true);
      if (start === 0) return "";
      const end = heap.indexOf(0, start);
      if (end < 0) throw this.damaged(path, "a text has no end");
      this.budget.take(end - start, path);
      return this.decode(path, heap.slice(start, end));
    });
  }

  /** Texts of `size` bytes each, ended by a zero or padded with zeros or spaces. */
  fixedTexts(path: string, raw: Uint8Array, size: number): string[] {
    return Array.from({ length: raw.length / size }, (_, i) => {
      const cell = raw.subarray(i * size, (i + 1) * size);
      const end = cell.indexOf(0);
      return this.decode(path, end < 0 ? cell : cell.subarray(0, end)).replace(/ +$/, "");
    });
  }

  decode(path: string, bytes: Uint8Array): string {
    try {
      return this.text.decode(bytes);
    } catch (cause) {
      throw this.damaged(path, "a text is not UTF-8", { cause });
    }
  }

  count(path: string): void {
    if (++this.objects > MAX_OBJECTS)
      throw this.damaged(path, `there are more than ${MAX_OBJECTS} objects, or a loop`);
  }

  details(path: string): Record<string, unknown> {
    return { format: "HDF5", path: this.file.name, object: path };
  }

  damaged(
    path: string,
    problem: string,
    more: { expected?: string; got?: string; cause?: unknown } = {},
  ): FormatError {
    return new FormatError({
      where: `${showFile(this.file)}, ${path}`,
      problem,
      try: "get the file again; it is damaged or not what its name says",
      ...more,
      details: this.details(path),
    });
  }

  unsupported(path: string, got: string): UnsupportedError {
    return new UnsupportedError({
      where: `${showFile(this.file)}, ${path}`,
      problem: "data of a kind that is not read",
      expected: "integers, floats of 4 or 8 bytes, texts",
      got,
      try: "convert the dataset to one of these types",
      details: this.details(path),
    });
  }
}

/** A 64-bit integer as a number where it is one exactly. */
function scalar(value: string | number | bigint): string | number | bigint {
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function emptyArray(dtype: H5DType, shape: readonly number[]): H5Array {
  const type = numeric.find((t) => t.dtype === dtype);
  return { dtype, shape, data: type === undefined ? [] : new type.array(0) } as H5Array;
}

/** The row of `numeric` for a type in a file; h5py's booleans (an enumeration of bytes) are numbers too. */
function numericType(meta: Metadata): (typeof numeric)[number] | undefined {
  const type = meta.type === CLASS_ENUM ? meta.enum_type?.type : meta.type;
  const isNumber = type === CLASS_INTEGER || type === CLASS_FLOAT;
  if (!isNumber) return undefined;
  return numeric.find(
    (t) => t.type === type && t.size === meta.size && (type === CLASS_FLOAT || t.signed === meta.signed),
  );
}

/**
 * Writes an HDF5 file (superblock 0, contiguous little-endian data, texts as UTF-8 of any length) that h5py and Keras
 * open. UsageError, before anything is written, for names and texts that HDF5 cannot hold.
 */
export function writeH5(root: H5Group): Promise<Uint8Array> {
  checkGroup(root, "");
  return withScratch((h5, path) => {
    const out = new h5.File(path, "w");
    try {
      writeGroup(out, root, "");
    } finally {
      out.close();
    }
    return h5.FS!.readFile(path);
  });
}

/** A group or dataset of h5wasm, as far as it is used here. */
type H5Node = InstanceType<H5Wasm["Group"]>;
type H5Target = H5Node | InstanceType<H5Wasm["Dataset"]>;

function writeGroup(to: H5Node, group: H5Group, path: string): void {
  writeAttributes(to, group.attrs, path);
  for (const [name, dataset] of group.datasets) {
    const type = numeric.find((t) => t.dtype === dataset.dtype);
    const shape = [...dataset.shape];
    const made = to.create_dataset({ name, data: dataset.data, shape, dtype: type?.code ?? "S" });
    const got = made?.metadata?.shape?.join();
    if (got !== shape.join()) throw refuseToWrite(`${path}/${name}`, "HDF5 did not take the dataset");
    writeAttributes(made, dataset.attrs, `${path}/${name}`);
  }
  for (const [name, child] of group.groups) {
    const made = to.create_group(name);
    if (made === null) throw refuseToWrite(`${path}/${name}`, "HDF5 did not take the group");
    writeGroup(made, child, `${path}/${name}`);
  }
}

function writeAttributes(to: H5Target, attrs: ReadonlyMap<string, H5Attribute>, path: string): void {
  for (const [name, value] of attrs) {
    const { dtype, shape, data } = attributeArray(value);
    to.create_attribute(name, data, [...shape], numeric.find((t) => t.dtype === dtype)?.code ?? "S");
  }
  if (attrs.size === 0) return;
  const taken = Object.keys(to.attrs).length;
  if (taken !== attrs.size) throw refuseToWrite(path, `HDF5 took ${taken} of ${attrs.size} attributes`);
}

/** An attribute as an array: whole numbers as int64 and others as float64, as Python writes them. */
function attributeArray(value: H5Attribute): H5Array {
  if (typeof value === "string") return { dtype: "string", shape: [], data: [value] };
  if (typeof value === "bigint") return { dtype: "int64", shape: [], data: BigInt64Array.of(value) };
  if (typeof value === "number") {
    return Number.isSafeInteger(value)
      ? { dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(value)) }
      : { dtype: "float64", shape: [], data: Float64Array.of(value) };
  }
  if (Array.isArray(value)) return { dtype: "string", shape: [value.length], data: [...value] };
  return h5Dataset(value as H5Data);
}

/** Refuses, before the file is begun, what HDF5 would refuse in the middle or change silently. */
function checkGroup(group: H5Group, path: string): void {
  checkAttributes(group.attrs, path);
  for (const [name, dataset] of group.datasets) {
    const at = `${path}/${name}`;
    checkName(name, at);
    if (group.groups.has(name)) throw refuseToWrite(at, "a group and a dataset have the same name");
    const count = dataset.shape.reduce((a, b) => a * b, 1);
    if (count !== dataset.data.length || dataset.shape.length > 32) {
      throw refuseToWrite(
        at,
        `${dataset.data.length} elements do not fill the shape [${dataset.shape.join(", ")}]`,
      );
    }
    checkTexts(dataset.data, at);
    checkAttributes(dataset.attrs, at);
  }
  for (const [name, child] of group.groups) {
    checkName(name, `${path}/${name}`);
    checkGroup(child, `${path}/${name}`);
  }
}

function checkAttributes(attrs: ReadonlyMap<string, H5Attribute>, path: string): void {
  for (const [name, value] of attrs) {
    const at = `${path}@${name}`;
    if (name === "" || name.includes("\0"))
      throw refuseToWrite(at, "an attribute needs a name without zero bytes");
    const { dtype, data } = attributeArray(value);
    checkTexts(data, at);
    const bytes = data.length * (numeric.find((t) => t.dtype === dtype)?.size ?? 16);
    if (bytes > MAX_ATTRIBUTE_BYTES) {
      throw refuseToWrite(
        at,
        `an attribute holds at most ${MAX_ATTRIBUTE_BYTES} bytes (16 for each text of a list), not ${bytes}`,
      );
    }
  }
}

function checkName(name: string, path: string): void {
  if (name === "" || name === "." || /[/\0]/.test(name)) {
    throw refuseToWrite(path, "a name must not be empty, a dot, or contain a slash or a zero byte");
  }
}

function checkTexts(data: H5Data, path: string): void {
  if (Array.isArray(data) && data.some((s) => s.includes("\0")))
    throw refuseToWrite(path, "a text contains a zero byte");
}

function refuseToWrite(where: string, problem: string): UsageError {
  return new UsageError({
    where: `writeH5, ${where === "" ? "/" : where}`,
    problem,
    try: "change the name or the data",
  });
}
