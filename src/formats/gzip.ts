/**
 * Reads gzip (RFC 1952) and zlib (RFC 1950) streams, with their checksums verified and their growth limited; deflate.ts
 * writes them.
 */
import { toTheEnd } from "../ir/steps.ts";
import { adler32, crc32 } from "./checksum.ts";
import { BoundedOutput, inflateBlocks } from "./inflate.ts";
import { ByteReader, type FileLabel, MAX_DECODED_BYTES } from "./reader.ts";

/** Deflate cannot expand more than this: 258 bytes from 2 bits. */
const MAX_DEFLATE_RATIO = 1032;
/** Growth is not limited by ratio below this many bytes. */
const RATIO_FLOOR = 64 * 2 ** 20;

export interface GunzipOptions {
  /** The file's name, for errors. */
  name?: string | undefined;
  /** Refuse more decompressed bytes than this. Default 2 GiB. */
  maxBytes?: number | undefined;
  /** Refuse growth beyond this factor once the output is over 64 MiB. Default 200. */
  maxRatio?: number | undefined;
}

/** True when the bytes start as a gzip member does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Decompresses a gzip file of one or more members.
 *
 * @throws FormatError for damage of any kind (checksum and length are verified), LimitError for a file that grows
 *   beyond `maxBytes`, or beyond both 64 MiB and `maxRatio` times its size.
 */
export function gunzip(bytes: Uint8Array, options: GunzipOptions = {}): Uint8Array<ArrayBuffer> {
  return toTheEnd(decompress(bytes, options));
}

/** As `gunzip`; `pause` is called after each block, and awaited where it gives a promise, so that others get a turn. */
export async function gunzipInTurns(
  bytes: Uint8Array,
  pause: () => Promise<void> | undefined,
  options: GunzipOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const work = decompress(bytes, options);
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    const paused = pause();
    if (paused) await paused;
  }
}

/** The most bytes that these may become. */
export function decodedLimit(bytes: Uint8Array, { maxBytes, maxRatio = 200 }: GunzipOptions): number {
  return Math.min(maxBytes ?? MAX_DECODED_BYTES, Math.max(RATIO_FLOOR, maxRatio * bytes.length));
}

/** Bytes whose checksum is computed at once. */
const SUMMED = 2 ** 22;

function* decompress(bytes: Uint8Array, options: GunzipOptions): Generator<void, Uint8Array<ArrayBuffer>> {
  const file: FileLabel = { format: "gzip", name: options.name };
  const r = new ByteReader(bytes, file);
  skipHeader(r);
  const output = new BoundedOutput(file, decodedLimit(bytes, options), { hint: declaredSize(bytes) });
  for (;;) {
    const start = output.length;
    r.seek(yield* inflateBlocks(bytes, r.offset, output, file));
    const member = output.bytes.subarray(start, output.length);
    const trailer = new ByteReader(r.slice(8, "the checksum"), file, { littleEndian: true });
    const stated = { crc: trailer.u32(), size: trailer.u32() };
    if (stated.size !== member.length % 2 ** 32) {
      throw r.corrupt("the decompressed length is wrong", {
        expected: `${stated.size} bytes`,
        got: `${member.length} bytes`,
      });
    }
    let sum = 0;
    for (let at = 0; at < member.length; at += SUMMED) {
      sum = crc32(member.subarray(at, at + SUMMED), sum);
      yield;
    }
    checkSum(r, "CRC-32", stated.crc, sum);
    if (r.remaining === 0) return output.finish();
    skipHeader(r);
  }
}

/** Decompresses a zlib stream that must give exactly `size` bytes; FormatError otherwise. */
export function inflateZlib(bytes: Uint8Array, size: number, file: FileLabel): Uint8Array<ArrayBuffer> {
  const r = new ByteReader(bytes, file);
  const method = r.u8("the compressed data");
  const flags = r.u8("the compressed data");
  if ((method & 15) !== 8 || method >> 4 > 7 || (method * 256 + flags) % 31 !== 0 || flags & 32) {
    throw r.corrupt("the compressed data do not start as a zlib stream", {}, 0);
  }
  if (size > bytes.length * MAX_DEFLATE_RATIO) {
    throw r.corrupt("the compressed data are too short", {
      expected: `compressed data of ${size} bytes`,
      got: `${bytes.length} bytes`,
    });
  }
  const output = new BoundedOutput(file, size, { hint: size, exact: true });
  r.seek(toTheEnd(inflateBlocks(bytes, 2, output, file)));
  if (output.length !== size) {
    throw r.corrupt("the compressed data are too short", {
      expected: `${size} bytes`,
      got: `${output.length} bytes`,
    });
  }
  checkSum(r, "Adler-32", r.u32("the checksum"), adler32(output.bytes));
  return output.bytes;
}

/**
 * The length that the last member states: the hint for the first allocation, checked after decoding. A statement
 * that the compressed bytes could not fulfil is ignored (0) here and found wrong there.
 */
export function declaredSize(bytes: Uint8Array): number {
  if (bytes.length < 18) return 0;
  const size = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0, true);
  return size > bytes.length * MAX_DEFLATE_RATIO ? 0 : size;
}

/** Reads a member's header (RFC 1952 §2.3) and checks its checksum where it has one. */
function skipHeader(r: ByteReader): void {
  const start = r.offset;
  const what = "the end of the gzip header";
  if (r.u8(what) !== 0x1f || r.u8(what) !== 0x8b) {
    throw r.corrupt("this is not gzip data", { expected: "the bytes 1f 8b" }, start);
  }
  const method = r.u8(what);
  const flags = r.u8(what);
  if (method !== 8 || flags & 0xe0) {
    throw r.corrupt("the gzip header is invalid", {
      expected: "method 8 and no reserved flags",
      got: `method ${method}, flags ${flags}`,
    });
  }
  r.skip(6);
  if (flags & 4) r.skip(r.u8(what) + 256 * r.u8(what));
  for (const text of [8, 16]) if (flags & text) while (r.u8(what) !== 0);
  if (flags & 2) {
    const sum = crc32(r.bytes.subarray(start, r.offset)) & 0xffff;
    checkSum(r, "CRC-16 of the header", r.u8(what) + 256 * r.u8(what), sum);
  }
}

function checkSum(r: ByteReader, name: string, stated: number, computed: number): void {
  if (stated === computed) return;
  throw r.corrupt(`the checksum (${name}) is wrong`, { expected: hex(stated), got: hex(computed) });
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}
