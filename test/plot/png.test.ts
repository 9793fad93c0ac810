import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { readPng } from "../../src/formats/png.ts";
import { LimitError, UsageError } from "../../src/ir/errors.ts";
import * as plot from "../../src/plot/index.ts";
import { figures } from "./samples.ts";
import { parseXml, type TextBox, textBoxes } from "./xml.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const installed = existsSync(`${root}/node_modules/@resvg/resvg-wasm`);

interface Picture {
  width: number;
  height: number;
  channels: number;
  data: ArrayLike<number>;
}

/** The share of pixels in a box of the figure that are clearly darker than its lightest pixel. */
function ink(picture: Picture, box: TextBox, scale: number): number {
  const { width, channels, data } = picture;
  const values: number[] = [];
  for (let y = Math.floor(box.top * scale); y < box.bottom * scale; y++) {
    for (let x = Math.floor(box.left * scale); x < box.right * scale; x++)
      values.push(data[(y * width + x) * channels + 1]!);
  }
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return high - low < 40
    ? 0
    : values.filter((v) => Math.abs(v - high) > 30 && Math.abs(v - low) < high).length / values.length;
}

describe.skipIf(!installed)("PNG (skipped where @resvg/resvg-wasm is not installed)", () => {
  const shown = figures();
  const pictures = new Map<string, Picture>();
  beforeAll(async () => {
    for (const name of ["curves", "confusionMatrix", "imageGrid", "scatterOfValues"]) {
      pictures.set(name, readPng(await plot.renderPng(shown[name]!, { scale: 2 })) as Picture);
    }
  }, 60_000);

  test.each(["curves", "confusionMatrix", "imageGrid", "scatterOfValues"])(
    "%s: every text has ink",
    (name) => {
      const picture = pictures.get(name)!;
      const figure = shown[name]!;
      expect([picture.width, picture.height]).toEqual([figure.width * 2, figure.height * 2]);
      const boxes = textBoxes(parseXml(plot.renderSvg(figure)));
      expect(boxes.length).toBeGreaterThan(5);
      for (const box of boxes) expect(ink(picture, box, 2), box.text).toBeGreaterThan(0.04);
    },
  );

  test("titles are semi-bold: more ink than the same words in plain", async () => {
    const measureInk = async (panel: { title?: string; subtitle?: string }) => {
      const picture = readPng(
        await plot.renderPng(plot.figureOf({ kind: "text", ...panel }, 300, 60), { scale: 4 }),
      ) as Picture;
      let sum = 0;
      for (let i = 0; i < picture.data.length; i += picture.channels) sum += picture.data[i]! < 128 ? 1 : 0;
      return sum;
    };
    const [bold, plain] = [
      await measureInk({ title: "llllllllll" }),
      await measureInk({ subtitle: "llllllllll" }),
    ];
    expect(bold / 16 ** 2).toBeGreaterThan((1.2 * plain) / 12.5 ** 2);
  });

  test("rasters are squares of their own colours", async () => {
    const figure = plot.figureOf(
      {
        kind: "tiles",
        columns: 1,
        tiles: [{ raster: { rows: 2, columns: 2, values: [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9] } }],
      },
      132,
      132,
    );
    const { data, width, channels } = readPng(await plot.renderPng(figure, { scale: 1 })) as Picture;
    const at = (x: number, y: number) => [0, 1, 2].map((c) => data[(y * width + x) * channels + c]);
    expect([at(20, 20), at(60, 60), at(72, 60), at(60, 72), at(110, 110)]).toEqual([
      [255, 0, 0],
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
      [9, 9, 9],
    ]);
  });

  test("characters that the font lacks are boxes with ink", async () => {
    const figure = plot.figureOf({ kind: "text", title: "数字" }, 200, 60);
    const { data } = readPng(await plot.renderPng(figure)) as Picture;
    expect(Array.from(data).filter((value) => value < 100).length).toBeGreaterThan(50);
  });

  test("a scale that makes no sense, or too many pixels, is refused", async () => {
    const figure = shown.curves!;
    for (const scale of [0, -1, Number.NaN])
      await expect(plot.renderPng(figure, { scale })).rejects.toThrow(UsageError);
    await expect(plot.renderPng(figure, { scale: 1000 })).rejects.toThrow(LimitError);
    await expect(plot.renderPng(figure, { scale: 1e-9 })).rejects.toThrow(/another scale/);
  });
});
