/** Pictures as plain values, and how they become one grey plane of a workable size. */
import { DataError, LimitError } from "../../ir/errors.ts";

/** A decoded picture, rows from top to bottom, channels last. What `readPng` returns is one. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 2 grey and alpha, 3 red green blue, 4 red green blue alpha. */
  readonly channels: 1 | 2 | 3 | 4;
  /** Bits of a sample: the largest value is 2^depth − 1. */
  readonly depth: number;
  readonly data: ArrayLike<number>;
}

/** One plane of real numbers, row by row. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

export function plane(width: number, height: number): Plane {
  return { width, height, data: new Float32Array(width * height) };
}

/** Red, green, blue over white paper and the alpha channel, each 0 to 1, made smaller by area averaging. */
export interface ColourPlanes {
  readonly red: Plane;
  readonly green: Plane;
  readonly blue: Plane;
  /** How opaque the picture is; undefined where it has no alpha channel. */
  readonly alpha: Plane | undefined;
  /** Original pixels per pixel of the planes, along one side. */
  readonly reduction: number;
}

const MAX_PIXELS = 89_478_485;

/**
 * The colour planes of a picture, reduced to at most `maxSide` pixels along the longer side.
 *
 * @throws DataError where sizes, channels, depth and number of samples do not agree; LimitError beyond 89,478,485 pixels.
 */
export function colourPlanes(pixels: Pixels, maxSide: number): ColourPlanes {
  checkPixels(pixels);
  const { width, height } = pixels;
  const reduction = Math.max(1, Math.max(width, height) / maxSide);
  const w = Math.max(1, Math.round(width / reduction));
  const h = Math.max(1, Math.round(height / reduction));
  const hasAlpha = pixels.channels === 2 || pixels.channels === 4;
  const planes = [0, 1, 2, 3].map(() => new Float32Array(w * h));
  const weight = new Float32Array(w * h);
  addSamples(pixels, w, h, planes, weight);
  const scale = 1 / (2 ** pixels.depth - 1);
  for (let i = 0; i < w * h; i++) {
    const s = scale / weight[i]!;
    for (const p of planes) p[i] = p[i]! * s;
  }
  const [red, green, blue, alpha] = planes.map((data) => ({ width: w, height: h, data }));
  return { red: red!, green: green!, blue: blue!, alpha: hasAlpha ? alpha! : undefined, reduction };
}

/** Adds every pixel, laid over white, to the cell that its centre falls into. */
function addSamples(
  pixels: Pixels,
  w: number,
  h: number,
  planes: readonly Float32Array[],
  weight: Float32Array,
): void {
  const { width, height, channels, data } = pixels;
  const [red, green, blue, alpha] = planes as [Float32Array, Float32Array, Float32Array, Float32Array];
  const white = 2 ** pixels.depth - 1;
  const hasAlpha = channels === 2 || channels === 4;
  const colour = channels >= 3;
  const columns = new Int32Array(width);
  for (let x = 0; x < width; x++) columns[x] = Math.floor(((x + 0.5) * w) / width);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * h) / height) * w;
    let at = y * width * channels;
    for (let x = 0; x < width; x++, at += channels) {
      let r = data[at]!;
      let g = colour ? data[at + 1]! : r;
      let b = colour ? data[at + 2]! : r;
      const to = row + columns[x]!;
      if (hasAlpha) {
        const a = data[at + channels - 1]!;
        const opaque = a / white;
        r = white + (r - white) * opaque;
        g = white + (g - white) * opaque;
        b = white + (b - white) * opaque;
        alpha[to] = alpha[to]! + a;
      }
      red[to] = red[to]! + r;
      green[to] = green[to]! + g;
      blue[to] = blue[to]! + b;
      weight[to] = weight[to]! + 1;
    }
  }
}

function checkPixels(pixels: Pixels): void {
  const { width, height, channels, depth, data } = pixels;
  const whole = (x: number, low: number, high: number) => Number.isInteger(x) && x >= low && x <= high;
  if (
    !whole(width, 1, 2 ** 31) ||
    !whole(height, 1, 2 ** 31) ||
    !whole(channels, 1, 4) ||
    !whole(depth, 1, 16)
  ) {
    throw new DataError({
      where: "prepareDigit",
      problem: "not a picture",
      expected: "width and height of at least 1, 1 to 4 channels, 1 to 16 bits",
      got: `width ${width}, height ${height}, channels ${channels}, depth ${depth}`,
      try: "pass what readPng returns",
    });
  }
  if (width * height > MAX_PIXELS) {
    throw new LimitError({
      where: "prepareDigit",
      problem: "the picture is too large",
      expected: `at most ${MAX_PIXELS} pixels`,
      got: `${width} × ${height}`,
      try: "make the picture smaller; 1000 pixels along each side are plenty",
    });
  }
  if (data.length !== width * height * channels) {
    throw new DataError({
      where: "prepareDigit",
      problem: "the number of samples does not fit the picture's size",
      expected: `${width} × ${height} × ${channels} = ${width * height * channels} samples`,
      got: `${data.length}`,
      try: "pass what readPng returns",
    });
  }
}
