/** TFRecord files: byte strings one after another, each between checksums (CRC-32C, masked) of its length and of itself. */
import { crc32c } from "./checksum.ts";
import { concatBytes } from "./png.ts";
import { ByteReader, corrupt, type FileLabel } from "./reader.ts";

/** One record: length, its checksum, the data, their checksum. Files are records joined. */
export function writeRecord(data: Uint8Array): Uint8Array {
  const head = new Uint8Array(12);
  const view = new DataView(head.buffer);
  view.setUint32(0, data.length, true);
  view.setUint32(8, masked(head.subarray(0, 8)), true);
  const tail = new Uint8Array(4);
  new DataView(tail.buffer).setUint32(0, masked(data), true);
  return concatBytes([head, data, tail]);
}

/**
 * The records of a file, as views of its bytes.
 *
 * @throws FormatError for damage; with `growing`, an end that is not yet written is left out instead.
 */
export function readRecords(
  bytes: Uint8Array,
  { name, growing = false }: { name?: string | undefined; growing?: boolean } = {},
): Uint8Array[] {
  const file: FileLabel = { format: "TFRecord", name };
  const reader = new ByteReader(bytes, file, { littleEndian: true });
  const records: Uint8Array[] = [];
  while (reader.remaining > 0) {
    const at = reader.offset;
    const length = reader.remaining >= 12 ? lengthAt(reader, file) : Number.POSITIVE_INFINITY;
    if (length + 4 > reader.remaining) {
      if (growing) break;
      throw corrupt(file, at, "the file is cut short", { got: `${reader.remaining} bytes more` });
    }
    const data = reader.slice(length);
    if (reader.u32() !== masked(data)) throw corrupt(file, at, "a record does not have its checksum");
    records.push(data);
  }
  return records;
}

function lengthAt(reader: ByteReader, file: FileLabel): number {
  const at = reader.offset;
  const head = reader.slice(8);
  const view = new DataView(head.buffer, head.byteOffset, 8);
  if (reader.u32() !== masked(head))
    throw corrupt(file, at, "the length of a record does not have its checksum");
  return view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
}

/** Turned and shifted, so that the checksum of data that hold checksums is not a special one. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
