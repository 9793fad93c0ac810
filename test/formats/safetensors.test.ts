import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fromBfloat, fromHalf, toBfloat, toHalf } from "../../src/formats/half.ts";
import { readSafetensors, type SafeTensor, writeSafetensors } from "../../src/formats/safetensors.ts";
import { FormatError, LimitError, ShapeError } from "../../src/ir/errors.ts";
import { bitFlips, truncations, verdict } from "./damage.ts";

const tensors: [string, SafeTensor][] = [
  ["double", { dtype: "F64", shape: [1], data: Float64Array.of(0.1) }],
  ["big", { dtype: "I64", shape: [2], data: BigInt64Array.of(-1n, 2n ** 62n) }],
  ["conv1.lin.weight", { dtype: "F32", shape: [2, 2], data: Float32Array.of(1, -0, Number.NaN, 4) }],
  ["whole", { dtype: "I32", shape: [], data: Int32Array.of(-7) }],
  ["brain", { dtype: "BF16", shape: [2], data: Float32Array.of(1.5, -2) }],
  ["half", { dtype: "F16", shape: [2], data: Float32Array.of(65504, 2 ** -24) }],
  ["__proto__", { dtype: "BOOL", shape: [2], data: Uint8Array.of(1, 0) }],
  ["empty", { dtype: "U8", shape: [0, 3], data: new Uint8Array(0) }],
];
const file = writeSafetensors(tensors, [["format", "pt"]]);

function withHeader(header: string, data: number[] = []): Uint8Array {
  const text = new TextEncoder().encode(header);
  return Uint8Array.from([text.length & 255, text.length >> 8, 0, 0, 0, 0, 0, 0, ...text, ...data]);
}

describe("16-bit floats", () => {
  test("every half and bfloat that is a number is read and written", () => {
    const all = Array.from({ length: 65536 }, (_, bits) => bits);
    const half = (bits: number) => Number.isNaN(fromHalf(bits)) || toHalf(fromHalf(bits)) === bits;
    const bfloat = (bits: number) => Number.isNaN(fromBfloat(bits)) || toBfloat(fromBfloat(bits)) === bits;
    expect(all.filter((bits) => !half(bits) || !bfloat(bits))).toEqual([]);
    expect([toHalf(1 + 2 ** -11), toHalf(1 + 3 * 2 ** -11), toHalf(65520)]).toEqual([0x3c00, 0x3c02, 0x7c00]);
  });
});

describe("safetensors", () => {
  test("is read as it was written, and equal arrays give equal files", () => {
    const { tensors: read, metadata } = readSafetensors(file);
    expect([...read].sort()).toEqual([...tensors].sort());
    expect([...metadata]).toEqual([["format", "pt"]]);
    expect(writeSafetensors([...read].reverse(), metadata)).toEqual(file);
  });

  test("every truncation is a FormatError, every flip a typed error or other numbers", () => {
    for (const { name, bytes } of truncations(file)) {
      const { error } = verdict(name, () => readSafetensors(bytes));
      expect(error, name).toBeInstanceOf(FormatError);
    }
    for (const { name, bytes } of bitFlips(file, 3)) {
      const { value } = verdict(name, () => readSafetensors(bytes));
      for (const { shape, data } of value?.tensors.values() ?? []) {
        expect(data.length, name).toBe(shape.reduce((a, b) => a * b, 1));
      }
    }
  });

  test.each([
    ["a gap", '{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', [0, 0]],
    [
      "an overlap",
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
      [0],
    ],
    ["bytes left over", '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [0, 0]],
    ["a size of 2^60", '{"a":{"dtype":"U8","shape":[1152921504606846976],"data_offsets":[0,1]}}', [0]],
    ["an unknown type", '{"a":{"dtype":"constructor","shape":[],"data_offsets":[0,1]}}', [0]],
    ["a list", "[]", []],
  ])("%s is refused", (_, header, data) => {
    expect(() => readSafetensors(withHeader(header, data))).toThrow(FormatError);
  });

  test("limits are named", () => {
    expect(() => readSafetensors(file, { maxHeader: 10 })).toThrow(/maxHeader/);
    expect(() => readSafetensors(file, { maxTensors: 2 })).toThrow(/maxTensors/);
    expect(() => readSafetensors(file, { maxBytes: 8 })).toThrow(LimitError);
    expect(() => readSafetensors(Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127))).toThrow(FormatError);
    expect(() => writeSafetensors([["a", { dtype: "U8", shape: [2], data: new Uint8Array(1) }]])).toThrow(
      ShapeError,
    );
  });

  const karate = "../shared/reference/training/karate_gcn.initial.safetensors";
  test.skipIf(!existsSync(karate))("a state dict of PyTorch is read (needs ../shared)", () => {
    const { tensors: state } = readSafetensors(readFileSync(karate));
    expect(state.get("conv1.lin.weight")).toMatchObject({ dtype: "F32", shape: [4, 34] });
  });
});
