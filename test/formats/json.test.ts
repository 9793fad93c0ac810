import { describe, expect, test } from "vitest";
import { JsonView, parseJson, stringifyJson } from "../../src/formats/json.ts";
import { FormatError, LimitError } from "../../src/ir/errors.ts";
import { bitFlips, truncations, verdict } from "./damage.ts";

const text = '{"a": [1, -2.5e3, true, false, null, {}], "b\\u00e9\\n\\"": "x\\/y\\ud83d\\ude00", "c": []}';

describe("JSON", () => {
  test("reads as JSON.parse does", () => {
    for (const source of [text, "0", '""', " [ ] ", "-0.5E-2", '"\u2028"', "[[[[]]]]"]) {
      expect(parseJson(source)).toEqual(JSON.parse(source));
    }
  });

  test("reads what Python writes for numbers that JSON lacks", () => {
    expect(parseJson("[NaN, Infinity, -Infinity]")).toEqual([Number.NaN, Infinity, -Infinity]);
    expect(stringifyJson({ a: [Number.NaN, -Infinity, 1] })).toBe('{"a":["NaN","-Infinity",1]}');
  });

  test("names that objects inherit are names like any other", () => {
    const value = parseJson('{"__proto__": {"x": 1}, "constructor": 2}');
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(Object.keys(value as object)).toEqual(["__proto__", "constructor"]);
    expect(({} as { x?: number }).x).toBeUndefined();
    const view = new JsonView(parseJson("{}"), "config");
    expect(view.field("toString").value).toBeUndefined();
  });

  test.each([
    "",
    "{",
    "[1,]",
    '{"a":1,}',
    "{a:1}",
    "01",
    "1.",
    "+1",
    "tru",
    "nul",
    "1 2",
    '"\n"',
    '"\\x"',
    '"\\u12g4"',
    "NaN1",
    "[1 2]",
    "Infinityy",
    "--1",
  ])("refuses %s", (source) => {
    expect(() => parseJson(source)).toThrow(FormatError);
  });

  test("says line and column", () => {
    expect(() => parseJson('{\n  "a": x\n}', { name: "model_config" })).toThrow(
      /^model_config: .* line 2, column 8/,
    );
  });

  test("depth and length are limited", () => {
    expect(() => parseJson("[".repeat(100_000))).toThrow(LimitError);
    expect(parseJson("[".repeat(128) + "]".repeat(128))).toBeDefined();
    expect(() => parseJson('"aaaa"', { maxLength: 5 })).toThrow(LimitError);
  });

  test("damage gives a typed error or a value", () => {
    const seed = new TextEncoder().encode(text);
    const decoder = new TextDecoder();
    for (const { name, bytes } of truncations(seed)) {
      expect(verdict(name, () => parseJson(decoder.decode(bytes))).error, name).toBeInstanceOf(FormatError);
    }
    for (const { name, bytes } of bitFlips(seed)) verdict(name, () => parseJson(decoder.decode(bytes)));
  });

  test("fields are taken by kind, and errors name the path", () => {
    const view = new JsonView(
      parseJson('{"layers": [{"units": 3}, {"units": "many"}], "n": null}'),
      "config",
    );
    const [first, second] = view.field("layers").items();
    expect(first!.field("units").as("number")).toBe(3);
    expect(view.field("n").or("string", "none")).toBe("none");
    expect(view.names()).toEqual(["layers", "n"]);
    expect(() => second!.field("units").as("number")).toThrow(
      /^config.layers\[1\].units: [\s\S]*expected number[\s\S]*got\s+string/,
    );
    expect(() => view.field("missing").as("object")).toThrow(/missing/);
  });
});
