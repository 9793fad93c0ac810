import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/ir/errors.ts";
import { colorOf, hex, rgb } from "../../src/plot/color.ts";
import { zeroContour } from "../../src/plot/contour.ts";
import { domainOf, formatNumber, formatPercent, placer, ticksOf } from "../../src/plot/scale.ts";
import { clean, fit, measure, wrap } from "../../src/plot/text.ts";

const written = (axis: Parameters<typeof ticksOf>[0], domain: [number, number], count: number) =>
  ticksOf(axis, domain, count)
    .map(({ text }) => text)
    .filter((text) => text !== "");

describe("ticks", () => {
  test("are round, evenly spaced and written alike", () => {
    expect(written({}, [0, 1], 5)).toEqual(["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
    expect(written({}, [-3, 7], 5)).toEqual(["−2", "0", "2", "4", "6"]);
    expect(written({}, [0, 60_000], 3)).toEqual(["0", "20,000", "40,000", "60,000"]);
    expect(written({}, [0, 3e-7], 3)).toEqual(["0", "1×10⁻⁷", "2×10⁻⁷", "3×10⁻⁷"]);
    expect(written({ percent: true }, [0, 0.5], 2)).toEqual(["0 %", "20 %", "40 %"]);
    expect(written({ integer: true }, [1, 3], 10)).toEqual(["1", "2", "3"]);
    expect(written({ categories: ["a", "b"] }, [-0.5, 1.5], 1)).toEqual(["a", "b"]);
  });

  test("of a logarithmic axis are powers of ten, with 2 and 5 where there is room", () => {
    expect(written({ type: "log" }, [0.01, 100], 6)).toEqual(["0.01", "0.1", "1", "10", "100"]);
    expect(written({ type: "log" }, [1, 30], 6)).toEqual(["1", "2", "5", "10", "20"]);
    expect(written({ type: "log" }, [1e-12, 1], 4)).toEqual(["10⁻¹²", "10⁻⁹", "10⁻⁶", "0.001", "1"]);
  });
});

test("domains: padded, rounded, through zero, of one value, given", () => {
  expect(domainOf({ nice: true }, [0.13, 0.97], 5)).toEqual([0, 1]);
  expect(domainOf({ zero: true, pad: 0.1 }, [2, 10], 5)).toEqual([0, 11]);
  expect(domainOf({}, [5, 5], 5)).toEqual([4.5, 5.5]);
  expect(domainOf({}, null, 5)).toEqual([0, 1]);
  expect(domainOf({ domain: [3, 4] }, [0, 9], 5)).toEqual([3, 4]);
  expect(() => domainOf({ domain: [4, 3] }, null, 5)).toThrow(UsageError);
  expect(() => domainOf({ type: "log", domain: [0, 3] }, null, 5)).toThrow(/positive/);
});

test("places: linear, logarithmic, reversed; values without one are NaN", () => {
  expect(placer({}, [0, 10], 100)(2.5)).toBe(25);
  expect(placer({ reverse: true }, [0, 10], 100)(2.5)).toBe(75);
  expect(placer({ type: "log" }, [1, 100], 100)(10)).toBeCloseTo(50);
  expect(placer({ type: "log" }, [1, 100], 100)(0)).toBeNaN();
  expect(placer({}, [0, 1], 100)(Number.POSITIVE_INFINITY)).toBeNaN();
});

test("numbers for people", () => {
  const pairs: [number, string][] = [
    [0.0925, "0.0925"],
    [12345.678, "12,346"],
    [-0.5, "−0.5"],
    [1.25e-7, "1.25×10⁻⁷"],
    [Number.NaN, "NaN"],
    [Number.NEGATIVE_INFINITY, "−∞"],
    [0, "0"],
  ];
  for (const [value, text] of pairs) expect(formatNumber(value)).toBe(text);
  expect(formatPercent(0.97434)).toBe("97.43 %");
});

test("colour maps start, pass and end at their colours; NaN is grey", () => {
  const color = colorOf({ map: "grey", domain: [0, 2] }, "#123456");
  expect([0, 1, 2, 9, Number.NaN].map((value) => hex(color(value)))).toEqual([
    "#000000",
    "#808080",
    "#ffffff",
    "#ffffff",
    "#123456",
  ]);
  expect(() => rgb("red; url(x)")).toThrow(UsageError);
});

test("words: cleaned, measured, cut and wrapped", () => {
  expect(clean("a\u0007\n b\u202e\ud800")).toBe("a\\u0007 b\\u202e\\ud800");
  expect(clean("é 数 🙂")).toBe("é 数 🙂");
  expect(measure("iiii", 10)).toBeLessThan(measure("mmmm", 10) / 2);
  expect(measure("Word", 20, true)).toBeGreaterThan(measure("Word", 20));
  const cut = fit("a rather long name", 60, 12);
  expect(cut).toMatch(/^a rather.*…$/);
  expect(measure(cut, 12)).toBeLessThanOrEqual(60);
  const lines = wrap("one two three four five six seven", 80, 12, 2);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/…$/);
  for (const line of lines) expect(measure(line, 12)).toBeLessThanOrEqual(80);
});

test("the contour of a cone at zero is its circle", () => {
  const n = 41;
  const values = Array.from(
    { length: n * n },
    (_, i) => Math.hypot((i % n) - 20, Math.floor(i / n) - 20) - 12.3,
  );
  const { x, y } = zeroContour(values, n, n);
  expect(x.length).toBeGreaterThan(100);
  for (const [i, at] of x.entries()) {
    if (Number.isFinite(at)) expect(Math.hypot(at - 20, y[i]! - 20)).toBeCloseTo(12.3, 1);
  }
});
