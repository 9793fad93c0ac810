import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { gzip } from "../../src/formats/deflate.ts";
import { type IdxArray, readIdx, writeIdx } from "../../src/formats/idx.ts";
import { FormatError, LimitError, ShapeError } from "../../src/ir/errors.ts";
import { bitFlips, truncations, verdict } from "./damage.ts";

const arrays: IdxArray[] = [
  { dtype: "uint8", shape: [2, 3], data: Uint8Array.of(0, 1, 127, 128, 254, 255) },
  { dtype: "int8", shape: [3], data: Int8Array.of(-128, 0, 127) },
  { dtype: "int16", shape: [2], data: Int16Array.of(-2, 300) },
  { dtype: "int32", shape: [1, 2], data: Int32Array.of(-70000, 70000) },
  { dtype: "float32", shape: [2], data: Float32Array.of(1.5, -Infinity) },
  { dtype: "float64", shape: [], data: Float64Array.of(Math.PI) },
  { dtype: "uint8", shape: [0, 28, 28], data: new Uint8Array(0) },
];

describe("IDX", () => {
  test.each(arrays)("$dtype $shape is read as it was written, compressed or not", (array) => {
    expect(readIdx(writeIdx(array))).toEqual(array);
    expect(readIdx(gzip(writeIdx(array)))).toEqual(array);
  });

  test("the bytes are big-endian", () => {
    expect([...writeIdx({ dtype: "int16", shape: [1], data: Int16Array.of(258) })]).toEqual([
      0, 0, 11, 1, 0, 0, 0, 1, 1, 2,
    ]);
  });

  test("every truncation is a FormatError, every flip a typed error or other numbers", () => {
    for (const array of arrays) {
      const seed = writeIdx(array);
      for (const { name, bytes } of truncations(seed)) {
        expect(verdict(name, () => readIdx(bytes)).error, name).toBeInstanceOf(FormatError);
      }
      for (const { name, bytes } of bitFlips(seed)) {
        const { value } = verdict(name, () => readIdx(bytes));
        if (value !== undefined) expect(value.data.length, name).toBe(value.shape.reduce((a, b) => a * b, 1));
      }
    }
  });

  test("sizes are checked before anything is allocated", () => {
    const huge = Uint8Array.from([0, 0, 8, 4, ...new Array<number>(16).fill(255)]);
    expect(() => readIdx(huge)).toThrow(FormatError);
    expect(() => readIdx(writeIdx(arrays[0]!), { maxBytes: 5 })).toThrow(LimitError);
    expect(() => readIdx(Uint8Array.of(0, 0, 8, 200))).toThrow(/axes/);
  });

  test("the error says where, what was expected, what was got and what to try", () => {
    const { error } = verdict("", () => readIdx(writeIdx(arrays[0]!).subarray(0, 14), { name: "a-ubyte" }));
    expect(error?.message).toBe(
      "IDX file a-ubyte: the sizes do not fit the length of the file (at byte 12)\n" +
        "  expected 6 bytes for uint8[2, 3]\n  got      2 bytes\n" +
        "  try      get the file again; it is damaged or not what its name says",
    );
    expect(error?.details).toMatchObject({ format: "IDX", path: "a-ubyte", offset: 12 });
  });

  test("data that do not fill the shape are not written", () => {
    expect(() => writeIdx({ dtype: "uint8", shape: [3], data: new Uint8Array(2) })).toThrow(ShapeError);
    expect(() => writeIdx({ dtype: "uint8", shape: [-1, -2], data: new Uint8Array(2) })).toThrow(ShapeError);
  });

  const jets = "../shared/data/jet_images/jets-images-idx3-float.gz";
  test.skipIf(!existsSync(jets))("images of floats are read (needs ../shared)", () => {
    const { dtype, shape, data } = readIdx(readFileSync(jets));
    expect([dtype, shape]).toEqual(["float32", [5126, 30, 30]]);
    expect(data.every((v) => Number.isFinite(Number(v)))).toBe(true);
  });
});
