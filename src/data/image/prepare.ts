/**
 * Your own digit: a drawing, scan or photograph becomes a 28×28 picture as MNIST's are.
 *
 * grey → ink (background and light removed) → lines (printed lines removed) → digit (its components) → stroke (weight
 * as MNIST's) → box (20×20) → digit28 (centre of mass in the middle), after LeCun, Bottou, Bengio and Haffner 1998, §III-A.
 */
import { DataError } from "../../ir/errors.ts";
import { chooseDigit } from "./choose.ts";
import { resize } from "./filters.ts";
import { inkOf } from "./ink.ts";
import { removeLines } from "./lines.ts";
import { colourPlanes, type Pixels, type Plane, plane } from "./pixels.ts";
import { changeWidth, strokeWidth } from "./stroke.ts";

/** A picture of one step, 8-bit grey, for people to look at. */
export interface PreparationStage {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export interface PreparedDigit {
  /** 28×28 grey levels, ink 255 on paper 0. */
  readonly image: Uint8Array;
  /** The steps from the grey picture to `image`, in order. */
  readonly stages: readonly PreparationStage[];
}

export interface PrepareDigitOptions {
  /** The file's name, for errors. */
  name?: string | undefined;
  /** Whether the digit is darker or lighter than what it is written on; found out by default. */
  polarity?: "auto" | "dark" | "light" | undefined;
  /**
   * Limits of the mean stroke width as a fraction of the digit's longer side; thinner strokes are made wider and wider
   * ones thinner. Default [0.1, 0.18]: about the 20th and the 90th percentile of MNIST.
   */
  strokeWidth?: readonly [low: number, high: number] | undefined;
}

const SIDE = 28;
const BOX = 20;
/** Longer side of the working picture, and of the digit while its strokes are measured. */
const WORK = 1000;
const FINE = 160;

/**
 * Finds the digit in a picture and brings it into MNIST's form.
 *
 * Takes any size, grey or colour, transparency (over white), 1 to 16 bits, dark on light or light on dark, drawings as
 * well as photographs of plain, ruled or squared paper in uneven light. A 28×28 picture that is in MNIST's form already
 * comes back as it is.
 *
 * @throws DataError where no digit can be made out, or the pixels are not a picture; LimitError where there are too many.
 * @example const { image } = prepareDigit(readPng(bytes));
 */
export function prepareDigit(pixels: Pixels, options: PrepareDigitOptions = {}): PreparedDigit {
  const where = options.name ?? "prepareDigit";
  const colours = colourPlanes(pixels, WORK);
  const ready = alreadyPrepared(pixels);
  if (ready) return { image: ready, stages: [{ name: "digit28", width: SIDE, height: SIDE, data: ready }] };

  const stages: PreparationStage[] = [];
  const show = (name: string, p: Plane, scale: number) => stages.push(stage(name, p, scale));
  const found = inkOf(colours, options.polarity ?? "auto");
  show("grey", found.grey, 255);
  if (found.ink === undefined)
    throw nothingFound(where, "the picture is blank: nothing stands out from the background");
  show("ink", found.ink, 255 / Math.max(found.peak, 1e-6));
  const large = Math.min(found.ink.width, found.ink.height) >= 200;
  const clean = large ? removeLines(found.ink, found.floor, found.paper).cleaned : found.ink;
  if (clean !== found.ink) show("lines", clean, 255 / Math.max(found.peak, 1e-6));

  const digit = chooseDigit(clean, found.floor, found.flat, found.paper);
  if (digit === undefined) throw nothingFound(where, "no digit stands out from the background");
  show("digit", digit, 255);

  const [low, high] = options.strokeWidth ?? [0.1, 0.18];
  const stroke = normaliseStroke(digit, low, high);
  show("stroke", stroke, 255);
  const box = intoBox(stroke);
  show("box", box, 255);
  const image = centreOfMass(box);
  stages.push({ name: "digit28", width: SIDE, height: SIDE, data: image });
  return { image, stages };
}

function nothingFound(where: string, problem: string): DataError {
  return new DataError({
    where,
    problem,
    expected: "one handwritten digit on a plainer background",
    got: "nothing that could be one",
    try: "write one digit with a dark pen, let it fill a third of the picture or more, and photograph it without glare",
  });
}

/** The picture itself where it is 28×28 in MNIST's form, or its negative, else undefined. */
function alreadyPrepared(pixels: Pixels): Uint8Array | undefined {
  if (pixels.width !== SIDE || pixels.height !== SIDE) return undefined;
  const { red, green, blue, alpha } = colourPlanes(pixels, SIDE);
  const image = new Uint8Array(SIDE * SIDE);
  for (const negative of [false, true]) {
    for (let i = 0; i < image.length; i++) {
      const grey = 0.299 * red.data[i]! + 0.587 * green.data[i]! + 0.114 * blue.data[i]!;
      image[i] = Math.round(255 * (negative ? 1 - grey : grey));
    }
    if (inMnistForm(image)) return image;
    if (alpha === undefined) continue;
    // Ink as opacity: white on nothing, or black on nothing.
    for (let i = 0; i < image.length; i++) image[i] = Math.round(255 * alpha.data[i]!);
    if (inMnistForm(image)) return image;
  }
  return undefined;
}

/** Black margins of 2 pixels, ink that reaches white in a box of 18 to 21 pixels, its centre of mass in the middle. */
function inMnistForm(image: Uint8Array): boolean {
  let mass = 0;
  let mx = 0;
  let my = 0;
  let peak = 0;
  let left = SIDE;
  let right = -1;
  let top = SIDE;
  let bottom = -1;
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const v = image[y * SIDE + x]!;
      mass += v;
      mx += v * x;
      my += v * y;
      peak = Math.max(peak, v);
      if (v > 0) {
        left = Math.min(left, x);
        right = Math.max(right, x);
        top = Math.min(top, y);
        bottom = Math.max(bottom, y);
      }
    }
  }
  const side = Math.max(right - left, bottom - top) + 1;
  const centred = Math.abs(mx / mass - SIDE / 2) < 1 && Math.abs(my / mass - SIDE / 2) < 1;
  return peak > 200 && side >= 18 && side <= 21 && centred && mass / (255 * SIDE * SIDE) < 0.45;
}

