/** Numbers as the pixels of a picture inside an SVG. */
import { writePng } from "../formats/png-write.ts";
import { LimitError, ShapeError } from "../ir/errors.ts";
import { colorOf } from "./color.ts";
import type { Raster } from "./figure.ts";
import { theme } from "./theme.ts";

/** Pixels that one picture inside a figure may have. */
const most = 16_777_216;

/** Red, green and blue, row by row. Throws `ShapeError` where values are missing or too many, `LimitError` beyond 2²⁴ pixels. */
export function pixelsOf(raster: Raster): Uint8Array {
  const { rows, columns, values, scale } = raster;
  const count = rows * columns;
  const expected = scale ? count : 3 * count;
  if (!(count > 0 && Number.isInteger(rows) && Number.isInteger(columns)) || values.length !== expected) {
    throw new ShapeError({
      where: "plot.raster",
      problem: "the values do not fill the picture",
      expected: `${expected} values for ${rows} × ${columns} ${scale ? "numbers" : "colours"}`,
      got: `${values.length} values`,
      try: "give the rows and columns of the array as it is",
    });
  }
  if (count > most) {
    throw new LimitError({
      where: "plot.raster",
      problem: "the picture has too many pixels",
      expected: `at most ${most}`,
      got: String(count),
      try: "show a part of it, or every second value",
    });
  }
  const pixels = new Uint8Array(3 * count);
  if (!scale) {
    for (let i = 0; i < pixels.length; i++) pixels[i] = Math.min(255, Math.max(0, Math.round(values[i]!)));
    return pixels;
  }
  const color = colorOf(scale, theme.missing);
  for (let i = 0; i < count; i++) {
    const [r, g, b] = color(values[i]!);
    pixels[3 * i] = Math.round(r);
    pixels[3 * i + 1] = Math.round(g);
    pixels[3 * i + 2] = Math.round(b);
  }
  return pixels;
}

/** A raster as the address of a PNG that is part of the document. */
export function dataUri(raster: Raster, flip: { x: boolean; y: boolean }): string {
  const { rows, columns } = raster;
  const data = flipped(pixelsOf(raster), rows, columns, flip);
  const bytes = writePng({ width: columns, height: rows, channels: 3, data });
  let binary = "";
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return `data:image/png;base64,${btoa(binary)}`;
}

function flipped(
  pixels: Uint8Array,
  rows: number,
  columns: number,
  flip: { x: boolean; y: boolean },
): Uint8Array {
  if (!flip.x && !flip.y) return pixels;
  const out = new Uint8Array(pixels.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const from = 3 * ((flip.y ? rows - 1 - r : r) * columns + (flip.x ? columns - 1 - c : c));
      out.set(pixels.subarray(from, from + 3), 3 * (r * columns + c));
    }
  }
  return out;
}
