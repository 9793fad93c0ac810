/**
 * Reads zip archives by name, in memory: nothing is ever extracted to a folder. Entries are listed by the central
 * directory, each must agree with its local header, no two may share bytes, and checksums are verified.
 * Format: APPNOTE.TXT 6.3 (PKWARE). Stored and deflated entries, zip64; no encryption, no split archives.
 */
import { LimitError, UnsupportedError } from "../ir/errors.ts";
import { toTheEnd } from "../ir/steps.ts";
import { crc32 } from "./checksum.ts";
import { BoundedOutput, inflateBlocks } from "./inflate.ts";
import { ByteBudget, ByteReader, type FileLabel, MAX_DECODED_BYTES, showFile } from "./reader.ts";

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
/** Growth is not limited by ratio below this many bytes. */
const RATIO_FLOOR = 64 * 2 ** 20;

/** One entry of an archive. */
export interface ZipEntry {
  readonly name: string;
  /** Uncompressed. */
  readonly size: number;
  readonly packedSize: number;
}

interface Place extends ZipEntry {
  readonly method: number;
  readonly crc: number;
  readonly flags: number;
  readonly rawName: Uint8Array;
  readonly header: number;
}

export interface ReadZipOptions {
  /** The file's name, for errors. */
  name?: string | undefined;
  /** Refuse archives of more entries. Default 100,000. */
  maxEntries?: number | undefined;
  /** Refuse more decompressed bytes than this in all. Default 2 GiB. */
  maxBytes?: number | undefined;
  /** Refuse growth beyond this factor for entries of over 64 MiB. Default 200. */
  maxRatio?: number | undefined;
}

/** True when the bytes start as a zip archive does. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5);
}

/** An archive whose directory has been read and checked; entries are decompressed when asked for. */
export class ZipArchive {
  readonly #bytes: Uint8Array;
  readonly #file: FileLabel;
  readonly #budget: ByteBudget;
  readonly #maxRatio: number;
  readonly #places: ReadonlyMap<string, Place>;

  /** @throws FormatError for a damaged directory, LimitError beyond the limits, UnsupportedError for split archives. */
  constructor(bytes: Uint8Array, options: ReadZipOptions = {}) {
    this.#bytes = bytes;
    this.#file = { format: "zip", name: options.name };
    this.#budget = new ByteBudget(this.#file, options.maxBytes ?? MAX_DECODED_BYTES);
    this.#maxRatio = options.maxRatio ?? 200;
    this.#places = this.#readDirectory(options.maxEntries ?? 100_000);
  }

  /** The names and sizes of all files, in the order of the directory; folders are left out. */
  get entries(): readonly ZipEntry[] {
    return [...this.#places.values()]
      .filter((p) => !p.name.endsWith("/"))
      .map(({ name, size, packedSize }) => ({ name, size, packedSize }));
  }

  has(name: string): boolean {
    return this.#places.has(name);
  }

  /**
   * The content of the entry `name`, or undefined where there is none.
   *
   * @throws FormatError for damage, UnsupportedError for encryption and other methods than deflate, LimitError beyond the
   *   limits.
   */
  read(name: string): Uint8Array<ArrayBuffer> | undefined {
    const place = this.#places.get(name);
    if (place === undefined) return undefined;
    const { size, packedSize, method, crc, flags } = place;
    const file: FileLabel = { format: "zip", name: `${this.#file.name ?? "archive"}:${name}` };
    if (flags & 1 || (method !== 0 && method !== 8)) {
      throw new UnsupportedError({
        where: showFile(file),
        problem:
          flags & 1 ? "the entry is encrypted" : "the entry is compressed by a method that is not read here",
        expected: "method 0 (stored) or 8 (deflate)",
        got: flags & 1 ? "encryption" : `method ${method}`,
        try: "write the archive again with an ordinary zip program",
      });
    }
    if (size > RATIO_FLOOR && size > packedSize * this.#maxRatio) {
      throw new LimitError({
        where: showFile(file),
        problem: "the entry grows too much",
        expected: `at most ${this.#maxRatio} times its compressed size`,
        got: `${size} bytes from ${packedSize}`,
        try: "pass a larger maxRatio if the file is trusted",
      });
    }
    const begin = this.#contentOf(place);
    const packed = this.#bytes.subarray(begin, begin + packedSize);
    this.#budget.take(size, `the entry ${name}`);
    const content = method === 0 ? this.#stored(packed, size) : this.#inflated(packed, begin, size, file);
    const sum = crc32(content);
    if (sum !== crc) {
      throw this.#corrupt(begin, `the checksum of ${name} is wrong`, crc.toString(16), sum.toString(16));
    }
    return content;
  }

  #stored(packed: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(size);
    out.set(packed);
    return out;
  }

