/** How much ink covers each pixel: the background and the light on it removed. */
import { binomial, close, dilate, erode, medianFilter, quantile, resize, sample } from "./filters.ts";
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
  /** 1 for each pixel of a sheet of paper on a darker table; undefined where no sheet's edge is seen. */
  readonly paper: Uint8Array | undefined;
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
  if (peak < LEAST_CONTRAST) return { grey, ink: undefined, floor: 0, peak, flat: true, paper: undefined };
  return { grey, ink, floor: Math.max(LEAST_CONTRAST, 0.2 * peak), peak, flat: true, paper: undefined };
}

function photographedInk(colours: ColourPlanes, grey: Plane, polarity: Polarity): InkPlane {
  const light = polarity === "auto" ? writtenInLight(grey) : polarity === "light";
  const raw = darkness(colours, light);
  const smooth = binomial(raw, Math.max(raw.width, raw.height) > 300 ? 2 : 1);
  const paper = light ? undefined : sheet(smooth);
  const ink = narrowestInk(smooth, paper);
  // The background rides on the noise's crests: the paper's own level is the most common one.
  const paperLevel = quantile(ink.data, 0.5);
  const noise = paperLevel - quantile(ink.data, 0.16);
  for (let i = 0; i < ink.data.length; i++) ink.data[i] = Math.max(0, ink.data[i]! - paperLevel);
  const floor = Math.max(LEAST_CONTRAST, 4.5 * noise);
  const peak = quantile(
    ink.data.filter((v) => v > floor),
    0.9,
  );
  return { grey, ink: peak < floor ? undefined : ink, floor, peak, flat: false, paper };
}

/**
 * The bright part of a picture that falls into a bright and a dark part (Otsu 1979), strokes left out; undefined where
 * the parts are not far apart or one of them is small.
 */
function sheet(p: Plane): Uint8Array | undefined {
  const scale = Math.min(1, 120 / Math.max(p.width, p.height));
  const width = Math.max(1, Math.round(p.width * scale));
  const height = Math.max(1, Math.round(p.height * scale));
  const small = close(resize(p, width, height), 3);
  const threshold = otsu(small.data);
  let bright = 0;
  let brightSum = 0;
  let darkSum = 0;
  for (const v of small.data) {
    if (v > threshold) {
      bright++;
      brightSum += v;
    } else darkSum += v;
  }
  const dark = small.data.length - bright;
  if (Math.min(bright, dark) < 0.03 * small.data.length) return undefined;
  if (darkSum / dark > (0.55 * brightSum) / bright) return undefined;
  const full = resize(small, p.width, p.height);
  return Uint8Array.from(full.data, (v) => Number(v > threshold));
}

/** The threshold that parts values into two classes with the greatest variance between them. */
function otsu(data: Float32Array): number {
  const sorted = data.slice().sort();
  let total = 0;
  for (const v of sorted) total += v;
  let below = 0;
  let best = -1;
  let threshold = sorted[0]!;
  for (let i = 1; i < sorted.length; i++) {
    below += sorted[i - 1]!;
    const difference = below / i - (total - below) / (sorted.length - i);
    const between = i * (sorted.length - i) * difference * difference;
    if (between > best) {
      best = between;
      threshold = (sorted[i - 1]! + sorted[i]!) / 2;
    }
  }
  return threshold;
}

/**
 * Whether the writing is lighter than its ground: around sharp edges, the squared distance from the local median is
 * greater on the bright side than on the dark. (Edges of shadows count on both sides alike.)
 */
function writtenInLight(grey: Plane): boolean {
  const longer = Math.max(grey.width, grey.height);
  const scale = Math.min(1, 40 / longer);
  const small = resize(
    grey,
    Math.max(1, Math.round(grey.width * scale)),
    Math.max(1, Math.round(grey.height * scale)),
  );
  const local = medianFilter(small, 7);
  const slope = steepness(binomial(grey, 1));
  const least = quantile(slope.data, 0.985);
  const near = dilate(slope, Math.max(1, Math.round(longer / 150)));
  let balance = 0;
  const inset = 0.06;
  for (let y = Math.floor(inset * grey.height); y < (1 - inset) * grey.height; y++) {
    for (let x = Math.floor(inset * grey.width); x < (1 - inset) * grey.width; x++) {
      const i = y * grey.width + x;
      if (near.data[i]! < least) continue;
      const d = grey.data[i]! - sample(local, (x + 0.5) * scale - 0.5, (y + 0.5) * scale - 0.5);
      balance += d * Math.abs(d);
    }
  }
  return balance > 0;
}

