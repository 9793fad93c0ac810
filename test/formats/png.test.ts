import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { readPng } from "../../src/formats/png.ts";
import { writePng } from "../../src/formats/png-write.ts";
import { FormatError, LimitError, ShapeError } from "../../src/ir/errors.ts";
import { bitFlips, truncations, verdict } from "./damage.ts";
import { chunk, header, join, makePng, rawRows, samplesOf, signature, type TestPng } from "./png-kit.ts";

const kinds = [
  ...([1, 2, 4, 8, 16] as const).map((depth) => ({ colourType: 0 as const, depth })),
  ...([8, 16] as const).flatMap((depth) => ([2, 4, 6] as const).map((colourType) => ({ colourType, depth }))),
  ...([1, 2, 4, 8] as const).map((depth) => ({ colourType: 3 as const, depth })),
];

/** A sample that differs from place to place and fills the range. */
function pattern(depth: number) {
  return (x: number, y: number, s: number) => (x * 37 + y * 101 + s * 59 + x * y * 7) % 2 ** depth;
}

/** The colours of the test palettes. */
function colour(index: number): number[] {
  return [(index * 5) & 255, (index * 11 + 3) & 255, 255 - (index & 255)];
}

function palette(depth: number): number[] {
  return Array.from({ length: 2 ** depth }, (_, i) => colour(i)).flat();
}

/** What a reader should make of the image, by the definition. */
function expectedPixels(p: TestPng): number[] {
  const out: number[] = [];
  for (let y = 0; y < p.height; y++) {
    for (let x = 0; x < p.width; x++) {
      const raw = Array.from({ length: samplesOf[p.colourType] }, (_, s) => p.sample(x, y, s));
      if (p.colourType === 3) {
        out.push(...colour(raw[0]!), ...(p.transparency ? [p.transparency[raw[0]!] ?? 255] : []));
        continue;
      }
      const top = p.depth === 16 ? 65535 : 255;
      out.push(...raw.map((v) => (v * top) / (2 ** p.depth - 1)));
      if (p.transparency) {
        const key = raw.every((v, s) => v === p.transparency![2 * s]! * 256 + p.transparency![2 * s + 1]!);
        out.push(key ? 0 : top);
      }
    }
  }
  return out;
}

