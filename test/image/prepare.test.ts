import { describe, expect, test } from "vitest";
import { digits } from "../../src/data/datasets/digits.ts";
import type { Pixels } from "../../src/data/image/pixels.ts";
import { prepareDigit } from "../../src/data/image/prepare.ts";
import { DataError, LimitError } from "../../src/ir/errors.ts";
import { drawing, photograph, type Scene } from "./scene.ts";

const { train } = digits({ train: 10, test: 0, seed: 11 });
const digit = (n: number) => train.images.slice(n * 784, (n + 1) * 784);

/** Correlation of two pictures: 1 where they are the same up to contrast. */
function likeness(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < 784; i++) {
    ab += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

/** The best likeness over shifts of up to one pixel: the centre of mass moves when strokes change their weight. */
function alike(a: Uint8Array, b: Uint8Array): number {
  let best = 0;
  for (const dy of [-1, 0, 1]) {
    for (const dx of [-1, 0, 1]) {
      const moved = b.map((_, i) => b[i + dy * 28 + dx] ?? 0);
      best = Math.max(best, likeness(a, moved));
    }
  }
  return best;
}

const plain: Scene = {
  width: 400,
  height: 300,
  size: 200,
  at: [115, 40],
  ink: [0.75, 0.75, 0.75],
  paper: [0.8, 0.8, 0.8],
};
const squared = { pitch: 24, width: 1.6, dark: 0.25, tilt: 0.05, both: true };

const scenes: Record<string, Scene> = {
  "white paper": plain,
  "uneven light": { ...plain, slope: 0.7 },
  "warm light, blue pen": { ...plain, paper: [0.85, 0.78, 0.62], ink: [0.8, 0.6, 0.15], slope: 0.3 },
  "yellow pen": { ...plain, ink: [0.02, 0.1, 0.8] },
  "faint pencil": { ...plain, ink: [0.15, 0.15, 0.15], noise: 0.006, slope: 0.2 },
  "a shadow across the digit": { ...plain, shadow: 0.5 },
  "squared paper": { ...plain, lines: squared },
  "squared paper, pencil": { ...plain, ink: [0.35, 0.35, 0.35], lines: squared, noise: 0.006 },
  "ruled paper": { ...plain, lines: { pitch: 40, width: 2, dark: 0.35, tilt: -0.06, both: false } },
  "a table at the rim and specks": { ...plain, table: 24, specks: 12, slope: 0.3 },
  "small and off the middle": { ...plain, size: 95, at: [40, 170], specks: 3 },
  "chalk on a board": { ...plain, paper: [0.15, 0.2, 0.17], ink: [-4, -3, -3.4], slope: 0.2 },
  "pale on grey": { ...plain, paper: [0.5, 0.5, 0.5], ink: [0.4, 0.4, 0.4], noise: 0.02 },
};

describe("photographs", () => {
  const shot = (name: string) => {
    const n = Object.keys(scenes).indexOf(name) % 2 === 0 ? 2 : 5;
    return { wanted: digit(n), picture: photograph(digit(n), scenes[name]!, n) };
  };

  test.each(Object.keys(scenes))("%s: read, with the centre of mass in the middle", (name) => {
    const { wanted, picture } = shot(name);
    const { image } = prepareDigit(picture);
    expect(alike(wanted, image)).toBeGreaterThan(0.85);
    let mass = 0;
    let mx = 0;
    let my = 0;
    image.forEach((v, i) => {
      mass += v;
      mx += v * (i % 28);
      my += v * Math.floor(i / 28);
    });
    expect(Math.abs(mx / mass - 14)).toBeLessThanOrEqual(0.75);
    expect(Math.abs(my / mass - 14)).toBeLessThanOrEqual(0.75);
  });

  test.each([22, 30])(
    "a thin stroke with a blot of radius %i at its end: the blot is not hollow",
    (radius) => {
      const [width, height] = [480, 400];
      const data = new Uint8Array(width * height);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const stroke = y > 80 && y < 300 ? Math.abs(x - 240) - 6 : 1;
          const blot = Math.sqrt((x - 240) ** 2 + (y - 300) ** 2) - radius;
          const ink = Math.min(1, Math.max(0, 0.5 - Math.min(stroke, blot)));
          const light = 0.7 + (0.3 * x) / width + 0.01 * Math.sin(12.9898 * x + 78.233 * y);
          data[y * width + x] = Math.round(255 * light * (0.85 - 0.7 * ink));
        }
      }
      const { stages } = prepareDigit({ width, height, channels: 1, depth: 8, data });
      const digit = stages.find((s) => s.name === "digit")!;
      const at = (x: number, y: number) => digit.data[y * digit.width + x];
      expect([at(240, 150), at(240, 300), at(240, 300 - radius / 2), at(240 + radius / 2, 300)]).toEqual([
        255, 255, 255, 255,
      ]);
    },
  );

  test("stages go from the grey picture to 28×28, each with its size; the same picture gives the same bytes", () => {
    const { picture } = shot("squared paper");
    const { image, stages } = prepareDigit(picture);
    expect(prepareDigit(picture).image).toEqual(image);
    expect(stages.map((s) => s.name)).toEqual(["grey", "ink", "lines", "digit", "stroke", "box", "digit28"]);
    for (const s of stages) expect(s.data).toHaveLength(s.width * s.height);
    const box = stages.find((s) => s.name === "box")!;
    expect(Math.max(box.width, box.height)).toBe(20);
    expect(stages.at(-1)!.data).toEqual(image);
    // Paper black, ink white from the second stage on.
    const ink = [...stages[1]!.data].sort((a, b) => a - b);
    expect(ink[ink.length >> 1]).toBeLessThan(40);
  });
});

