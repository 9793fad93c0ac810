import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { PickleTuple, readPickle } from "../../src/formats/pickle.ts";
import { readPlanetoidGraph, readPlanetoidIndex, readPlanetoidMatrix } from "../../src/formats/planetoid.ts";
import { readStateDict, readTorch } from "../../src/formats/pt.ts";
import { FormatError, LimitError, UnsupportedError } from "../../src/ir/errors.ts";
import { bitFlips, truncations, verdict } from "./damage.ts";

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url));
const bytes = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const state = fixture("state.pt");

describe("pickle", () => {
  test.each([
    ["N.", null],
    ["I01\n.", true],
    ["I-12\n.", -12],
    ["L123456789012345678901L\n.", 123456789012345678901n],
    ["F1.5\n.", 1.5],
    ["S'a\\x41\\n'\n.", "aA\n"],
    ["\x80\x02]q\x00(K\x01M\x00\x01J\xff\xff\xff\xffe.", [1, 256, -1]],
    [
      "\x80\x02}q\x00(U\x01aK\x01X\x01\x00\x00\x00bG\x3f\xe0\0\0\0\0\0\0u.",
      new Map([
        ["a", 1],
        ["b", 0.5],
      ]),
    ],
    ["\x80\x04\x95\x04\0\0\0\0\0\0\0\x8a\x02\xff\x7f.", 32767],
    ["\x80\x02K\x01K\x02\x86.", new PickleTuple([1, 2])],
  ])("%j", (text, value) => {
    expect(readPickle(bytes(text as string))).toEqual(value);
  });

  test("classes and functions are refused by name, whatever they are called", () => {
    const system = bytes("cos\nsystem\n(S'echo'\ntR.");
    expect(() => readPickle(system)).toThrow(UnsupportedError);
    expect(() => readPickle(system)).toThrow(/os\.system/);
    expect(() => readPickle(bytes("c__main__\n__proto__\n."))).toThrow(UnsupportedError);
  });

  test("broken pickles and limits", () => {
    for (const text of [
      "",
      ".",
      "e.",
      "K\x01K\x02.",
      "h\x05.",
      "(.",
      "\xff.",
      "R.",
      "I1x\n.",
      "\x80\x09N.",
    ]) {
      expect(() => readPickle(bytes(text)), JSON.stringify(text)).toThrow(FormatError);
    }
    expect(() => readPickle(bytes("N0".repeat(100) + "N."), { maxValues: 50 })).toThrow(LimitError);
  });
});

describe("PyTorch files", () => {
  test("tensors of every type and layout", () => {
    const read = readStateDict(state);
    const t = Float32Array.from({ length: 24 }, (_, i) => i / 8);
    expect(read.get("whole")).toEqual({ dtype: "F32", shape: [4, 6], data: t });
    expect(read.get("turned")!.data.slice(0, 5)).toEqual(Float32Array.of(0, 0.75, 1.5, 2.25, 0.125));
    expect(read.get("part")!.data).toEqual(Float32Array.of(0.75, 1, 1.25, 1.5, 1.75, 2));
    expect(read.get("number")).toEqual({ dtype: "I64", shape: [], data: BigInt64Array.of(3n) });
    expect(read.get("empty")).toEqual({ dtype: "F32", shape: [0, 3], data: new Float32Array(0) });
    expect(read.get("half")).toEqual({ dtype: "F16", shape: [2], data: Float32Array.of(1.5, -2) });
    expect(read.get("brain")).toEqual({ dtype: "BF16", shape: [2], data: Float32Array.of(1.5, -2) });
    expect(read.get("double")!.data).toEqual(Float64Array.of(0.1));
    expect(read.get("truth")!.data).toEqual(Uint8Array.of(1, 0));
    expect(read.get("bytes")!.data).toEqual(Uint8Array.of(1, 2, 3, 255));
  });

  test("containers, and what is no state dict", () => {
    const value = readTorch(fixture("checkpoint.pt")) as ReadonlyMap<string, unknown>;
    expect(value.get("epoch")).toBe(3);
    expect(value.get("names")).toEqual(["a", ["b", null, true, 2.5]]);
    expect(() => readStateDict(fixture("checkpoint.pt"))).toThrow(/model/);
    expect(() => readTorch(fixture("module.pt"))).toThrow(UnsupportedError);
    expect(() => readTorch(bytes("\x80\x02N."))).toThrow(UnsupportedError);
  });

  test("truncations and flips are typed errors or leave the content as it is", () => {
    const whole = readStateDict(state);
    for (const { name, bytes } of truncations(state.subarray(0, 0))) verdict(name, () => readTorch(bytes));
    for (let n = 0; n < state.length; n += 7) {
      const { error } = verdict(`cut at ${n}`, () => readTorch(state.subarray(0, n)));
      expect(error).toBeDefined();
    }
    for (const { name, bytes } of bitFlips(state, 41)) {
      const { value } = verdict(name, () => readStateDict(bytes));
      if (value !== undefined) expect(value, name).toEqual(whole);
    }
  });
});

const raw = "../shared/data/planetoid/raw/ind.cora";
describe.skipIf(!existsSync(`${raw}.graph`))("Planetoid files (need ../shared)", () => {
  test("matrices, neighbours, test nodes", () => {
    const x = readPlanetoidMatrix(readFileSync(`${raw}.x`));
    expect([x.rows, x.columns, x.data.reduce((a, b) => a + b)]).toEqual([140, 1433, 2647]);
    const y = readPlanetoidMatrix(readFileSync(`${raw}.y`));
    expect([y.rows, y.columns, y.data.reduce((a, b) => a + b)]).toEqual([140, 7, 140]);
    const graph = readPlanetoidGraph(readFileSync(`${raw}.graph`));
    expect([graph.size, graph.get(0)]).toEqual([2708, [633, 1862, 2582]]);
    expect(readPlanetoidIndex(readFileSync(`${raw}.test.index`)).slice(0, 2)).toEqual([2692, 2532]);
  });

  test("damage is a typed error or other numbers", () => {
    const seed = readFileSync(`${raw}.y`);
    for (let n = 0; n < seed.length; n += 61) {
      expect(verdict(`cut at ${n}`, () => readPlanetoidMatrix(seed.subarray(0, n))).error).toBeDefined();
    }
    for (const { name, bytes } of bitFlips(seed.subarray(0), 97)) {
      const { value } = verdict(name, () => readPlanetoidMatrix(bytes));
      if (value !== undefined) expect(value.data.length).toBe(value.rows * value.columns);
    }
  });
});
