/** How much ink covers each pixel: the background and the light on it removed. */
import { binomial, close, medianFilter, quantile, resize, sample } from "./filters.ts";
import { type ColourPlanes, type Plane, plane } from "./pixels.ts";

export interface InkPlane {
  /** The picture as grey levels 0 to 1, for people. */
  readonly grey: Plane;
  /** Darkening relative to the paper: 0 paper, 1 black; undefined for a blank picture. */
  readonly ink: Plane | undefined;
  /** The least value of `ink` that is not noise. */
  readonly floor: number;
  /** The level of strong ink. */
  readonly peak: number;
  /** Whether the background is one constant colour: a drawing, not a photograph. */
  readonly flat: boolean;
}

export type Polarity = "auto" | "dark" | "light";

/** Ink covers at least this much more than the noise, and darkens by at least this much. */
const LEAST_CONTRAST = 0.025;

/** The ink of a picture, by a constant background where there is one, else by the light that the paper shows. */
export function inkOf(colours: ColourPlanes, polarity: Polarity): InkPlane {
  const grey = luma(colours);
  const opacity = colours.alpha;
  if (opacity && quantile(grey.data, 0.001) > 0.9 && quantile(opacity.data, 0.001) < 0.5) {
    // White ink on nothing: the opacity is the picture.
    return flatInk(opacity, 0);
  }
  const background = constantBackground(grey);
  if (background !== undefined) return flatInk(grey, background);
  return photographedInk(colours, grey, polarity);
}

function luma({ red, green, blue }: ColourPlanes): Plane {
  const out = plane(red.width, red.height);
  for (let i = 0; i < out.data.length; i++) {
    out.data[i] = 0.299 * red.data[i]! + 0.587 * green.data[i]! + 0.114 * blue.data[i]!;
  }
  return out;
}

/**
 * The level of a drawing's background: one that a good part of all pixels and most of the rim have, exactly in a large
 * picture, nearly in a tiny one. Undefined for a photograph.
 */
function constantBackground(grey: Plane): number | undefined {
  const { width, height, data } = grey;
  const tiny = Math.max(width, height) <= 64;
  const levels = new Float64Array(256);
  for (const v of data) levels[Math.min(255, Math.max(0, Math.round(v * 255)))]!++;
  const reach = tiny ? 3 : 0;
  const around = (b: number) => levels.slice(Math.max(0, b - reach), b + reach + 1).reduce((x, y) => x + y);
  let mode = 0;
  for (let b = 1; b < 256; b++) if (around(b) > around(mode)) mode = b;
  const near = (v: number) => Math.abs(v * 255 - mode) <= reach + 0.5;
  let count = 0;
  let sum = 0;
  for (const v of data) {
    if (near(v)) {
      count++;
      sum += v;
    }
  }
  let rim = 0;
  for (let x = 0; x < width; x++)
    rim += Number(near(data[x]!)) + Number(near(data[(height - 1) * width + x]!));
  for (let y = 0; y < height; y++)
    rim += Number(near(data[y * width]!)) + Number(near(data[y * width + width - 1]!));
  const enough = count > 0.4 * data.length && rim > (tiny ? 0.5 : 0.75) * 2 * (width + height);
  return enough ? sum / count : undefined;
}

function flatInk(grey: Plane, background: number): InkPlane {
  const ink = plane(grey.width, grey.height);
  for (let i = 0; i < ink.data.length; i++) ink.data[i] = Math.abs(grey.data[i]! - background);
  let peak = 0;
  for (const v of ink.data) peak = Math.max(peak, v);
  if (peak < LEAST_CONTRAST) return { grey, ink: undefined, floor: 0, peak, flat: true };
  return { grey, ink, floor: Math.max(LEAST_CONTRAST, 0.2 * peak), peak, flat: true };
}

