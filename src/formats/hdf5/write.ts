/**
 * From a tree to the bytes of an HDF5 file, in the form that the newer libraries write (superblock 2, checksummed headers):
 * links and attributes in the headers, data in one piece, texts in collections. §numbers are those of file.ts. What
 * cannot be written has been refused before (h5.ts).
 */
import { attributeArray, type H5Array, type H5Attribute, type H5Group, h5Numbers } from "../h5-tree.ts";
import { signature } from "./file.ts";
import { messages } from "./header.ts";
import { lookup3 } from "./lookup3.ts";

/** An address that leads nowhere, and bytes of an address. */
const NOWHERE = 2n ** 64n - 1n;
const ADDRESS = 8;
const SUPERBLOCK = 48;
/** The smallest collection of texts that the library reads; a larger text has one of its own. */
const COLLECTION = 4096;
/** Bytes of a collection's head, and before each of its objects. */
const HEAD = 16;
/** The most objects of a collection: their numbers have 16 bits. */
const MOST_OBJECTS = 65_535;

const utf8 = new TextEncoder();

/** Little-endian fields, one after the other. */
class Fields {
  bytes = new Uint8Array(256);
  length = 0;
  #view = new DataView(this.bytes.buffer);

  /** Zeros of that many bytes, to be written to; where they begin. */
  reserve(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.length, 2 * this.bytes.length));
      grown.set(this.bytes.subarray(0, at));
      this.bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }

  /** The next multiple of eight bytes. */
  align(): number {
    return this.reserve((8 - (this.length % 8)) % 8);
  }

  put(at: number, width: 1 | 2 | 4 | 8, value: number | bigint): void {
    if (width === 1) this.#view.setUint8(at, Number(value));
    else if (width === 2) this.#view.setUint16(at, Number(value), true);
    else if (width === 4) this.#view.setUint32(at, Number(value), true);
    else this.#view.setBigUint64(at, BigInt(value), true);
  }

  u8(...values: number[]): this {
    for (const v of values) this.put(this.reserve(1), 1, v);
    return this;
  }
  u16(...values: number[]): this {
    for (const v of values) this.put(this.reserve(2), 2, v);
    return this;
  }
  u32(value: number): this {
    this.put(this.reserve(4), 4, value);
    return this;
  }
  u64(...values: (number | bigint)[]): this {
    for (const v of values) this.put(this.reserve(8), 8, v);
    return this;
  }
  raw(bytes: Uint8Array): this {
    const at = this.reserve(bytes.length);
    this.bytes.set(bytes, at);
    return this;
  }
  /** The bytes from `from` on. */
  from(from = 0): Uint8Array {
    return this.bytes.subarray(from, this.length);
  }
}

type Message = readonly [kind: number, flags: number, body: Uint8Array];

/** Writes a tree. */
export class TreeWriter {
  readonly #out = new Fields();
  /** The collection of texts that has room left. */
  #texts = { at: 0, used: 0, size: 0, count: 0 };

  write(root: H5Group): Uint8Array {
    const out = this.#out;
    out.reserve(SUPERBLOCK);
    const top = this.#group(root);
    this.#closeTexts();
    const head = new Fields().raw(signature).u8(2, ADDRESS, ADDRESS, 0).u64(0, NOWHERE, out.length, top);
    out.bytes.set(head.u32(lookup3(head.from())).from(), 0);
    return out.bytes.slice(0, out.length);
  }