  #inflated(packed: Uint8Array, begin: number, size: number, file: FileLabel): Uint8Array<ArrayBuffer> {
    // A statement that the compressed bytes could not fulfil is not allocated.
    const hint = Math.min(size, packed.length * 1032);
    const output = new BoundedOutput(file, size, { hint, exact: true });
    const end = toTheEnd(inflateBlocks(packed, 0, output, file));
    if (output.length !== size || end !== packed.length) {
      throw this.#corrupt(
        begin,
        "an entry has another length than it states",
        `${size} bytes from ${packed.length}`,
        `${output.length} bytes from ${end}`,
      );
    }
    return output.finish();
  }

  /** The offset of an entry's content, once its local header agrees with the directory. */
  #contentOf(place: Place): number {
    const r = this.#reader();
    r.seek(place.header);
    if (r.u32("a local header") !== LOCAL) {
      throw this.#corrupt(place.header, `the local header of ${place.name} is missing`);
    }
    r.skip(2);
    const flags = r.u16("a local header");
    const method = r.u16("a local header");
    r.skip(4);
    const stated = { crc: r.u32(), packed: r.u32(), size: r.u32() };
    const nameLength = r.u16("a local header");
    const extra = r.u16("a local header");
    const name = r.slice(nameLength, "a name");
    r.skip(extra);
    // With bit 3 the sizes and the checksum follow the content; 2^32 - 1 refers to a zip64 field.
    const later = (flags & 8) !== 0;
    const agrees = (stated: number, truth: number) =>
      stated === truth || (later && stated === 0) || stated === 0xffffffff;
    if (
      method !== place.method ||
      flags !== place.flags ||
      !agrees(stated.crc, place.crc) ||
      !agrees(stated.packed, place.packedSize) ||
      !agrees(stated.size, place.size) ||
      name.length !== place.rawName.length ||
      name.some((b, i) => b !== place.rawName[i])
    ) {
      throw this.#corrupt(place.header, `the local header of ${place.name} contradicts the directory`);
    }
    if (place.packedSize > r.remaining) {
      throw this.#corrupt(
        r.offset,
        "the file ends before an entry",
        `${place.packedSize} bytes`,
        `${r.remaining}`,
      );
    }
    if (place.method === 0 && place.packedSize !== place.size) {
      throw this.#corrupt(place.header, "a stored entry states two lengths");
    }
    return r.offset;
  }

  #readDirectory(maxEntries: number): Map<string, Place> {
    const { offset, count, size, end } = this.#findEnd();
    if (count > maxEntries) {
      throw new LimitError({
        where: showFile(this.#file),
        problem: "the archive has too many entries",
        expected: `at most ${maxEntries}`,
        got: String(count),
        try: "pass a larger maxEntries if the file is trusted",
      });
    }
    if (offset + size !== end) {
      throw this.#corrupt(
        end,
        "the directory is not where the archive says",
        `${offset} + ${size}`,
        `${end}`,
      );
    }
    const r = this.#reader();
    r.seek(offset);
    const places = new Map<string, Place>();
    for (let i = 0; i < count; i++) {
      const place = this.#readPlace(r);
      if (places.has(place.name)) throw this.#corrupt(r.offset, `two entries are called ${place.name}`);
      places.set(place.name, place);
    }
    if (r.offset !== end) throw this.#corrupt(r.offset, "the directory is longer than its entries");
    this.#checkApart([...places.values()], offset);
    return places;
  }

  /** One entry of the central directory. */
  #readPlace(r: ByteReader): Place {
    const at = r.offset;
    if (r.u32("a directory entry") !== CENTRAL) throw this.#corrupt(at, "a directory entry is damaged");
    r.skip(4);
    const flags = r.u16();
    const method = r.u16();
    r.skip(4);
    const crc = r.u32();
    let packedSize = r.u32();
    let size = r.u32();
    const nameLength = r.u16();
    const extraLength = r.u16();
    const commentLength = r.u16();
    const disk = r.u16();
    r.skip(6);
    let header = r.u32();
    if (nameLength > 1024 || disk !== 0) {
      throw this.#corrupt(at, "a directory entry is damaged", "a name of at most 1024 bytes, disk 0");
    }
    const rawName = r.slice(nameLength, "a name");
    const extra = r.part(extraLength, "the extra fields");
    r.skip(commentLength);
    while (extra.remaining >= 4) {
      const id = extra.u16();
      const field = extra.part(extra.u16(), "an extra field");
      if (id !== 1) continue;
      if (size === 0xffffffff) size = field.u64();
      if (packedSize === 0xffffffff) packedSize = field.u64();
      if (header === 0xffffffff) header = field.u64();
    }
    const name = this.#nameOf(rawName, (flags & 0x800) !== 0, at);
    return { name, size, packedSize, method, crc, flags, rawName, header };
  }

  #nameOf(raw: Uint8Array, utf8: boolean, at: number): string {
    if (!utf8) return String.fromCharCode(...raw);
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(raw);
    } catch {
      throw this.#corrupt(at, "a name is not UTF-8 text");
    }
  }

  /** No two entries share bytes, and all lie before the directory (zip bombs overlap theirs). */
  #checkApart(places: readonly Place[], directory: number): void {
    const sorted = [...places].sort((a, b) => a.header - b.header);
    let free = 0;
    for (const { header, packedSize, rawName, name } of sorted) {
      if (header < free) throw this.#corrupt(header, `the entry ${name} overlaps another one`);
      free = header + 30 + rawName.length + packedSize;
    }
    if (free > directory) throw this.#corrupt(directory, "an entry reaches into the directory");
  }

  /** What the end record says: the last one whose comment reaches exactly to the end of the file. */
  #findEnd(): { offset: number; count: number; size: number; end: number } {
    const bytes = this.#bytes;
    for (let at = bytes.length - 22; at >= Math.max(0, bytes.length - 22 - 0xffff); at--) {
      if (bytes[at] !== 0x50 || bytes[at + 1] !== 0x4b) continue;
      const r = this.#reader();
      r.seek(at);
      if (r.u32() !== END) continue;
      const disks = [r.u16(), r.u16()];
      const counts = [r.u16(), r.u16()];
      const size = r.u32();
      const offset = r.u32();
      if (r.u16() !== r.remaining) continue;
      const wide = counts[1] === 0xffff || size === 0xffffffff || offset === 0xffffffff;
      if (wide || this.#isLocator(at - 20)) return this.#findEnd64(at);
      if (disks.some((d) => d !== 0) || counts[0] !== counts[1]) this.#refuseSplit();
      return { offset, count: counts[1]!, size, end: at };
    }
    throw this.#corrupt(bytes.length, "this is not a zip archive, or its end is missing");
  }

  #isLocator(at: number): boolean {
    if (at < 0) return false;
    const r = this.#reader();
    r.seek(at);
    return r.u32() === LOCATOR64;
  }

  #findEnd64(end32: number): { offset: number; count: number; size: number; end: number } {
    if (!this.#isLocator(end32 - 20)) throw this.#corrupt(end32, "the zip64 locator is missing");
    const r = this.#reader();
    r.seek(end32 - 16);
    const disk = r.u32();
    const end = r.u64("the zip64 locator");
    if (disk !== 0 || r.u32() !== 1) this.#refuseSplit();
    r.seek(end);
    if (r.u32("the zip64 end record") !== END64) throw this.#corrupt(end, "the zip64 end record is missing");
    const length = r.u64("the zip64 end record");
    if (end + 12 + length !== end32 - 20) throw this.#corrupt(end, "the zip64 end record has a wrong length");
    r.skip(4);
    const disks = [r.u32(), r.u32()];
    const counts = [r.u64(), r.u64()];
    if (disks.some((d) => d !== 0) || counts[0] !== counts[1]) this.#refuseSplit();
    const size = r.u64();
    return { offset: r.u64(), count: counts[1]!, size, end };
  }

  #refuseSplit(): never {
    throw new UnsupportedError({
      where: showFile(this.#file),
      problem: "the archive is split over several files",
      expected: "an archive in one file",
      got: "a part of one",
      try: "join the archive with a zip program",
    });
  }

  #reader(): ByteReader {
    return new ByteReader(this.#bytes, this.#file, { littleEndian: true, budget: this.#budget });
  }

  #corrupt(offset: number, problem: string, expected?: string, got?: string) {
    return this.#reader().corrupt(
      problem,
      { ...(expected === undefined ? {} : { expected }), ...(got === undefined ? {} : { got }) },
      offset,
    );
  }
}