function photographedInk(colours: ColourPlanes, grey: Plane, polarity: Polarity): InkPlane {
  const light = polarity === "auto" ? writtenInLight(grey) : polarity === "light";
  const raw = darkness(colours, light);
  const smooth = binomial(raw, Math.max(raw.width, raw.height) > 300 ? 2 : 1);
  const background = paper(smooth);
  const ink = plane(raw.width, raw.height);
  for (let i = 0; i < ink.data.length; i++) {
    const b = background.data[i]!;
    ink.data[i] = b > 0 ? 1 - smooth.data[i]! / b : 0;
  }
  // The background rides on the noise's crests: the paper's own level is the most common one.
  const paperLevel = quantile(ink.data, 0.5);
  const noise = (paperLevel - quantile(ink.data, 0.16)) / 1;
  for (let i = 0; i < ink.data.length; i++) ink.data[i] = Math.max(0, ink.data[i]! - paperLevel);
  const floor = Math.max(LEAST_CONTRAST, 4.5 * noise);
  const peak = quantile(ink.data, 0.999);
  if (peak < floor) return { grey, ink: undefined, floor, peak, flat: false };
  return { grey, ink, floor, peak, flat: false };
}

/**
 * Whether the writing is lighter than its ground: the tails of the picture's levels about the local median, bright
 * against dark, away from the rim.
 */
function writtenInLight(grey: Plane): boolean {
  const scale = 40 / Math.max(grey.width, grey.height);
  const small = resize(
    grey,
    Math.max(1, Math.round(grey.width * Math.min(1, scale))),
    Math.max(1, Math.round(grey.height * Math.min(1, scale))),
  );
  const local = medianFilter(small, 8);
  const sx = small.width / grey.width;
  const sy = small.height / grey.height;
  const difference: number[] = [];
  const inset = 0.06;
  for (let y = Math.floor(inset * grey.height); y < (1 - inset) * grey.height; y += 2) {
    for (let x = Math.floor(inset * grey.width); x < (1 - inset) * grey.width; x += 2) {
      const m = sample(local, (x + 0.5) * sx - 0.5, (y + 0.5) * sy - 0.5);
      difference.push(grey.data[y * grey.width + x]! - m);
    }
  }
  const spread = Math.max(0.02, 2 * (quantile(difference, 0.75) - quantile(difference, 0.25)));
  let bright = 0;
  let dark = 0;
  for (const d of difference) {
    if (d > spread) bright += d - spread;
    else if (d < -spread) dark += -d - spread;
  }
  return bright > dark;
}

/**
 * One plane in which the writing is dark: the mean of luma and the darkest (for light writing, of the negative, the
 * lightest) colour channel, so that pens of any colour count.
 */
function darkness({ red, green, blue }: ColourPlanes, light: boolean): Plane {
  const out = plane(red.width, red.height);
  const white = [red, green, blue].map((p) => Math.max(0.2, quantile(p.data, light ? 0.5 : 0.8)));
  const middle = (white[0]! + white[1]! + white[2]!) / 3;
  const [kr, kg, kb] = light ? [1, 1, 1] : white.map((w) => middle / w);
  for (let i = 0; i < out.data.length; i++) {
    const r = red.data[i]! * kr!;
    const g = green.data[i]! * kg!;
    const b = blue.data[i]! * kb!;
    const y = 0.299 * r + 0.587 * g + 0.114 * b;
    out.data[i] = light ? 1.15 - 0.5 * (y + Math.max(r, g, b)) : 0.02 + 0.5 * (y + Math.min(r, g, b));
  }
  return out;
}

/** What the paper would show without ink: a closing wider than any stroke, made at a fifth of the size and smoothed. */
function paper(p: Plane): Plane {
  const longer = Math.max(p.width, p.height);
  const reduce = Math.max(1, Math.floor(longer / 250));
  // Brightest of each cell first, so that thin lines leave no trace in the small picture.
  const small = resize(p, Math.ceil(p.width / reduce), Math.ceil(p.height / reduce));
  const radius = Math.max(2, Math.round(0.11 * Math.min(small.width, small.height)));
  const closed = binomial(close(small, radius), 2);
  return resize(closed, p.width, p.height);
}
