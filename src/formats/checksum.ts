/**
 * The checksums of gzip, PNG and zip (CRC-32, ISO 3309), of checkpoints and TFRecords (CRC-32C, Castagnoli) and of zlib
 * streams (Adler-32, RFC 1950).
 */

/** Eight tables: `tables[256 k + b]` is the CRC of byte b followed by k zero bytes ("slicing by eight"). */
const tables = /* @__PURE__ */ makeTables(0xedb88320);
const castagnoli = /* @__PURE__ */ makeTables(0x82f63b78);

function makeTables(polynomial: number): Uint32Array {
  const t = new Uint32Array(8 * 256);
  for (let b = 0; b < 256; b++) {
    let c = b;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? polynomial ^ (c >>> 1) : c >>> 1;
    t[b] = c;
  }
  for (let i = 256; i < t.length; i++) t[i] = t[t[i - 256]! & 255]! ^ (t[i - 256]! >>> 8);
  return t;
}

/** CRC-32 of `bytes`, or of what gave `previous` followed by `bytes`. Unsigned. */
export function crc32(bytes: Uint8Array, previous: number = 0): number {
  return crc(tables, bytes, previous);
}

/** CRC-32C (Castagnoli, RFC 3720) of `bytes`, or of what gave `previous` followed by `bytes`. Unsigned. */
export function crc32c(bytes: Uint8Array, previous: number = 0): number {
  return crc(castagnoli, bytes, previous);
}

function crc(tables: Uint32Array, bytes: Uint8Array, previous: number): number {
  let c = ~previous;
  let i = 0;
  for (; i + 8 <= bytes.length; i += 8) {
    const low = c ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
    c =
      tables[1792 + (low & 255)]! ^
      tables[1536 + ((low >>> 8) & 255)]! ^
      tables[1280 + ((low >>> 16) & 255)]! ^
      tables[1024 + (low >>> 24)]! ^
      tables[768 + bytes[i + 4]!]! ^
      tables[512 + bytes[i + 5]!]! ^
      tables[256 + bytes[i + 6]!]! ^
      tables[bytes[i + 7]!]!;
  }
  for (; i < bytes.length; i++) c = tables[(c ^ bytes[i]!) & 255]! ^ (c >>> 8);
  return ~c >>> 0;
}

/** Adler-32 of `bytes`. Unsigned. */
export function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  // 5552 is the longest run whose sums stay below 2^32 without reduction.
  for (let from = 0; from < bytes.length; from += 5552) {
    const to = Math.min(from + 5552, bytes.length);
    for (let i = from; i < to; i++) {
      a += bytes[i]!;
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return ((b << 16) | a) >>> 0;
}
