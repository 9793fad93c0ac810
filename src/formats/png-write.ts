/** PNG encoder for 8-bit images; the decoder is in png.ts. */
import { ShapeError } from "../ir/errors.ts";
import { crc32 } from "./checksum.ts";
import { type CompressionLevel, deflateZlib } from "./deflate.ts";
import { concatBytes, type PngChannels, paeth, pngSignature } from "./png.ts";

/**
 * Encodes an 8-bit image; equal images give equal bytes.
 *
 * @param image `data` is [height, width, channels], rows from top to bottom.
 * @throws ShapeError when the data do not fill the size.
 */
export function writePng(
  image: { width: number; height: number; channels: PngChannels; data: Uint8Array | Uint8ClampedArray },
  options: { level?: CompressionLevel } = {},
): Uint8Array {
  const { width, height, channels, data } = image;
  const whole = [width, height].every((n) => Number.isInteger(n) && n >= 1 && n <= 0x7fffffff);
  if (!whole || data.length !== width * height * channels) {
    throw new ShapeError({
      where: "writePng",
      problem: "the data do not fill the image",
      expected: `${width} x ${height} x ${channels} = ${width * height * channels} bytes`,
      got: `${data.length} bytes`,
      try: "pass the width, height and number of channels of the data",
    });
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8;
  header[9] = [0, 0, 4, 2, 6][channels]!;
  const body = deflateZlib(filterRows(data, height, width * channels, channels), options.level ?? 6);
  const chunks = [makeChunk("IHDR", header), makeChunk("IDAT", body), makeChunk("IEND", new Uint8Array(0))];
  return concatBytes([Uint8Array.from(pngSignature), ...chunks]);
}

/** Chooses for each row the filter with the smallest sum of absolute differences (§12.7 of the standard). */
function filterRows(
  data: Uint8Array | Uint8ClampedArray,
  height: number,
  rowBytes: number,
  n: number,
): Uint8Array {
  const out = new Uint8Array(height * (rowBytes + 1));
  const trial = new Uint8Array(rowBytes);
  let above: Uint8Array | Uint8ClampedArray = new Uint8Array(rowBytes);
  for (let j = 0; j < height; j++) {
    const row = data.subarray(j * rowBytes, (j + 1) * rowBytes);
    const to = out.subarray(j * (rowBytes + 1), (j + 1) * (rowBytes + 1));
    let best = Infinity;
    filters.forEach((filter, kind) => {
      filter(trial, row, above, n);
      const cost = magnitude(trial);
      if (cost >= best) return;
      best = cost;
      to[0] = kind;
      to.set(trial, 1);
    });
    above = row;
  }
  return out;
}

/** The sum of the bytes as signed numbers, without their signs. */
function magnitude(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum += bytes[i]! < 128 ? bytes[i]! : 256 - bytes[i]!;
  return sum;
}

type Row = Uint8Array | Uint8ClampedArray;

/** The five filters (§9 of the standard): what remains of a row after its prediction from left and above. */
const filters: readonly ((out: Uint8Array, row: Row, above: Row, n: number) => void)[] = [
  (out, row) => out.set(row),
  (out, row, _above, n) => {
    for (let i = 0; i < row.length; i++) out[i] = row[i]! - (i < n ? 0 : row[i - n]!);
  },
  (out, row, above) => {
    for (let i = 0; i < row.length; i++) out[i] = row[i]! - above[i]!;
  },
  (out, row, above, n) => {
    for (let i = 0; i < row.length; i++) out[i] = row[i]! - (((i < n ? 0 : row[i - n]!) + above[i]!) >> 1);
  },
  (out, row, above, n) => {
    for (let i = 0; i < n; i++) out[i] = row[i]! - above[i]!;
    for (let i = n; i < row.length; i++) out[i] = row[i]! - paeth(row[i - n]!, above[i]!, above[i - n]!);
  },
];

function makeChunk(type: string, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + body.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, body.length);
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
  out.set(body, 8);
  view.setUint32(8 + body.length, crc32(out.subarray(4, 8 + body.length)));
  return out;
}
