/**
 * The bounded reader that every binary format is read through: no read past the end, no allocation beyond a budget,
 * no offset that is not a safe integer. A violation is a FormatError or a LimitError that says where in the file.
 */
import { FormatError, LimitError } from "../ir/errors.ts";

/** Bytes decoded from one file: 2 GiB, what a 32-bit memory can hold next to everything else. */
export const MAX_DECODED_BYTES = 2 * 2 ** 30;

/** Names a file and its format in errors. */
export interface FileLabel {
  /** The format, e.g. `IDX`. */
  readonly format: string;
  /** The file's name or path, if it has one. */
  readonly name?: string | undefined;
}

/** `IDX file train-images-idx3-ubyte` */
export function showFile({ format, name }: FileLabel): string {
  return name === undefined ? `${format} data` : `${format} file ${name}`;
}

/** What a corrupt file is: says the offset, and that a fresh copy is the remedy unless `advice` says otherwise. */
export function corrupt(
  file: FileLabel,
  offset: number,
  problem: string,
  more: { expected?: string; got?: string; try?: string; cause?: unknown } = {},
): FormatError {
  return new FormatError({
    where: showFile(file),
    problem: `${problem} (at byte ${offset})`,
    expected: `a whole ${file.format} file`,
    try: "get the file again; it is damaged or not what its name says",
    ...more,
    details: { format: file.format, path: file.name, offset },
  });
}

/** The first bytes as a message shows them, for files that are not what their names say. */
export function firstBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return "an empty file";
  return [...bytes.subarray(0, 8)].map((b) => b.toString(16).padStart(2, "0")).join(" ");
}

/** Counts the bytes a reader allocates for one file and refuses to go beyond the limit. */
export class ByteBudget {
  readonly limit: number;
  readonly file: FileLabel;
  /** The option of the reading function that raises the limit; named in the error. */
  readonly option: string;
  used = 0;

  constructor(file: FileLabel, limit: number = MAX_DECODED_BYTES, option: string = "maxBytes") {
    this.file = file;
    this.limit = limit;
    this.option = option;
  }

  /** Accounts for `bytes` that are about to be allocated; LimitError when that is too many. */
  take(bytes: number, what: string): void {
    if (!Number.isSafeInteger(bytes) || bytes < 0 || this.used + bytes > this.limit) {
      throw new LimitError({
        where: showFile(this.file),
        problem: `${what} needs more memory than one file may use`,
        expected: `at most ${this.limit} bytes in all`,
        got: `${bytes} bytes declared, ${this.used} in use`,
        try: `pass a larger ${this.option} if the file is trusted`,
        details: { format: this.file.format, path: this.file.name, limit: this.limit, declared: bytes },
      });
    }
    this.used += bytes;
  }

  /** `length` zero bytes, counted. */
  alloc(length: number, what: string): Uint8Array<ArrayBuffer> {
    this.take(length, what);
    return new Uint8Array(length);
  }
}

/** Reads numbers from bytes, in order, in one byte order. Every method throws a FormatError at the end of the bytes. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly file: FileLabel;
  readonly littleEndian: boolean;
  readonly budget: ByteBudget;
  /** The offset of the first byte in the file, for errors, where the bytes are a part of it. */
  readonly origin: number;
  #view: DataView;
  #offset = 0;

  constructor(
    bytes: Uint8Array,
    file: FileLabel,
    options: { littleEndian?: boolean; budget?: ByteBudget; origin?: number } = {},
  ) {
    this.bytes = bytes;
    this.file = file;
    this.littleEndian = options.littleEndian ?? false;
    this.budget = options.budget ?? new ByteBudget(file);
    this.origin = options.origin ?? 0;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.bytes.length - this.#offset;
  }

  /** A FormatError about the byte at `offset`, by default the next one. */
  corrupt(
    problem: string,
    more: Parameters<typeof corrupt>[3] = {},
    offset: number = this.#offset,
  ): FormatError {
    return corrupt(this.file, this.origin + offset, problem, more);
  }

  /** Moves to an absolute offset. */
  seek(offset: number): void {
    if (!Number.isSafeInteger(offset) || offset < 0 || offset > this.bytes.length) {
      throw this.corrupt("an address points outside the file", {
        expected: `an offset of 0 … ${this.bytes.length}`,
        got: String(offset),
      });
    }
    this.#offset = offset;
  }

  skip(count: number): void {
    this.#advance(count, "bytes to skip");
  }

  u8(what: string = "a byte"): number {
    return this.#view.getUint8(this.#advance(1, what));
  }

  u16(what: string = "a 16-bit number"): number {
    return this.#view.getUint16(this.#advance(2, what), this.littleEndian);
  }

  u32(what: string = "a 32-bit number"): number {
    return this.#view.getUint32(this.#advance(4, what), this.littleEndian);
  }

  i32(what: string = "a 32-bit number"): number {
    return this.#view.getInt32(this.#advance(4, what), this.littleEndian);
  }

  /** An unsigned 64-bit number; FormatError above 2^53 − 1, which no size or address in a real file reaches. */
  u64(what: string = "a 64-bit number"): number {
    const at = this.#advance(8, what);
    const value = this.#view.getBigUint64(at, this.littleEndian);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw this.corrupt(
        `${what} is too large to be true`,
        { expected: "at most 2^53 - 1", got: String(value) },
        at,
      );
    }
    return Number(value);
  }

  f32(what: string = "a 32-bit float"): number {
    return this.#view.getFloat32(this.#advance(4, what), this.littleEndian);
  }

  f64(what: string = "a 64-bit float"): number {
    return this.#view.getFloat64(this.#advance(8, what), this.littleEndian);
  }

  /** The next `length` bytes as a view, not a copy. */
  slice(length: number, what: string = "data"): Uint8Array {
    const at = this.#advance(length, what);
    return this.bytes.subarray(at, at + length);
  }

  /** The next `length` bytes as a reader of their own. */
  part(length: number, what: string = "data"): ByteReader {
    const { file, littleEndian, budget } = this;
    const origin = this.origin + this.#offset;
    return new ByteReader(this.slice(length, what), file, { littleEndian, budget, origin });
  }

  /** The next `length` bytes as Latin-1 text. */
  latin1(length: number, what: string = "text"): string {
    return String.fromCharCode(...this.slice(length, what));
  }

  /** FormatError unless every byte has been read. */
  end(): void {
    if (this.remaining > 0) {
      throw this.corrupt("there are bytes after the end", {
        expected: "the end of the file",
        got: `${this.remaining} more bytes`,
      });
    }
  }

  #advance(count: number, what: string): number {
    const at = this.#offset;
    if (!Number.isSafeInteger(count) || count < 0 || count > this.remaining) {
      throw this.corrupt(`the file ends before ${what}`, {
        expected: `${count} bytes`,
        got: `${this.remaining} bytes`,
      });
    }
    this.#offset = at + count;
    return at;
  }
}