describe("PNG decoder", () => {
  describe.each([false, true])("interlaced %s", (interlaced) => {
    test.each(kinds)("colour type $colourType, $depth bits", ({ colourType, depth }) => {
      for (const [width, height] of [
        [1, 1],
        [2, 3],
        [5, 1],
        [1, 9],
        [8, 8],
        [13, 11],
      ] as const) {
        const p: TestPng = {
          width,
          height,
          colourType,
          depth,
          interlaced,
          sample: pattern(depth),
          chunkSize: 40,
        };
        if (colourType === 3) p.palette = palette(depth);
        const image = readPng(makePng(p));
        expect([...image.data]).toEqual(expectedPixels(p));
        expect(image).toMatchObject({ width, height, depth: depth === 16 ? 16 : 8 });
        expect(image.channels).toBe(colourType === 3 ? 3 : samplesOf[colourType]);
      }
    });

    test.each(kinds.filter((k) => k.colourType < 4))(
      "a transparent colour, type $colourType, $depth bits",
      (kind) => {
        const { colourType, depth } = kind;
        const p: TestPng = { width: 9, height: 7, colourType, depth, interlaced, sample: pattern(depth) };
        if (colourType === 3) {
          p.palette = palette(depth);
          p.transparency = [0, 128];
        } else {
          p.transparency = Array.from({ length: samplesOf[colourType] }, (_, s) => p.sample(3, 2, s)).flatMap(
            (v) => [v >> 8, v & 255],
          );
        }
        const image = readPng(makePng(p));
        expect([...image.data]).toEqual(expectedPixels(p));
        expect(image.channels).toBe(colourType === 0 ? 2 : 4);
      },
    );
  });

  test("chunks that do not matter are skipped, and what follows the end is ignored", () => {
    const p: TestPng = { width: 4, height: 4, colourType: 0, depth: 8, sample: pattern(8) };
    const bytes = makePng(p);
    const extra = join([
      bytes.slice(0, 33),
      chunk("tEXt", [65, 0, 66]),
      chunk("gAMA", [0, 0, 1, 1]),
      bytes.slice(33),
      Uint8Array.of(1, 2),
    ]);
    expect(readPng(extra)).toEqual(readPng(bytes));
  });

  test("every truncation and every flip is refused", () => {
    const grey: TestPng = {
      width: 5,
      height: 6,
      colourType: 0,
      depth: 4,
      interlaced: true,
      sample: pattern(4),
    };
    const indexed: TestPng = {
      width: 6,
      height: 3,
      colourType: 3,
      depth: 2,
      sample: pattern(2),
      palette: palette(2),
      transparency: [9],
    };
    for (const p of [grey, indexed]) {
      const seed = makePng(p);
      for (const { name, bytes } of [...truncations(seed), ...bitFlips(seed)]) {
        const { error } = verdict(name, () => readPng(bytes));
        expect(error, name).toBeInstanceOf(name.startsWith("bit") ? Error : FormatError);
      }
    }
  });

  const base: TestPng = { width: 4, height: 4, colourType: 0, depth: 8, sample: pattern(8) };
  const file = (...parts: Uint8Array[]) => join([signature, ...parts, chunk("IEND", [])]);
  const ihdr = (change: Partial<TestPng> = {}) => chunk("IHDR", header({ ...base, ...change }));
  const idat = (raw: Uint8Array = rawRows(base)) => chunk("IDAT", deflateSync(raw));
  const withByte = (body: number[], at: number, value: number) => body.map((b, i) => (i === at ? value : b));

  test.each<[string, Uint8Array, RegExp]>([
    ["no header", file(idat()), /IHDR must come first/],
    ["two headers", file(ihdr(), ihdr(), idat()), /once/],
    ["colour type 1", file(chunk("IHDR", withByte(header(base), 9, 1)), idat()), /no such kind/],
    [
      "16-bit palette",
      file(chunk("IHDR", withByte(withByte(header(base), 9, 3), 8, 16)), idat()),
      /no such kind/,
    ],
    ["compression 1", file(chunk("IHDR", withByte(header(base), 10, 1)), idat()), /no such coding/],
    ["filter method 1", file(chunk("IHDR", withByte(header(base), 11, 1)), idat()), /no such coding/],
    ["interlace 2", file(chunk("IHDR", withByte(header(base), 12, 2)), idat()), /no such coding/],
    ["no width", file(ihdr({ width: 0 }), idat()), /no image of this size/],
    ["no data", file(ihdr()), /no image data/],
    ["data in two runs", file(ihdr(), idat(), chunk("tEXt", [65, 0]), idat()), /one run/],
    ["no palette", file(ihdr({ colourType: 3 }), idat()), /no palette/],
    [
      "palette of 4 bytes",
      file(ihdr({ colourType: 3 }), chunk("PLTE", [1, 2, 3, 4]), idat()),
      /wrong length/,
    ],
    ["palette for grey", file(ihdr(), chunk("PLTE", [1, 2, 3]), idat()), /no palette/],
    ["palette too short", file(ihdr({ colourType: 3 }), chunk("PLTE", [1, 2, 3]), idat()), /lacks/],
    ["tRNS with alpha", file(ihdr({ colourType: 6 }), chunk("tRNS", [0, 1]), idat()), /does not fit/],
    ["unknown chunk that is needed", file(ihdr(), chunk("ABCD", []), idat()), /marked as needed/],
    ["chunk name with a digit", file(ihdr(), chunk("a1CD", []), idat()), /valid name/],
    ["filter 5", file(ihdr(), idat(rawRows({ ...base, filter: () => 5 }))), /unknown filter/],
    ["too few rows", file(ihdr(), idat(rawRows({ ...base, height: 3 }))), /too short/],
    ["too many rows", file(ihdr(), idat(rawRows({ ...base, height: 5 }))), /more data/],
    ["no zlib stream", file(ihdr(), chunk("IDAT", [1, 2, 3, 4])), /zlib/],
    ["far larger than its data", file(ihdr({ width: 9000, height: 9000 }), idat()), /too short/],
  ])("refuses %s", (_name, bytes, message) => {
    const { error } = verdict("", () => readPng(bytes));
    expect(error).toBeInstanceOf(FormatError);
    expect(error?.message).toMatch(message);
    expect(error?.try).toBeDefined();
  });

  test("refuses more pixels than the limit before it reads them", () => {
    const big = file(ihdr({ width: 2 ** 31 - 1, height: 2 ** 31 - 1 }), idat());
    expect(() => readPng(big)).toThrow(LimitError);
    expect(() => readPng(big)).toThrow(/maxPixels/);
    expect(() => readPng(makePng(base), { maxPixels: 15 })).toThrow(LimitError);
  });
});

describe("PNG encoder", () => {
  test.each([1, 2, 3, 4] as const)("%i channels are read as they were written", (channels) => {
    const [width, height] = [23, 17];
    const data = new Uint8Array(width * height * channels).map((_, i) => (i * i * 31) >> 3);
    const bytes = writePng({ width, height, channels, data });
    expect(readPng(bytes)).toEqual({ width, height, channels, depth: 8, data });
    expect(writePng({ width, height, channels, data })).toEqual(bytes);
  });

  test("filters make smooth pictures small", () => {
    const data = new Uint8Array(64 * 64).map((_, i) => (i % 64) * 2 + (i >> 6));
    expect(writePng({ width: 64, height: 64, channels: 1, data }).length).toBeLessThan(300);
  });

  test("data that do not fill the image are not written", () => {
    expect(() => writePng({ width: 2, height: 2, channels: 3, data: new Uint8Array(4) })).toThrow(ShapeError);
    expect(() => writePng({ width: 0, height: 2, channels: 3, data: new Uint8Array(0) })).toThrow(ShapeError);
  });
});