function stage(name: string, p: Plane, scale: number): PreparationStage {
  const data = new Uint8Array(p.data.length);
  for (let i = 0; i < data.length; i++) data[i] = Math.min(255, Math.max(0, Math.round(p.data[i]! * scale)));
  return { name, width: p.width, height: p.height, data };
}

/** The part of a plane that is above `threshold`, with `margin` empty pixels around. */
function crop(p: Plane, threshold: number, margin: number): Plane {
  let left = p.width;
  let right = -1;
  let top = p.height;
  let bottom = -1;
  for (let y = 0; y < p.height; y++) {
    for (let x = 0; x < p.width; x++) {
      if (p.data[y * p.width + x]! <= threshold) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  const out = plane(right - left + 1 + 2 * margin, bottom - top + 1 + 2 * margin);
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      out.data[(y - top + margin) * out.width + x - left + margin] = p.data[y * p.width + x]!;
    }
  }
  return out;
}

/** The digit about 160 pixels long, with the mean width of its strokes between two fractions of that. */
function normaliseStroke(digit: Plane, low: number, high: number): Plane {
  const tight = crop(digit, 0.5, 2);
  const scale = FINE / Math.max(tight.width, tight.height);
  const fine = resize(
    tight,
    Math.max(1, Math.round(tight.width * scale)),
    Math.max(1, Math.round(tight.height * scale)),
  );
  const margin = Math.ceil(high * FINE);
  const padded = plane(fine.width + 2 * margin, fine.height + 2 * margin);
  for (let y = 0; y < fine.height; y++) {
    for (let x = 0; x < fine.width; x++) {
      padded.data[(y + margin) * padded.width + x + margin] = fine.data[y * fine.width + x]! >= 0.5 ? 1 : 0;
    }
  }
  const width = strokeWidth(padded);
  const wanted = Math.min(high * FINE, Math.max(low * FINE, width));
  return changeWidth(padded, wanted - width);
}

/** Area averages of the ink in a box whose longer side is 20 pixels, saturated as MNIST's. */
function intoBox(stroke: Plane): Plane {
  const tight = crop(stroke, 0.5, 0);
  const scale = BOX / Math.max(tight.width, tight.height);
  const box = resize(
    tight,
    Math.max(1, Math.round(tight.width * scale)),
    Math.max(1, Math.round(tight.height * scale)),
  );
  let peak = 0;
  for (const v of box.data) peak = Math.max(peak, v);
  for (let i = 0; i < box.data.length; i++) box.data[i] = box.data[i]! / peak;
  return box;
}

/** 28×28 grey levels with the centre of mass of the box in the middle. */
function centreOfMass(box: Plane): Uint8Array {
  let mass = 0;
  let mx = 0;
  let my = 0;
  for (let y = 0; y < box.height; y++) {
    for (let x = 0; x < box.width; x++) {
      const v = box.data[y * box.width + x]!;
      mass += v;
      mx += v * x;
      my += v * y;
    }
  }
  const dx = Math.round(SIDE / 2 - mx / mass);
  const dy = Math.round(SIDE / 2 - my / mass);
  const out = new Uint8Array(SIDE * SIDE);
  for (let y = 0; y < box.height; y++) {
    for (let x = 0; x < box.width; x++) {
      const u = x + dx;
      const v = y + dy;
      if (u < 0 || v < 0 || u >= SIDE || v >= SIDE) continue;
      out[v * SIDE + u] = Math.round(255 * box.data[y * box.width + x]!);
    }
  }
  return out;
}