describe("drawings", () => {
  const ink = drawing(digit(4), 140);
  const grey = (value: (level: number) => number, depth: number): Pixels => ({
    width: 140,
    height: 140,
    channels: 1,
    depth,
    data: Float64Array.from(ink, value),
  });
  const rgba = (r: number, g: number, b: number): Pixels => {
    const data = new Uint8Array(140 * 140 * 4);
    ink.forEach((level, i) => {
      data.set([r, g, b, Math.round(255 * level)], 4 * i);
    });
    return { width: 140, height: 140, channels: 4, depth: 8, data };
  };

  test.each<[string, Pixels]>([
    ["black on white", grey((v) => Math.round(255 * (1 - v)), 8)],
    ["white on black", grey((v) => Math.round(255 * v), 8)],
    ["16 bits", grey((v) => Math.round(65535 * (1 - v)), 16)],
    ["1 bit", grey((v) => (v > 0.5 ? 0 : 1), 1)],
    ["black on nothing", rgba(0, 0, 0)],
    ["blue on nothing", rgba(20, 40, 200)],
    ["white on nothing", rgba(255, 255, 255)],
  ])("%s", (_, pixels) => {
    expect(alike(digit(4), prepareDigit(pixels).image)).toBeGreaterThan(0.93);
  });

  test("strokes are made wider or thinner towards MNIST's weight", () => {
    const hairline = drawing(digit(4), 600).map((v) => (v > 0.97 && v < 0.985 ? 1 : 0));
    const thin = {
      width: 600,
      height: 600,
      channels: 1 as const,
      depth: 8,
      data: hairline.map((v) => 255 * v),
    };
    const weight = (image: Uint8Array) => image.reduce((sum, v) => sum + v, 0);
    const free = prepareDigit(thin, { strokeWidth: [0, 1] });
    const wide = prepareDigit(thin, { strokeWidth: [0.15, 0.2] });
    expect(weight(wide.image)).toBeGreaterThan(1.2 * weight(free.image));
    const thick = grey((v) => (v > 0.02 ? 255 : 0), 8);
    const narrow = prepareDigit(thick, { strokeWidth: [0, 0.08] });
    expect(weight(narrow.image)).toBeLessThan(
      0.85 * weight(prepareDigit(thick, { strokeWidth: [0, 1] }).image),
    );
  });

  test("polarity can be told", () => {
    const picture = photograph(digit(4), plain, 3);
    expect(prepareDigit(picture, { polarity: "dark" }).image).toEqual(prepareDigit(picture).image);
  });
});

describe("28×28", () => {
  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])("a picture in MNIST's form stays as it is (%i)", (n) => {
    const data = digit(n);
    const side = Math.max(...box(data));
    if (side < 18 || side > 21) return;
    expect(prepareDigit({ width: 28, height: 28, channels: 1, depth: 8, data }).image).toEqual(data);
    const negative = data.map((v) => 255 - v);
    expect(prepareDigit({ width: 28, height: 28, channels: 1, depth: 8, data: negative }).image).toEqual(
      data,
    );
  });

  test("a digit in a corner is moved to the middle", () => {
    const data = new Uint8Array(784);
    const source = digit(4);
    for (let y = 0; y < 20; y++) {
      for (let x = 0; x < 20; x++) data[y * 28 + x] = source[(y + 4) * 28 + x + 4]!;
    }
    const { image } = prepareDigit({ width: 28, height: 28, channels: 1, depth: 8, data });
    expect(alike(source, image)).toBeGreaterThan(0.9);
  });

  function box(data: Uint8Array): [number, number] {
    const xs: number[] = [];
    const ys: number[] = [];
    data.forEach((v, i) => {
      if (v > 0) {
        xs.push(i % 28);
        ys.push(Math.floor(i / 28));
      }
    });
    return [Math.max(...xs) - Math.min(...xs) + 1, Math.max(...ys) - Math.min(...ys) + 1];
  }
});

describe("errors", () => {
  const blank = (level: number): Pixels => ({
    width: 100,
    height: 80,
    channels: 1,
    depth: 8,
    data: new Uint8Array(8000).fill(level),
  });

  test.each([0, 128, 255])("a blank picture of level %i", (level) => {
    expect(() => prepareDigit(blank(level), { name: "page.png" })).toThrow(DataError);
    expect(() => prepareDigit(blank(level), { name: "page.png" })).toThrow(
      /page\.png: the picture is blank[\s\S]*try +write one digit with a dark pen/,
    );
  });

  test("an empty page under a camera", () => {
    const nothing = { ...plain, ink: [0, 0, 0] as const, slope: 0.4 };
    expect(() => prepareDigit(photograph(digit(0), nothing, 9))).toThrow(DataError);
  });

  test("what is not a picture", () => {
    const one = { width: 1, height: 1, channels: 1 as const, depth: 8, data: [7] };
    expect(() => prepareDigit(one)).toThrow(DataError);
    expect(() => prepareDigit({ ...one, width: 0 })).toThrow(/width and height of at least 1/);
    expect(() => prepareDigit({ ...one, depth: 17 })).toThrow(DataError);
    expect(() => prepareDigit({ ...one, width: 2 })).toThrow(/2 × 1 × 1 = 2 samples/);
    expect(() => prepareDigit({ ...one, width: 100_000, height: 100_000 })).toThrow(LimitError);
  });
});
