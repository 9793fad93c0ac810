import { deflateSync, gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { adler32, crc32 } from "../../src/formats/checksum.ts";
import { gzip } from "../../src/formats/deflate.ts";
import { gunzip, inflateZlib } from "../../src/formats/gzip.ts";
import { FormatError, LimitError } from "../../src/ir/errors.ts";
import { bitFlips, truncations, verdict } from "./damage.ts";

/** Bytes that compress a little, a lot, or not at all. */
function sample(size: number, kind: number): Uint8Array {
  let state = 1;
  return new Uint8Array(size).map((_, i) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return [0, i % 7, (i * i) >> 6, state >>> 24][kind]!;
  });
}

/** Whether the bytes are equal; quicker than a deep comparison. */
function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

const file = { format: "test" };
const text = new TextEncoder().encode(
  "the quick brown fox jumps over the lazy dog, and the dog over the fox. ".repeat(3),
);

describe("checksums", () => {
  test("CRC-32 and Adler-32 of the standard check text", () => {
    const digits = new TextEncoder().encode("123456789");
    expect(crc32(digits)).toBe(0xcbf43926);
    expect(adler32(digits)).toBe(0x091e01de);
    expect(crc32(digits.subarray(4), crc32(digits.subarray(0, 4)))).toBe(0xcbf43926);
  });
});

describe("gzip", () => {
  test.each([0, 1, 2, 3])("reads every level and strategy of zlib, kind %i", (kind) => {
    for (const size of [0, 1, 300, 40_000]) {
      const data = sample(size, kind);
      for (let level = 0; level <= 9; level += 3) {
        for (let strategy = 0; strategy <= 4; strategy++) {
          expect(same(inflateZlib(deflateSync(data, { level, strategy }), size, file), data)).toBe(true);
        }
        expect(same(gunzip(gzipSync(data, { level })), data)).toBe(true);
      }
    }
  });

  test("zlib reads what is written, and equal bytes give equal files", () => {
    const data = sample(5000, 2);
    expect(new Uint8Array(gunzipSync(gzip(data)))).toEqual(data);
    expect(gzip(data)).toEqual(gzip(data));
  });

  test("several members, and a header with every field", () => {
    const plain = gzipSync(text);
    expect(gunzip(Buffer.concat([plain, plain, plain]))).toHaveLength(3 * text.length);
    const header = [0x1f, 0x8b, 8, 2 + 4 + 8 + 16, 0, 0, 0, 0, 0, 3, 2, 0, 1, 2, 110, 0, 99, 0];
    const sum = crc32(Uint8Array.from(header)) & 0xffff;
    const whole = Uint8Array.from([...header, sum & 255, sum >> 8, ...plain.subarray(10)]);
    expect(gunzip(whole)).toEqual(text);
    whole[18]! ^= 1;
    expect(() => gunzip(whole)).toThrow(/CRC-16/);
  });

  test("no truncation passes, no flip alters the payload", () => {
    for (const level of [0, 1, 9]) {
      const seed = gzipSync(text, { level });
      for (const { name, bytes } of truncations(seed)) {
        expect(verdict(name, () => gunzip(bytes)).error, name).toBeInstanceOf(FormatError);
      }
      for (const { name, bytes } of bitFlips(seed)) {
        const { value, error } = verdict(name, () => gunzip(bytes));
        if (error === undefined) expect(value, name).toEqual(text);
      }
    }
  });

  test("bombs are refused, whether the stated length is true or not", () => {
    const bomb = gzipSync(new Uint8Array(70_000_000));
    expect(() => gunzip(bomb)).toThrow(LimitError);
    expect(() => gunzip(bomb)).toThrow(/maxRatio/);
    bomb.writeUInt32LE(100, bomb.length - 4);
    expect(() => gunzip(bomb)).toThrow(LimitError);
    expect(() => gunzip(gzipSync(text), { maxBytes: text.length - 1 })).toThrow(LimitError);
    expect(gunzip(gzipSync(text), { maxBytes: text.length })).toEqual(text);
  });

  test("a stated length that cannot be is not allocated", () => {
    const small = gzipSync(text);
    small.writeUInt32LE(0xffffffff, small.length - 4);
    expect(() => gunzip(small)).toThrow(FormatError);
  });

  test("the wrong size of a zlib stream is refused", () => {
    const packed = deflateSync(text);
    expect(() => inflateZlib(packed, text.length - 1, file)).toThrow(FormatError);
    expect(() => inflateZlib(packed, text.length + 1, file)).toThrow(FormatError);
    expect(() => inflateZlib(packed, 2 ** 40, file)).toThrow(FormatError);
  });
});
