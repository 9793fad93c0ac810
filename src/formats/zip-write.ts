/** Writes zip archives (APPNOTE 6.3) of stored entries; zip.ts reads them. */
import { LimitError } from "../ir/errors.ts";
import { crc32 } from "./checksum.ts";

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
/** The first day that zip can tell: archives of equal content are equal. */
const DATE = 0x0021;
/** The version that a reader needs, and the flag that names are UTF-8. */
const VERSION = 20;
const UTF8 = 0x0800;

type Field = readonly [value: number, bytes: 2 | 4];

const short = (value: number): Field => [value, 2];
const long = (value: number): Field => [value, 4];

/**
 * An archive of entries in that order, stored as they are.
 *
 * @throws LimitError from 4 GiB on.
 */
export function writeZip(entries: Iterable<readonly [name: string, content: Uint8Array]>): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [name, content] of entries) {
    const bytes = new TextEncoder().encode(name);
    const fields = entryFields(bytes, content);
    const local = record(LOCAL, [...fields, short(bytes.length), short(0)], bytes);
    // No extra field, comment, disk number or attributes.
    const rest = [short(bytes.length), short(0), short(0), short(0), short(0), long(0), long(offset)];
    directory.push(record(CENTRAL, [short(VERSION), ...fields, ...rest], bytes));
    parts.push(local, content);
    offset += local.length + content.length;
  }
  const size = directory.reduce((n, entry) => n + entry.length, 0);
  if (offset + size >= 0xffffffff) {
    throw new LimitError({
      where: "zip archive",
      problem: "the archive would be too large",
      expected: "less than 4 GiB",
      got: `${offset + size} bytes`,
      try: "write the parts as files of their own",
    });
  }
  const count = short(directory.length);
  const end = record(END, [short(0), short(0), count, count, long(size), long(offset), short(0)]);
  return joined([...parts, ...directory, end]);
}

/** Version, flags, method (stored), time, date, checksum and sizes. */
function entryFields(name: Uint8Array, content: Uint8Array): Field[] {
  const flags = name.some((b) => b > 127) ? UTF8 : 0;
  const size = long(content.length);
  return [short(VERSION), short(flags), short(0), short(0), short(DATE), long(crc32(content)), size, size];
}

function record(signature: number, fields: readonly Field[], name = new Uint8Array()): Uint8Array {
  const all = [long(signature), ...fields];
  const length = all.reduce((n, [, bytes]) => n + bytes, 0);
  const out = new Uint8Array(length + name.length);
  const view = new DataView(out.buffer);
  let at = 0;
  for (const [value, bytes] of all) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes;
  }
  out.set(name, at);
  return out;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
