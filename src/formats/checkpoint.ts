/**
 * Checkpoint files: named sections of bytes in one file, in which no change of any bit goes unseen.
 *
 * ```
 * magic (8)  version u32  sections u32            little-endian throughout
 * for each section: length of the name u16, name, length u64, CRC-32C of the content u32
 * CRC-32C of everything so far u32
 * the contents, one after the other
 * length of the whole file u64, CRC-32C of everything before u32
 * ```
 */
import { LimitError, UnsupportedError } from "../ir/errors.ts";
import { crc32c } from "./checksum.ts";
import { ByteReader, type FileLabel, showFile } from "./reader.ts";

/** A byte above 127, the name, and the line ends that a transfer as text would change. */
const magic = [0x89, 0x54, 0x4e, 0x44, 0x4c, 0x0d, 0x0a, 0x1a];
/** The version that is written; the only one so far. */
export const checkpointVersion = 1;
const trailer = 12;
const maxSections = 2 ** 20;

/** The bytes of a checkpoint file. Names are at most 65,535 bytes of UTF-8. */
export function writeCheckpoint(sections: ReadonlyMap<string, Uint8Array>): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const entries = [...sections].map(([name, data]) => ({ name: encoder.encode(name), data }));
  const long = entries.find((e) => e.name.length > 0xffff);
  if (long || entries.length > maxSections) {
    throw new LimitError({
      where: "checkpoint",
      problem: long ? "the name of a section is too long" : "there are too many sections",
      expected: long ? "at most 65535 bytes" : `at most ${maxSections}`,
      got: String(long ? long.name.length : entries.length),
      try: "save fewer or shorter names",
    });
  }
  const header = 16 + entries.reduce((sum, e) => sum + 14 + e.name.length, 0) + 4;
  const total = entries.reduce((sum, e) => sum + e.data.length, header) + trailer;
  const out = new Uint8Array(total);
  const view = new DataView(out.buffer);
  out.set(magic);
  view.setUint32(8, checkpointVersion, true);
  view.setUint32(12, entries.length, true);
  let at = 16;
  let content = header;
  for (const { name, data } of entries) {
    view.setUint16(at, name.length, true);
    out.set(name, at + 2);
    at += 2 + name.length;
    view.setBigUint64(at, BigInt(data.length), true);
    view.setUint32(at + 8, crc32c(data), true);
    at += 12;
    out.set(data, content);
    content += data.length;
  }
  view.setUint32(at, crc32c(out.subarray(0, at)), true);
  view.setBigUint64(content, BigInt(total), true);
  view.setUint32(content + 8, crc32c(out.subarray(0, content + 8)), true);
  return out;
}

/**
 * The sections of a checkpoint file, as views of its bytes.
 *
 * @throws FormatError for any damage, UnsupportedError for another version of the format.
 */
export function readCheckpoint(bytes: Uint8Array, name?: string): Map<string, Uint8Array> {
  const file: FileLabel = { format: "checkpoint", name };
  const reader = new ByteReader(bytes, file, { littleEndian: true });
  const start = reader.slice(8, "its signature");
  if (magic.some((byte, i) => start[i] !== byte)) {
    throw reader.corrupt("this is not a checkpoint", { expected: "the signature of a checkpoint" }, 0);
  }
  const version = reader.u32("its version");
  checkWhole(reader);
  if (version !== checkpointVersion) {
    throw new UnsupportedError({
      where: showFile(file),
      problem: "the checkpoint is of another version of the format",
      expected: `version ${checkpointVersion}`,
      got: `version ${version}`,
      try: "go on with the version of Tendril that wrote it, or begin anew",
    });
  }
  const count = reader.u32("the number of sections");
  const table: { name: string; length: number; crc: number }[] = [];
  const decoder = new TextDecoder("utf-8", { fatal: false });
  for (let i = 0; i < count; i++) {
    const label = decoder.decode(reader.slice(reader.u16("the length of a name"), "a name"));
    table.push({ name: label, length: reader.u64("the length of a section"), crc: reader.u32() });
  }
  const header = reader.offset;
  if (reader.u32("the checksum of the table") !== crc32c(bytes.subarray(0, header))) {
    throw reader.corrupt("the checksum of the table is wrong", {}, header);
  }
  const sections = new Map<string, Uint8Array>();
  for (const { name: label, length, crc } of table) {
    const at = reader.offset;
    const data = reader.slice(length, `the section ${label}`);
    if (crc32c(data) !== crc) throw reader.corrupt(`the checksum of the section ${label} is wrong`, {}, at);
    sections.set(label, data);
  }
  reader.skip(trailer);
  reader.end();
  return sections;
}

/** FormatError unless the length and the checksum at the end are those of the file. */
function checkWhole(reader: ByteReader): void {
  const { bytes } = reader;
  const resume = reader.offset;
  const end = bytes.length - trailer;
  if (end < resume) throw reader.corrupt("the file is cut short", { got: `${bytes.length} bytes` });
  reader.seek(end);
  const total = reader.u64("its length");
  if (total !== bytes.length) {
    throw reader.corrupt(
      "the file has another length than it says",
      { expected: `${total} bytes`, got: `${bytes.length} bytes` },
      end,
    );
  }
  if (reader.u32() !== crc32c(bytes.subarray(0, end + 8))) {
    throw reader.corrupt("the checksum of the file is wrong", {}, end + 8);
  }
  reader.seek(resume);
}
