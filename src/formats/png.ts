/**
 * PNG decoder (ISO/IEC 15948, https://www.w3.org/TR/png-3): reads every valid image (grey, RGB, alpha, palette, 1 to
 * 16 bits, interlaced) and refuses every damaged one.
 *
 * It is our own because the maintained libraries decode interlaced images of less than 8 bits wrongly, do not verify
 * the Adler-32 of the image data, or allocate before they check.
 */
import { LimitError } from "../ir/errors.ts";
import { crc32 } from "./checksum.ts";
import { inflateZlib } from "./gzip.ts";
import { ByteReader, type FileLabel, firstBytes, showFile } from "./reader.ts";

/** The most pixels that are decoded unless asked for more: Pillow's limit, a quarter of a GiB in RGB. */
export const MAX_PNG_PIXELS = 89_478_485;

/** 1 grey, 2 grey and alpha, 3 red green blue, 4 red green blue alpha. */
export type PngChannels = 1 | 2 | 3 | 4;

/**
 * A decoded image, rows from top to bottom, channels last: `data` is [height, width, channels]. Palettes are resolved,
 * grey of 1, 2 and 4 bits is scaled to 0 … 255, and a transparent colour (tRNS) is an alpha channel.
 */
export interface PngImage {
  readonly width: number;
  readonly height: number;
  readonly channels: PngChannels;
  /** Largest value of a channel is 2^depth − 1. */
  readonly depth: 8 | 16;
  readonly data: Uint8Array | Uint16Array;
}

export interface ReadPngOptions {
  /** The file's name, for errors. */
  name?: string | undefined;
  /** Refuse images of more pixels than this. Default 89,478,485. */
  maxPixels?: number | undefined;
}

/** The first eight bytes of every PNG file. */
export const pngSignature = [137, 80, 78, 71, 13, 10, 26, 10];

/** True when the bytes start with PNG's signature. */
export function isPng(bytes: Uint8Array): boolean {
  return pngSignature.every((b, i) => bytes[i] === b);
}

/** Bit 1 of the colour type: a palette; bit 2: colour; bit 4: an alpha channel. */
const colourTypes: Readonly<
  Record<number, { readonly samples: PngChannels; readonly depths: readonly number[] }>
> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  3: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
};

interface Header {
  readonly width: number;
  readonly height: number;
  /** Bits of a sample as stored. */
  readonly depth: number;
  readonly colourType: number;
  /** Samples of a pixel as stored. */
  readonly samples: PngChannels;
  readonly interlaced: boolean;
}

interface Chunks {
  readonly header: Header;
  readonly palette: Uint8Array | undefined;
  readonly transparency: Uint8Array | undefined;
  /** The zlib stream. */
  readonly data: Uint8Array;
}

/**
 * Decodes a PNG file.
 *
 * @throws FormatError for anything that is not a whole, valid PNG (all checksums are verified), LimitError for more
 *   than `maxPixels` pixels.
 */
export function readPng(bytes: Uint8Array, options: ReadPngOptions = {}): PngImage {
  const file: FileLabel = { format: "PNG", name: options.name };
  const r = new ByteReader(bytes, file);
  const { header, palette, transparency, data } = readChunks(r, options.maxPixels ?? MAX_PNG_PIXELS);
  const passes = passesOf(header);
  const size = passes.reduce((sum, p) => sum + p.height * (1 + p.rowBytes), 0);
  const raw = inflateZlib(data, size, file);
  const samples = unpack(header, passes, raw, r);
  if (header.colourType === 3) return resolvePalette(header, samples, palette!, transparency, r);
  return finish(header, samples, transparency);
}

/** Walks the chunks: their order, their number, their checksums; nothing is decoded yet. */
function readChunks(r: ByteReader, maxPixels: number): Chunks {
  if (!isPng(r.bytes)) {
    throw r.corrupt("this is not a PNG file", {
      expected: "PNG's eight signature bytes",
      got: firstBytes(r.bytes),
    });
  }
  r.skip(8);
  let header: Header | undefined;
  let palette: Uint8Array | undefined;
  let transparency: Uint8Array | undefined;
  const data: Uint8Array[] = [];
  let previous = "";
  for (;;) {
    const start = r.offset;
    const { type, body } = readChunk(r);
    const refuse = (problem: string, got?: string) =>
      r.corrupt(`chunk ${type}: ${problem}`, got === undefined ? {} : { got }, start);
    if ((header === undefined) !== (type === "IHDR")) throw refuse("IHDR must come first, and once");
    if (type === "IHDR") {
      header = readHeader(body, r, maxPixels);
    } else if (type === "PLTE") {
      const colours = body.length / 3;
      if (palette !== undefined || transparency !== undefined || data.length > 0)
        throw refuse("out of place");
      if (header!.colourType === 0 || header!.colourType === 4) throw refuse("a grey image has no palette");
      const most = header!.colourType === 3 ? 2 ** header!.depth : 256;
      if (!Number.isInteger(colours) || colours < 1 || colours > most)
        throw refuse("wrong length", `${body.length} bytes`);
      palette = body;
    } else if (type === "tRNS") {
      if (transparency !== undefined || data.length > 0) throw refuse("out of place");
      if (header!.colourType === 3 && palette === undefined) throw refuse("comes before the palette");
      const fits =
        header!.colourType === 3
          ? body.length >= 1 && body.length <= palette!.length / 3
          : body.length === 2 * header!.samples;
      if (header!.colourType >= 4 || !fits)
        throw refuse("does not fit the kind of image", `${body.length} bytes`);
      transparency = body;
    } else if (type === "IDAT") {
      if (data.length > 0 && previous !== "IDAT") throw refuse("the image data are not in one run");
      data.push(body);
    } else if (type === "IEND") {
      if (body.length > 0) throw refuse("is not empty");
      if (data.length === 0) throw refuse("there are no image data before the end");
      if (header!.colourType === 3 && palette === undefined) throw refuse("there is no palette");
      return { header: header!, palette, transparency, data: concatBytes(data) };
    } else if (/^[A-Z]/.test(type)) {
      throw refuse("an unknown chunk that is marked as needed");
    }
    previous = type;
  }
}

