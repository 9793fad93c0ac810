/** Object headers (§IV.A): the list of messages that describe a group or a dataset. */
import type { ByteReader } from "../reader.ts";
import type { Hdf5File } from "./file.ts";

/** The kinds of messages that are read or written; others are passed over. */
export const messages = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  fillValue: 0x05,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  groupInfo: 0x0a,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

/** The last kind that the specification has. */
const LAST_KIND = 0x18;
/** Blocks that one header may be continued in; a loop is found before. */
const MAX_BLOCKS = 10_000;

export interface Message {
  readonly kind: number;
  /** Stands at the start of the message's data and ends with them. */
  readonly body: ByteReader;
}

/** The messages of the object header at `address`, in the order of the file. */
export function readHeader(file: Hdf5File, address: number, path: string): Message[] {
  const r = file.reader(address);
  const isNew = r.remaining >= 4 && String.fromCharCode(...r.bytes.subarray(address, address + 4)) === "OHDR";
  return isNew ? readNewHeader(file, r, path) : readOldHeader(file, r, path);
}

/** Version 1: a count of messages, each of which starts at a multiple of eight bytes. */
function readOldHeader(file: Hdf5File, r: ByteReader, path: string): Message[] {
  if (r.u8("an object header") !== 1) throw r.corrupt(`${path} has no object header`);
  r.skip(1);
  const count = r.u16("an object header");
  r.skip(4);
  const size = r.u32("an object header");
  r.skip(4);
  const blocks = [r.part(size, "an object header")];
  const seen = new Set<number>();
  const out: Message[] = [];
  for (let at = 0; at < blocks.length; at++) {
    const block = blocks[at]!;
    while (out.length < count && block.remaining >= 8) {
      const kind = block.u16();
      const length = block.u16();
      const flags = block.u8();
      block.skip(3);
      const message = makeMessage(file, kind, flags, block.part(length, "the end of a message"), path);
      out.push(message);
      if (kind === messages.continuation) blocks.push(continuation(file, message.body, seen));
    }
  }
  if (out.length !== count) {
    throw r.corrupt(`${path} has an incomplete object header`, {
      expected: `${count} messages`,
      got: `${out.length}`,
    });
  }
  return out;
}

/** Version 2: blocks with checksums, messages without gaps. */
function readNewHeader(file: Hdf5File, r: ByteReader, path: string): Message[] {
  const start = r.offset;
  file.expectBlock(r, "OHDR", 2);
  const flags = r.u8("an object header");
  if (flags & 0x20) r.skip(16);
  if (flags & 0x10) r.skip(4);
  const sizeBytes = 2 ** (flags & 3);
  const size = sizeBytes === 1 ? r.u8() : sizeBytes === 2 ? r.u16() : sizeBytes === 4 ? r.u32() : r.u64();
  const first = r.part(size, "an object header");
  file.checkSum(r, start);
  const blocks = [first];
  const seen = new Set<number>();
  const out: Message[] = [];
  for (let at = 0; at < blocks.length; at++) {
    const block = blocks[at]!;
    const headBytes = flags & 4 ? 6 : 4;
    while (block.remaining >= headBytes) {
      const kind = block.u8();
      const length = block.u16();
      const messageFlags = block.u8();
      if (flags & 4) block.skip(2);
      const message = makeMessage(file, kind, messageFlags, block.part(length, "the end of a message"), path);
      out.push(message);
      if (kind !== messages.continuation) continue;
      const next = continuation(file, message.body, seen);
      file.expectBlock(next, "OCHK");
      const body = next.part(next.remaining - 4, "a continued header");
      file.checkSum(next, 0);
      blocks.push(body);
    }
  }
  return out;
}

function makeMessage(file: Hdf5File, kind: number, flags: number, body: ByteReader, path: string): Message {
  if (kind > LAST_KIND)
    throw body.corrupt(`${path} has a message of an unknown kind`, { got: String(kind) }, 0);
  if (flags & 2 && kind !== 0) throw file.unsupported(path, "a message that is shared between objects");
  return { kind, body };
}

/** The block that a continuation message points to. */
function continuation(file: Hdf5File, body: ByteReader, seen: Set<number>): ByteReader {
  const address = file.definedAddress(body, "a continued header");
  const length = file.length(body);
  if (seen.has(address) || seen.size > MAX_BLOCKS)
    throw body.corrupt("an object header is continued in a loop");
  seen.add(address);
  return file.reader(address).part(length, "a continued header");
}

/** The only message of a kind, or undefined; FormatError where there are two. */
export function single(list: readonly Message[], kind: number): ByteReader | undefined {
  const found = list.filter((m) => m.kind === kind);
  if (found.length > 1)
    throw found[1]!.body.corrupt("a message that may be there once is there twice", {}, 0);
  return found[0]?.body;
}