  /** Everything in a group and then the group; gives its address. */
  #group(group: H5Group): number {
    const links: Message[] = [];
    for (const [name, dataset] of group.datasets) {
      links.push(link(name, this.#dataset(dataset, dataset.attrs)));
    }
    for (const [name, child] of group.groups) links.push(link(name, this.#group(child)));
    return this.#header([
      [messages.linkInfo, 0, inHeader()],
      [messages.groupInfo, 1, new Uint8Array(2)],
      ...links,
      ...this.#attributes(group.attrs),
    ]);
  }

  #dataset(array: H5Array, attrs: ReadonlyMap<string, H5Attribute>): number {
    const stored = this.#stored(array);
    this.#out.align();
    const at = stored.length === 0 ? NOWHERE : this.#out.length;
    this.#out.raw(stored);
    return this.#header([
      [messages.dataspace, 0, dataspace(array.shape)],
      [messages.datatype, 1, datatype(array.dtype)],
      // Nothing is ever filled in (§IV.A.2.f, version 3).
      [messages.fillValue, 1, Uint8Array.of(3, 0x0a)],
      [messages.layout, 0, new Fields().u8(3, 1).u64(at, stored.length).from()],
      ...this.#attributes(attrs),
    ]);
  }

  /** An object header (§IV.A.1.b) of these messages; gives its address. */
  #header(list: readonly Message[]): number {
    const out = this.#out;
    out.align();
    const size = list.reduce((sum, [, , body]) => sum + 4 + body.length, 0);
    const start = out.length;
    out.raw(utf8.encode("OHDR")).u8(2, 2).u32(size);
    for (const [kind, flags, body] of list) out.u8(kind).u16(body.length).u8(flags).raw(body);
    out.u32(lookup3(out.from(start)));
    return start;
  }

  /** Attribute messages (§IV.A.2.m, version 3), and one that says that they are all in the header. */
  #attributes(attrs: ReadonlyMap<string, H5Attribute>): Message[] {
    if (attrs.size === 0) return [];
    const list = Array.from(attrs, ([name, value]): Message => {
      const array = attributeArray(value);
      const title = utf8.encode(`${name}\0`);
      const parts = [title, datatype(array.dtype), dataspace(array.shape)];
      const body = new Fields().u8(3, 0).u16(...parts.map((p) => p.length));
      // The name is UTF-8.
      body.u8(1);
      for (const part of [...parts, this.#stored(array)]) body.raw(part);
      return [messages.attribute, 0, body.from()];
    });
    return [[messages.attributeInfo, 0, inHeader()], ...list];
  }

  /** The elements as they stand in the file: numbers little-endian, texts by length and place. */
  #stored(array: H5Array): Uint8Array {
    if (array.dtype !== "string") return littleEndian(array.data, array.dtype);
    const cells = new Fields();
    for (const text of array.data) {
      const bytes = utf8.encode(text);
      if (bytes.length === 0) cells.u32(0).u64(0).u32(0);
      else cells.u32(bytes.length).u64(this.#room(bytes.length)).u32(this.#keep(bytes));
    }
    return cells.from();
  }

  /** The address of a collection with room for a text. */
  #room(length: number): number {
    const need = HEAD + padded(length);
    const { size, used, count } = this.#texts;
    if (size - used < need || count === MOST_OBJECTS) {
      this.#closeTexts();
      const large = Math.max(COLLECTION, HEAD + need);
      this.#out.align();
      const at = this.#out.reserve(large);
      this.#texts = { at, used: HEAD, size: large, count: 0 };
      const head = new Fields().raw(utf8.encode("GCOL")).u8(1, 0, 0, 0).u64(large);
      this.#out.bytes.set(head.from(), at);
    }
    return this.#texts.at;
  }

  /** Puts a text into that collection (§III.E); gives its number. */
  #keep(text: Uint8Array): number {
    const texts = this.#texts;
    const number = ++texts.count;
    this.#object(number, text.length);
    this.#out.bytes.set(text, texts.at + texts.used);
    texts.used += padded(text.length);
    return number;
  }

  /** The rest of a collection is object 0. */
  #closeTexts(): void {
    const { size, used } = this.#texts;
    if (size - used >= HEAD) this.#object(0, size - used);
  }

  #object(number: number, length: number): void {
    const head = new Fields().u16(number, 0).u32(0).u64(length);
    this.#out.bytes.set(head.from(), this.#texts.at + this.#texts.used);
    this.#texts.used += HEAD;
  }
}

const padded = (length: number): number => 8 * Math.ceil(length / 8);

/** Information about links or attributes (§IV.A.2.c and v): no order of creation, no heap, no tree. */
const inHeader = (): Uint8Array => new Fields().u8(0, 0).u64(NOWHERE, NOWHERE).from();

/** A link message (§IV.A.2.g) to an object, its name in UTF-8. */
function link(name: string, address: number): Message {
  const bytes = utf8.encode(name);
  const body = new Fields();
  if (bytes.length < 256) body.u8(1, 0x10, 1, bytes.length);
  else body.u8(1, 0x11, 1).u16(bytes.length);
  return [messages.link, 0, body.raw(bytes).u64(address).from()];
}

/** A dataspace message (§IV.A.2.b, version 2): a scalar, or axes. */
function dataspace(shape: readonly number[]): Uint8Array {
  return new Fields()
    .u8(2, shape.length, 0, shape.length === 0 ? 0 : 1)
    .u64(...shape)
    .from();
}

/** A datatype message (§IV.A.2.d, version 1). */
function datatype(dtype: H5Array["dtype"]): Uint8Array {
  const out = new Fields();
  const integer = (size: number, signed: boolean) =>
    out
      .u8(0x10, signed ? 8 : 0, 0, 0)
      .u32(size)
      .u16(0, 8 * size);
  if (dtype === "string") {
    // Texts of any length in UTF-8, ended by a zero in memory; their elements are bytes.
    out.u8(0x19, 0x01, 0x01, 0).u32(4 + ADDRESS + 4);
    return integer(1, false).from();
  }
  const { size } = h5Numbers.find((t) => t.dtype === dtype)!;
  if (dtype !== "float32" && dtype !== "float64") return integer(size, dtype.startsWith("int")).from();
  // IEEE 754: the sign's place, then exponent and mantissa by place and bits, and the bias.
  const [exponent, mantissa, bias] = size === 4 ? [8, 23, 127] : [11, 52, 1023];
  out.u8(0x11, 0x20, 8 * size - 1, 0).u32(size);
  out.u16(0, 8 * size).u8(mantissa!, exponent!, 0, mantissa!);
  return out.u32(bias!).from();
}

/** The bytes of numbers; only machines of the other order need a copy. */
function littleEndian(data: Exclude<H5Array["data"], string[]>, dtype: H5Array["dtype"]): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] === 1) return bytes;
  const { size } = h5Numbers.find((t) => t.dtype === dtype)!;
  const turned = bytes.slice();
  for (let at = 0; at < turned.length; at += size) turned.subarray(at, at + size).reverse();
  return turned;
}
