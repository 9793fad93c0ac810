import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readCsv, readNumericCsv, writeCsv } from "../../src/formats/csv.ts";
import { gunzip } from "../../src/formats/gzip.ts";
import { FormatError, LimitError } from "../../src/ir/errors.ts";
import { bitFlips, truncations, verdict } from "./damage.ts";

describe("CSV", () => {
  test("RFC 4180: quotes, doubled quotes, line ends of every kind, byte order mark", () => {
    const text = '\ufeffa,b,c\r\n1,"x, ""y""\nz",\n"",2,3\r"4",5,6';
    expect(readCsv(text)).toEqual({
      header: ["a", "b", "c"],
      rows: [
        ["1", 'x, "y"\nz', ""],
        ["", "2", "3"],
        ["4", "5", "6"],
      ],
    });
    expect(readCsv(new TextEncoder().encode(text))).toEqual(readCsv(text));
  });

  test("without header, with another delimiter, with empty lines and none at all", () => {
    expect(readCsv("1;2\n\n3;4\n", { header: false, delimiter: ";" }).rows).toEqual([
      ["1", "2"],
      ["3", "4"],
    ]);
    expect(readCsv("")).toEqual({ header: undefined, rows: [] });
    expect(readNumericCsv("a,b\n")).toEqual({ header: ["a", "b"], shape: [0, 2], data: new Float64Array(0) });
  });

  test("numbers are read exactly as JavaScript reads them", () => {
    const numbers = [
      "0",
      "-0",
      "1",
      "-2.5",
      ".5",
      "5.",
      "0.1",
      "123456789012345",
      "1234567890123456789",
      "1e-7",
      "-3E+5",
      "+4",
      "0.30000000000000004",
      "1e400",
      "00012.50",
    ];
    const { data } = readNumericCsv(numbers.join("\n"), { header: false });
    expect([...data]).toEqual(numbers.map(Number));
    const others = readNumericCsv('nan,-inf,Infinity, 7 ,"8"', { header: false }).data;
    expect([...others]).toEqual([Number.NaN, -Infinity, Infinity, 7, 8]);
  });

  test("what is no number is named by line and column", () => {
    expect(() => readNumericCsv("a,b\n1,2\n\n3,x\n", { name: "t.csv" })).toThrow(
      /^CSV file t.csv, line 4: a field that is no number in column 2 \(b\)/,
    );
    expect(() => readNumericCsv("a\n0x10\n")).toThrow(FormatError);
    expect(() => readNumericCsv("a,b\n1,\n")).toThrow(/missing: "nan"/);
    expect([...readNumericCsv("a,b\n1,\n", { missing: "nan" }).data]).toEqual([1, Number.NaN]);
  });

  test.each<[string, string, RegExp]>([
    ["an open quote", 'a,b\n1,"2\n', /line 2: the quote that opens field 2/],
    ["text after a quote", '"a"b\n', /line 1: there is text after/],
    ["rows of unequal length", 'a,b\n"x\ny",2\n1\n', /line 4: .*another number of fields/],
  ])("refuses %s", (_name, text, message) => {
    expect(() => readCsv(text)).toThrow(FormatError);
    expect(() => readCsv(text)).toThrow(message);
  });

  test("refuses what is not UTF-8, and lines beyond the limits", () => {
    expect(() => readCsv(Uint8Array.of(97, 0xff))).toThrow(/UTF-8/);
    expect(() => readCsv(`${"x".repeat(101)}\n`, { maxLineLength: 100 })).toThrow(LimitError);
    expect(() => readCsv(`"${"x".repeat(200)}`, { maxLineLength: 100 })).toThrow(LimitError);
    expect(() => readCsv(",".repeat(10), { maxColumns: 10 })).toThrow(LimitError);
    expect(readCsv(",".repeat(9), { maxColumns: 10 }).header).toHaveLength(10);
  });

  test("what is written is read again", () => {
    const rows = [
      ["a,b", 'q"', " s"],
      ["line\nend", "", "-1"],
    ];
    expect(readCsv(writeCsv(["x", "y", "z"], rows))).toEqual({ header: ["x", "y", "z"], rows });
    expect(writeCsv(undefined, [[1, 0.5, "n"]])).toBe("1,0.5,n\n");
  });

  test("damage gives a typed error or other texts", () => {
    const seed = new TextEncoder().encode('a,"b"\r\n1.5,"2"\n-3,4e1\n');
    for (const { name, bytes } of [...truncations(seed), ...bitFlips(seed)]) {
      verdict(name, () => readCsv(bytes));
      verdict(name, () => readNumericCsv(bytes));
    }
  });

  const table = "../shared/data/superconductivity/train.csv.gz";
  test.skipIf(!existsSync(table))("a real table (needs ../shared)", () => {
    const { header, shape, data } = readNumericCsv(gunzip(readFileSync(table)));
    expect([header?.length, shape]).toEqual([82, [21263, 82]]);
    expect(data.every(Number.isFinite)).toBe(true);
    expect([data[0], data[81]]).toEqual([4, 29]);
  });
});
