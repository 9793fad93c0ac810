/**
 * An HDF5 file as bytes with addresses: the superblock, sizes of addresses and lengths, and checked access.
 * Format: "HDF5 File Format Specification Version 3.0", https://docs.hdfgroup.org; §numbers below are its.
 */
import { FormatError, UnsupportedError } from "../../ir/errors.ts";
import { ByteBudget, ByteReader, type FileLabel, firstBytes, showFile } from "../reader.ts";
import { lookup3 } from "./lookup3.ts";

export const signature = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);

export class Hdf5File {
  readonly bytes: Uint8Array;
  readonly file: FileLabel;
  readonly budget: ByteBudget;
  /** Bytes of an address and of a length. */
  readonly offsetSize: number;
  readonly lengthSize: number;
  /** The address of the root group's object header. */
  readonly root: number;

  /** Reads the superblock (§II.A). */
  constructor(bytes: Uint8Array, file: FileLabel, maxBytes: number) {
    this.bytes = bytes;
    this.file = file;
    this.budget = new ByteBudget(file, maxBytes);
    if (signature.some((b, i) => bytes[i] !== b)) {
      throw this.reader(0).corrupt("this is not an HDF5 file", {
        expected: "HDF5's eight signature bytes",
        got: firstBytes(bytes),
      });
    }
    const r = this.reader(8);
    const version = r.u8("the superblock");
    if (version > 3) throw this.unsupported("/", `superblock version ${version}`);
    if (version < 2) r.skip(4);
    this.offsetSize = r.u8("the superblock");
    this.lengthSize = r.u8("the superblock");
    if (![4, 8].includes(this.offsetSize) || ![4, 8].includes(this.lengthSize)) {
      throw r.corrupt("sizes of addresses and lengths must be 4 or 8", {
        got: `${this.offsetSize} and ${this.lengthSize}`,
      });
    }
    // Reserved byte, two tree sizes and flags; version 1 has one more tree size. From version 2 on only flags.
    r.skip(version === 0 ? 9 : version === 1 ? 13 : 1);
    const base = this.address(r);
    if (base !== 0) throw this.unsupported("/", "a user block before the superblock");
    this.address(r);
    const end = this.address(r);
    if (end === undefined || end > bytes.length) {
      throw r.corrupt("the file is cut short", {
        expected: `${end ?? "a number of"} bytes`,
        got: `${bytes.length} bytes`,
      });
    }
    if (version < 2) {
      this.address(r);
      this.length(r);
      this.root = this.definedAddress(r, "the root group");
    } else {
      this.root = this.definedAddress(r, "the root group");
      this.checkSum(r, 0);
    }
  }

  /** A little-endian reader that stands at `address`. */
  reader(address: number): ByteReader {
    const r = new ByteReader(this.bytes, this.file, { littleEndian: true, budget: this.budget });
    r.seek(address);
    return r;
  }

  /** The next address; undefined for the value that stands for "none" (all bits set). */
  address(r: ByteReader): number | undefined {
    const bytes = r.bytes.subarray(r.offset, r.offset + this.offsetSize);
    if (bytes.length === this.offsetSize && bytes.every((b) => b === 255)) {
      r.skip(this.offsetSize);
      return undefined;
    }
    return this.offsetSize === 8 ? r.u64("an address") : r.u32("an address");
  }

  definedAddress(r: ByteReader, what: string): number {
    const address = this.address(r);
    if (address === undefined) throw r.corrupt(`${what} has no address`);
    return address;
  }

  length(r: ByteReader): number {
    return this.lengthSize === 8 ? r.u64("a length") : r.u32("a length");
  }

  /** Reads the checksum at `r` and compares it with that of the bytes from `start` to it. */
  checkSum(r: ByteReader, start: number): void {
    const computed = lookup3(r.bytes.subarray(start, r.offset));
    if (r.u32("a checksum") !== computed) throw r.corrupt("a checksum is wrong", {}, start);
  }

  /** Reads four letters and a version; FormatError unless they are these. */
  expectBlock(r: ByteReader, letters: string, version?: number): void {
    const start = r.offset;
    const got = r.latin1(4, `a block ${letters}`);
    if (got !== letters)
      throw r.corrupt(`a block ${letters} is missing`, { got: JSON.stringify(got) }, start);
    if (version !== undefined && r.u8() !== version)
      throw r.corrupt(`block ${letters} is of an unknown version`, {}, start);
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
      problem: "the file uses a part of HDF5 that is not read",
      got,
      try: "write the file with h5py's defaults (no libver, no virtual or external data), e.g. by copying it with h5repack",
      details: this.details(path),
    });
  }

  details(path: string): Record<string, unknown> {
    return { format: "HDF5", path: this.file.name, object: path };
  }
}
