/** PNG encoder for 8-bit images; the decoder is in png.ts. */
import { ShapeError } from "../ir/errors.ts";
import { crc32 } from "./checksum.ts";
import { type CompressionLevel, deflateZlib } from "./gzip.ts";
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
function filterRows(data: ArrayLike<number>, height: number, rowBytes: number, n: number): Uint8Array {
  const out = new Uint8Array(height * (rowBytes + 1));
  const trial = new Uint8Array(rowBytes);
  for (let j = 0; j < height; j++) {
    const from = j * rowBytes;
    const row = out.subarray(j * (rowBytes + 1), (j + 1) * (rowBytes + 1));
    let best = Infinity;
    for (let filter = 0; filter <= 4; filter++) {
      let cost = 0;
      for (let i = 0; i < rowBytes; i++) {
        const left = i < n ? 0 : data[from + i - n]!;
        const above = j === 0 ? 0 : data[from + i - rowBytes]!;
        const corner = i < n || j === 0 ? 0 : data[from + i - rowBytes - n]!;
        const guess = predictors[filter]!(left, above, corner);
        const difference = (data[from + i]! - guess) & 255;
        trial[i] = difference;
        cost += difference < 128 ? difference : 256 - difference;
      }
      if (cost >= best) continue;
      best = cost;
      row[0] = filter;
      row.set(trial, 1);
    }
  }
  return out;
}

const predictors: readonly ((left: number, above: number, corner: number) => number)[] = [
  () => 0,
  (left) => left,
  (_, above) => above,
  (left, above) => (left + above) >> 1,
  paeth,
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
