/** The filters of chunks (§IV.A.2.l): deflate, shuffle, Fletcher-32. */
import { inflateZlib } from "../gzip.ts";
import type { ByteReader } from "../reader.ts";
import type { Hdf5File } from "./file.ts";

export interface Filter {
  readonly id: number;
  readonly values: readonly number[];
}

const DEFLATE = 1;
const SHUFFLE = 2;
const FLETCHER32 = 3;

/** Reads the filter pipeline message. */
export function readFilters(file: Hdf5File, r: ByteReader | undefined, path: string): Filter[] {
  if (r === undefined) return [];
  const version = r.u8("a filter");
  const count = r.u8("a filter");
  if (version !== 1 && version !== 2) throw r.corrupt(`${path} has filters of an unknown version`, {}, 0);
  if (version === 1) r.skip(6);
  return Array.from({ length: count }, () => {
    const id = r.u16("a filter");
    const nameBytes = version === 1 || id >= 256 ? r.u16("a filter") : 0;
    r.skip(2);
    const values = r.u16("a filter");
    r.skip(version === 1 ? 8 * Math.ceil(nameBytes / 8) : nameBytes);
    const out = { id, values: Array.from({ length: values }, () => r.u32("a filter")) };
    if (version === 1 && values % 2 === 1) r.skip(4);
    if (![DEFLATE, SHUFFLE, FLETCHER32].includes(id)) throw file.unsupported(path, `filter ${id}`);
    return out;
  });
}

/** Undoes the filters of a chunk that has `size` bytes without them; bit i of `mask` says that filter i was left out. */
export function unfilter(
  file: Hdf5File,
  stored: Uint8Array,
  filters: readonly Filter[],
  mask: number,
  size: number,
  path: string,
): Uint8Array {
  const used = filters.filter((_, i) => ((mask >> i) & 1) === 0);
  let bytes = stored;
  for (let i = used.length - 1; i >= 0; i--) {
    const { id, values } = used[i]!;
    if (id === DEFLATE) {
      // A checksum that was added before compression is compressed with the data.
      const sums = used.slice(0, i).filter((f) => f.id === FLETCHER32).length;
      bytes = inflateZlib(bytes, size + 4 * sums, file.file);
    } else if (id === SHUFFLE) bytes = unshuffle(bytes, values[0] ?? 1);
    else bytes = checkFletcher32(file, bytes, path);
  }
  if (bytes.length !== size) {
    throw file.damaged(path, "a chunk has the wrong size", {
      expected: `${size} bytes`,
      got: `${bytes.length} bytes`,
    });
  }
  return bytes;
}

/** The shuffle filter stores all first bytes, then all second bytes, and so on; what is left over follows. */
function unshuffle(bytes: Uint8Array, size: number): Uint8Array {
  const count = size === 0 ? 0 : Math.floor(bytes.length / size);
  const out = bytes.slice();
  for (let k = 0; k < size && count > 0; k++) {
    for (let i = 0; i < count; i++) out[i * size + k] = bytes[k * count + i]!;
  }
  return out;
}

/** Checks and removes the Fletcher-32 sum at the end (over big-endian 16-bit words, as the HDF5 library computes it). */
function checkFletcher32(file: Hdf5File, bytes: Uint8Array, path: string): Uint8Array {
  if (bytes.length < 4) throw file.damaged(path, "a chunk is too short for its checksum");
  const data = bytes.subarray(0, bytes.length - 4);
  let a = 0;
  let b = 0;
  for (let i = 0; i < data.length; i += 2) {
    a = (a + data[i]! * 256 + (data[i + 1] ?? 0)) % 65535;
    b = (b + a) % 65535;
  }
  const stated = new DataView(bytes.buffer, bytes.byteOffset + data.length, 4).getUint32(0, true);
  // Sums are modulo 65535, in which 0 and 65535 are the same.
  const same = (x: number, y: number) => x % 65535 === y % 65535;
  if (!same(stated & 0xffff, a) || !same(stated >>> 16, b))
    throw file.damaged(path, "a checksum (Fletcher-32) is wrong");
  return data;
}
