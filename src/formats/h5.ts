/**
 * HDF5 files, as Keras and h5py write and read them: `readH5` (bytes → tree) and `writeH5` (tree → bytes) are all that
 * the rest of Tendril sees.
 *
 * Both are our own (hdf5/). The HDF5 library in WebAssembly hangs or breaks its memory for good when it is given a damaged
 * file (single-bit flips of a 10 KB file do it), ignores failed reads, takes a quarter of a second and 4 MB to load, and
 * twenty milliseconds to write a small model.
 */
import { UsageError } from "../ir/errors.ts";
import { attributeArray, type H5Attribute, type H5Data, type H5Group, h5Numbers } from "./h5-tree.ts";
import { Hdf5File } from "./hdf5/file.ts";
import { TreeReader } from "./hdf5/read.ts";
import { TreeWriter } from "./hdf5/write.ts";
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

/** HDF5 keeps attributes and names in the header of an object, whose messages have 16-bit sizes. */
const MAX_MESSAGE_BYTES = 64_000;

/**
 * Writes an HDF5 file (in the form of HDF5 1.8: checksummed headers, contiguous little-endian data, texts as UTF-8 of any
 * length) that h5py and Keras open; equal trees give equal bytes. UsageError, before anything is written, for names and
 * texts that HDF5 cannot hold.
 */
export async function writeH5(root: H5Group): Promise<Uint8Array> {
  checkGroup(root, "");
  return new TreeWriter().write(root);
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
    checkLength(name, 1000, at);
    const { dtype, data } = attributeArray(value);
    checkTexts(data, at);
    const bytes = data.length * (h5Numbers.find((t) => t.dtype === dtype)?.size ?? 16);
    if (bytes > MAX_MESSAGE_BYTES) {
      throw refuseToWrite(
        at,
        `an attribute holds at most ${MAX_MESSAGE_BYTES} bytes (16 for each text of a list), not ${bytes}`,
      );
    }
  }
}

function checkName(name: string, path: string): void {
  if (name === "" || name === "." || /[/\0]/.test(name)) {
    throw refuseToWrite(path, "a name must not be empty, a dot, or contain a slash or a zero byte");
  }
  checkLength(name, MAX_MESSAGE_BYTES, path);
}

function checkLength(name: string, most: number, path: string): void {
  if (new TextEncoder().encode(name).length <= most) return;
  throw refuseToWrite(`${path.slice(0, 99)}…`, `a name has at most ${most} bytes`);
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