function readChunk(r: ByteReader): { type: string; body: Uint8Array } {
  const length = r.u32("the next chunk");
  const start = r.offset;
  const type = r.latin1(4, "the next chunk");
  if (!/^[A-Za-z]{4}$/.test(type)) {
    throw r.corrupt("a chunk has no valid name", { expected: "four letters" }, start);
  }
  const body = r.slice(length, `the end of chunk ${type}`);
  const stated = r.u32(`the checksum of chunk ${type}`);
  if (stated !== crc32(r.bytes.subarray(start, start + 4 + length))) {
    throw r.corrupt(`chunk ${type}: the checksum (CRC-32) is wrong`, {}, start);
  }
  return { type, body };
}

function readHeader(body: Uint8Array, r: ByteReader, maxPixels: number): Header {
  if (body.length !== 13)
    throw r.corrupt("chunk IHDR has a wrong length", { expected: "13 bytes", got: `${body.length} bytes` });
  const h = new ByteReader(body, r.file);
  const [width, height] = [h.u32(), h.u32()];
  const [depth, colourType, compression, filter, interlace] = [h.u8(), h.u8(), h.u8(), h.u8(), h.u8()];
  const colour = colourTypes[colourType];
  if (colour === undefined || !colour.depths.includes(depth)) {
    throw r.corrupt("there is no such kind of image", {
      expected: "grey (1 to 16 bits), palette (1 to 8), RGB or alpha (8 or 16)",
      got: `colour type ${colourType} of ${depth} bits`,
    });
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw r.corrupt("there is no such coding", {
      expected: "compression 0, filter 0, interlace 0 or 1",
      got: `compression ${compression}, filter ${filter}, interlace ${interlace}`,
    });
  }
  if (width === 0 || height === 0 || width > 0x7fffffff || height > 0x7fffffff) {
    throw r.corrupt("there is no image of this size", {
      expected: "sizes of 1 … 2^31 - 1",
      got: `${width} x ${height}`,
    });
  }
  if (width * height > maxPixels) {
    throw new LimitError({
      where: showFile(r.file),
      problem: "the image is too large",
      expected: `at most ${maxPixels} pixels`,
      got: `${width} x ${height}`,
      try: "make the picture smaller, or pass a larger maxPixels if the file is trusted",
      details: { format: "PNG", path: r.file.name, limit: maxPixels, declared: width * height },
    });
  }
  return { width, height, depth, colourType, samples: colour.samples, interlaced: interlace === 1 };
}

/** One array of several. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

/** A sub-image: pixels (x0 + i dx, y0 + j dy) of the whole. */
interface Pass {
  readonly x0: number;
  readonly y0: number;
  readonly dx: number;
  readonly dy: number;
  readonly width: number;
  readonly height: number;
  /** Bytes of a row without its filter byte. */
  readonly rowBytes: number;
}

/** Adam7: x0, y0, dx, dy of the seven passes. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** The non-empty passes of an image; one if it is not interlaced. */
function passesOf(h: Header): Pass[] {
  const grid = h.interlaced ? adam7 : ([[0, 0, 1, 1]] as const);
  return grid
    .map(([x0, y0, dx, dy]) => {
      const width = Math.max(0, Math.ceil((h.width - x0) / dx));
      const height = Math.max(0, Math.ceil((h.height - y0) / dy));
      return { x0, y0, dx, dy, width, height, rowBytes: Math.ceil((width * h.samples * h.depth) / 8) };
    })
    .filter((p) => p.width > 0 && p.height > 0);
}

