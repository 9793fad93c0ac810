/**
 * HDF5 files, as Keras and h5py write and read them: `readH5` (bytes → tree) and `writeH5` (tree → bytes) are all that
 * the rest of Tendril sees.
 *
 * Writing is h5wasm's work (the HDF5 C library in WebAssembly), loaded on first use. Reading is our own (hdf5/): given
 * a damaged file, the library hangs or breaks its memory for good (single-bit flips of a 10 KB file do it), ignores
 * failed reads, and takes a quarter of a second and 4 MB to load.
 */
import { UsageError } from "../ir/errors.ts";
import {
  type H5Array,
  type H5Attribute,
  type H5Data,
  type H5Group,
  h5Dataset,
  h5Numbers,
} from "./h5-tree.ts";
import { Hdf5File } from "./hdf5/file.ts";
import { TreeReader } from "./hdf5/read.ts";
import { type FileLabel, MAX_DECODED_BYTES } from "./reader.ts";

export * from "./h5-tree.ts";

export interface ReadH5Options {
  /** The file's name, for errors. */
  name?: string | undefined;
  /** Refuse to decode more bytes than this. Default 2 GiB. */
  maxBytes?: number | undefined;
  /** Refuse compressed datasets that grow beyond this factor of the file once over 64 MiB. Default 1000. */
  maxRatio?: number | undefined;
}

/**
 * Reads an HDF5 file: superblocks 0 to 3, old and new groups, contiguous, compact and chunked data (deflate, shuffle,
 * Fletcher-32), integers, floats, texts. A pure function of the bytes.
 *
 * @throws FormatError for damage, LimitError for more than the limits, UnsupportedError for what no model file has
 *   (links by name or to other files, compound types, chunks indexed in the newest ways).
 */
export async function readH5(bytes: Uint8Array, options: ReadH5Options = {}): Promise<H5Group> {
  const label: FileLabel = { format: "HDF5", name: options.name };
  const file = new Hdf5File(bytes, label, options.maxBytes ?? MAX_DECODED_BYTES);
  return new TreeReader(file, options.maxRatio ?? 1000).read();
}

type H5Wasm = typeof import("h5wasm");

/** HDF5 keeps an attribute in the object's header, whose messages have 16-bit sizes. */
const MAX_ATTRIBUTE_BYTES = 64_000;

let loading: Promise<H5Wasm> | undefined;

/** What is used of h5wasm's file system beyond its types. */
interface Streams {
  streams: unknown[];
  close(stream: unknown): void;
  open(path: string, flags: string): unknown;
}

/** Loads h5wasm once. HDF5 prints its error stack on standard error, where it helps nobody: it goes to /dev/null. */
function load(): Promise<H5Wasm> {
  loading ??= import("h5wasm").then(async (h5) => {
    const files = (await h5.ready).FS as unknown as Streams;
    files.close(files.streams[2]);
    files.open("/dev/null", "w");
    return h5;
  });
  return loading;
}

let fileCount = 0;

/**
 * Writes an HDF5 file (in the form of HDF5 1.8: checksummed headers, contiguous little-endian data, texts as UTF-8 of any
 * length) that h5py and Keras open. UsageError, before anything is written, for names and texts that HDF5 cannot hold.
 */
export async function writeH5(root: H5Group): Promise<Uint8Array> {
  checkGroup(root, "");
  const h5 = await load();
  const path = `/tendril-${fileCount++}.h5`;
  const out = new h5.File(path, "w");
  try {
    writeGroup(out, root, "");
    out.close();
    return h5.FS!.readFile(path);
  } finally {
    h5.FS!.unlink(path);
  }
}

/** A group or dataset of h5wasm, as far as it is used here. */
type H5Node = InstanceType<H5Wasm["Group"]>;
type H5Target = H5Node | InstanceType<H5Wasm["Dataset"]>;

function writeGroup(to: H5Node, group: H5Group, path: string): void {
  writeAttributes(to, group.attrs, path);
  for (const [name, dataset] of group.datasets) {
    const type = h5Numbers.find((t) => t.dtype === dataset.dtype);
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
    to.create_attribute(name, data, [...shape], h5Numbers.find((t) => t.dtype === dtype)?.code ?? "S");
  }
  if (attrs.size === 0) return;
  const taken = Object.keys(to.attrs).length;
  if (taken !== attrs.size) throw refuseToWrite(path, `HDF5 took ${taken} of ${attrs.size} attributes`);
}

/** An attribute as an array: whole numbers as int64 and others as float64, as h5py writes them. */
function attributeArray(value: H5Attribute): H5Array {
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
    const bytes = data.length * (h5Numbers.find((t) => t.dtype === dtype)?.size ?? 16);
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