/** Length of the gradient, from central differences. */
function steepness(p: Plane): Plane {
  const { width, height, data } = p;
  const out = plane(width, height);
  for (let y = 0; y < height; y++) {
    const above = Math.max(0, y - 1) * width;
    const below = Math.min(height - 1, y + 1) * width;
    for (let x = 0; x < width; x++) {
      const dx = data[y * width + Math.min(width - 1, x + 1)]! - data[y * width + Math.max(0, x - 1)]!;
      const dy = data[below + x]! - data[above + x]!;
      out.data[y * width + x] = Math.sqrt(dx * dx + dy * dy);
    }
  }
  return out;
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

/** Half the widest stroke that is looked for, as fractions of the picture's shorter side. */
const REACHES = [0.022, 0.05, 0.11, 0.2];

/**
 * The ink that is darker than its surroundings within the smallest reach that still fills the strokes: soft shadows are
 * wider than that. A reach fills the strokes when, at the sharpest edges, it finds the ink that the widest finds; the
 * wider ones, which are for strokes run together, must find it in the middle of a blot too.
 */
function narrowestInk(p: Plane, paper: Uint8Array | undefined): Plane {
  const widest = inkWithin(p, REACHES[REACHES.length - 1]!);
  const slope = steepness(p);
  leaveOut(slope, paper);
  const sharp = quantile(slope.data, 0.995);
  const edges = quantile(
    widest.data.filter((_, i) => slope.data[i]! >= sharp),
    0.5,
  );
  for (const [k, reach] of REACHES.slice(0, -1).entries()) {
    const ink = inkWithin(p, reach);
    const atEdges = shareFound(ink, widest, (i) => slope.data[i]! >= sharp);
    const inBlots = k < 2 ? 1 : shareFound(ink, widest, (i) => widest.data[i]! > edges);
    if (Math.min(atEdges, inBlots) > 0.85) return fillBlots(ink, widest, p);
  }
  return widest;
}

/**
 * The ink with the middles of strokes that are wider than its reach: from well inked pixels it spreads to neighbours that
 * are about as dark, and that are ink within the widest reach. Paper in the shadow of something is lighter than the strokes
 * on it, so it stays paper.
 */
function fillBlots(ink: Plane, widest: Plane, p: Plane): Plane {
  const { width, height } = p;
  const strong = quantile(
    ink.data.filter((v) => v > LEAST_CONTRAST),
    0.9,
  );
  const out = plane(width, height);
  out.data.set(ink.data);
  // How dark a pixel must be to count as the stroke that reached it, a third of the way to its paper; 0 where none has.
  const darkest = new Float32Array(width * height);
  const stack: number[] = [];
  for (let i = 0; i < ink.data.length; i++) {
    if (ink.data[i]! < 0.6 * strong) continue;
    const paper = p.data[i]! / Math.max(0.02, 1 - ink.data[i]!);
    darkest[i] = p.data[i]! + 0.35 * (paper - p.data[i]!);
    out.data[i] = Math.max(ink.data[i]!, widest.data[i]!);
    stack.push(i);
  }
  while (stack.length > 0) {
    const i = stack.pop()!;
    const x = i % width;
    for (const [j, inside] of [
      [i - 1, x > 0],
      [i + 1, x < width - 1],
      [i - width, i >= width],
      [i + width, i < width * (height - 1)],
    ] as const) {
      if (!inside || darkest[j]! > 0) continue;
      if (p.data[j]! > darkest[i]! || widest.data[j]! < 0.5 * strong) continue;
      darkest[j] = darkest[i]!;
      out.data[j] = Math.max(ink.data[j]!, widest.data[j]!);
      stack.push(j);
    }
  }
  return out;
}

/** Clears what is near the rim or the sheet's edge, in place: neither says anything about strokes. */
function leaveOut(p: Plane, paper: Uint8Array | undefined): void {
  const { width, height } = p;
  const inset = Math.round(0.07 * Math.min(width, height));
  const inside = plane(width, height);
  for (let y = inset; y < height - inset; y++) {
    for (let x = inset; x < width - inset; x++) {
      inside.data[y * width + x] = paper === undefined ? 1 : paper[y * width + x]!;
    }
  }
  const kept =
    paper === undefined ? inside : erode(inside, Math.max(1, Math.round(0.03 * Math.min(width, height))));
  for (let i = 0; i < p.data.length; i++) p.data[i] = p.data[i]! * kept.data[i]!;
}

/** How much of the ink `all` is found in `ink`, by weight, over the pixels that count. */
function shareFound(ink: Plane, all: Plane, counts: (index: number) => boolean): number {
  let found = 0;
  let sum = 0;
  for (let i = 0; i < all.data.length; i++) {
    if (!counts(i)) continue;
    const w = Math.max(0, all.data[i]!);
    found += w * Math.min(w, ink.data[i]!);
    sum += w * w;
  }
  return sum === 0 ? 1 : found / sum;
}

/** Darkening relative to what the paper would show without ink: a closing wider than the strokes, made at half the size. */
function inkWithin(p: Plane, reach: number): Plane {
  const reduce = Math.max(1, Math.floor(Math.max(p.width, p.height) / 450));
  const small = resize(p, Math.ceil(p.width / reduce), Math.ceil(p.height / reduce));
  const radius = Math.max(2, Math.round(reach * Math.min(small.width, small.height)));
  const paper = resize(binomial(close(small, radius), 2), p.width, p.height);
  const ink = plane(p.width, p.height);
  for (let i = 0; i < ink.data.length; i++) {
    const b = paper.data[i]!;
    ink.data[i] = b > 0 ? 1 - p.data[i]! / b : 0;
  }
  return ink;
}