/** Undoes the filters in place and gathers the samples, one array element each, as stored (unscaled). */
function unpack(
  h: Header,
  passes: readonly Pass[],
  raw: Uint8Array,
  r: ByteReader,
): Uint8Array | Uint16Array {
  const n = h.width * h.height * h.samples;
  const out = h.depth === 16 ? new Uint16Array(n) : new Uint8Array(n);
  const pixelBytes = Math.max(1, (h.samples * h.depth) / 8);
  let at = 0;
  for (const p of passes) {
    let above: Uint8Array | undefined;
    for (let j = 0; j < p.height; j++) {
      const filter = raw[at]!;
      const row = raw.subarray(at + 1, at + 1 + p.rowBytes);
      const undo = unfilters[filter];
      if (undo === undefined)
        throw r.corrupt("a row has an unknown filter", { expected: "0 … 4", got: String(filter) });
      undo(row, above ?? new Uint8Array(p.rowBytes), pixelBytes);
      scatterRow(h, p, row, out, (p.y0 + j * p.dy) * h.width);
      above = row;
      at += 1 + p.rowBytes;
    }
  }
  return out;
}

/** Puts the samples of a pass's row in their places in the row of the image that starts at pixel `rowStart`. */
function scatterRow(
  h: Header,
  p: Pass,
  row: Uint8Array,
  out: Uint8Array | Uint16Array,
  rowStart: number,
): void {
  const { samples, depth } = h;
  if (depth === 8 && p.dx === 1) {
    out.set(row, rowStart * samples);
    return;
  }
  const mask = 2 ** depth - 1;
  for (let i = 0; i < p.width; i++) {
    const to = (rowStart + p.x0 + i * p.dx) * samples;
    for (let s = 0; s < samples; s++) {
      const k = i * samples + s;
      if (depth === 16) out[to + s] = row[2 * k]! * 256 + row[2 * k + 1]!;
      else {
        const bit = k * depth;
        out[to + s] = (row[bit >> 3]! >> (8 - depth - (bit & 7))) & mask;
      }
    }
  }
}

type Filter = (row: Uint8Array, above: Uint8Array, pixelBytes: number) => void;

/** Which of left, above and above-left is nearest to left + above − above-left (§9.4 of the standard). */
export function paeth(left: number, above: number, corner: number): number {
  const a = Math.abs(above - corner);
  const b = Math.abs(left - corner);
  const c = Math.abs(left + above - 2 * corner);
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

/** The filters' inverses, in place (§9 of the standard). */
const unfilters: readonly Filter[] = [
  () => {},
  (row, _above, n) => {
    for (let i = n; i < row.length; i++) row[i]! += row[i - n]!;
  },
  (row, above) => {
    for (let i = 0; i < row.length; i++) row[i]! += above[i]!;
  },
  (row, above, n) => {
    for (let i = 0; i < row.length; i++) row[i]! += ((i < n ? 0 : row[i - n]!) + above[i]!) >> 1;
  },
  (row, above, n) => {
    for (let i = 0; i < row.length; i++) {
      row[i]! += i < n ? above[i]! : paeth(row[i - n]!, above[i]!, above[i - n]!);
    }
  },
];

/** Looks every index up in the palette. */
function resolvePalette(
  h: Header,
  indices: Uint8Array | Uint16Array,
  palette: Uint8Array,
  alpha: Uint8Array | undefined,
  r: ByteReader,
): PngImage {
  const channels = alpha === undefined ? 3 : 4;
  const data = new Uint8Array(indices.length * channels);
  for (let i = 0; i < indices.length; i++) {
    const k = indices[i]!;
    if (3 * k >= palette.length) {
      throw r.corrupt("a pixel has a colour that the palette lacks", {
        expected: `0 … ${palette.length / 3 - 1}`,
        got: String(k),
      });
    }
    for (let c = 0; c < 3; c++) data[i * channels + c] = palette[3 * k + c]!;
    if (alpha !== undefined) data[i * 4 + 3] = alpha[k] ?? 255;
  }
  return { width: h.width, height: h.height, channels, depth: 8, data };
}

/** Scales samples to 8 or 16 bits and turns the transparent colour, if there is one, into an alpha channel. */
function finish(
  h: Header,
  samples: Uint8Array | Uint16Array,
  transparency: Uint8Array | undefined,
): PngImage {
  const { width, height } = h;
  const depth = h.depth === 16 ? 16 : 8;
  const scale = h.depth < 8 ? 255 / (2 ** h.depth - 1) : 1;
  if (transparency === undefined) {
    if (scale !== 1) for (let i = 0; i < samples.length; i++) samples[i]! *= scale;
    return { width, height, channels: h.samples, depth, data: samples };
  }
  const n = h.samples;
  const clear = Array.from(
    { length: n },
    (_, c) => (transparency[2 * c]! * 256 + transparency[2 * c + 1]!) & (2 ** h.depth - 1),
  );
  const count = width * height * (n + 1);
  const data = depth === 16 ? new Uint16Array(count) : new Uint8Array(count);
  const opaque = 2 ** depth - 1;
  for (let i = 0, to = 0; i < samples.length; i += n) {
    let same = true;
    for (let c = 0; c < n; c++) {
      same &&= samples[i + c] === clear[c];
      data[to++] = samples[i + c]! * scale;
    }
    data[to++] = same ? 0 : opaque;
  }
  return { width, height, channels: (n + 1) as PngChannels, depth, data };
}
