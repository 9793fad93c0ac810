/**
 * Removal of printed lines: squared, graph or ruled paper under a digit.
 *
 * A printed line is long, straight and nearly along a side of the picture; a stroke of a digit is short. The plane's
 * value that persists along a line's direction over a window (a low quantile of the means of short pieces, so that gaps
 * and crossing strokes do not matter) is the line's own; where such a line is traced far enough, it is subtracted, and
 * what remains at a crossing is the pen's.
 */

import { type Component, components } from "./components.ts";
import { dilate } from "./filters.ts";
import { type Plane, plane } from "./pixels.ts";

/** Pieces of a window, and which of their sorted means stands for the line. */
const PIECES = 7;
const RANK = 2;
/** Tangent of the steepest line looked for, and the step between directions. */
const STEEPEST = 0.27;
const STEP = 0.01;

export interface LineRemoval {
  readonly cleaned: Plane;
  /** Lines found along x and along y. */
  readonly found: number;
}

/**
 * Subtracts printed lines from `ink` (0 on paper, positive on ink).
 *
 * @param floor the least value that is not noise
 */
export function removeLines(ink: Plane, floor: number): LineRemoval {
  const across = traceLines(ink, floor);
  const turned = transpose(ink);
  const down = traceLines(turned, floor);
  const found = across.found + down.found;
  if (found === 0) return { cleaned: ink, found };
  const downLines = transpose(down.lines);
  const cleaned = plane(ink.width, ink.height);
  for (let i = 0; i < cleaned.data.length; i++) {
    const line = Math.max(across.lines.data[i]!, downLines.data[i]!);
    cleaned.data[i] = Math.max(0, ink.data[i]! - 1.15 * line);
  }
  return { cleaned, found };
}

/** The strength of nearly horizontal lines at each pixel; 0 where there is none. */
function traceLines(ink: Plane, floor: number): { lines: Plane; found: number } {
  const { width, height } = ink;
  const none = { lines: plane(width, height), found: 0 };
  const slope = mainSlope(ink, floor);
  if (slope === undefined) return none;
  const strength = plane(width, height);
  for (const change of [-2, -1, 0, 1, 2]) persist(ink, slope + change * 0.008, strength);
  const { map, components: lines } = components(strength, floor * 0.7, floor);
  const kept = lines.filter((c) => isPrinted(c, width, height));
  if (kept.length < 2) return none;
  const keep = new Uint8Array(lines.length + 1);
  for (const c of kept) keep[c.id] = 1;
  const out = plane(width, height);
  for (let i = 0; i < out.data.length; i++) out.data[i] = keep[map[i]!] ? strength.data[i]! : 0;
  return { lines: dilate(out, 1), found: kept.length };
}

/** Long and thin, and either nearly from side to side or out of the picture. */
function isPrinted(c: Component, width: number, height: number): boolean {
  const length = c.right - c.left + 1;
  const thickness = c.area / length;
  if (thickness > 0.02 * Math.max(width, height) + 2) return false;
  const rim = 0.03 * width;
  const leaves = c.left < rim || c.right > width - 1 - rim;
  return length > 0.75 * width || (leaves && length > 0.35 * width);
}

/**
 * The slope dy/dx, within ±0.27, along which the ink lines up best: where its projection is most uneven. Undefined
 * where no direction is better than the others.
 */
function mainSlope(ink: Plane, floor: number): number | undefined {
  const { width, height, data } = ink;
  const xs: number[] = [];
  const ys: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = (y * 7) % 3; x < width; x += 3) {
      if (data[y * width + x]! > floor) {
        xs.push(x);
        ys.push(y);
      }
    }
  }
  if (xs.length < width / 3) return undefined;
  const strips = 4;
  const shift = Math.ceil(STEEPEST * width) + 2;
  const bins = height + 2 * shift;
  let best = 0;
  let bestSlope: number | undefined;
  const histogram = new Float32Array(strips * bins);
  for (let k = -Math.round(STEEPEST / STEP); k <= Math.round(STEEPEST / STEP); k++) {
    const slope = k * STEP;
    histogram.fill(0);
    for (let i = 0; i < xs.length; i++) {
      const bin = Math.floor(ys[i]! - slope * (xs[i]! - width / 2)) + shift;
      const at = Math.floor((xs[i]! * strips) / width) * bins + bin;
      histogram[at] = histogram[at]! + 1;
    }
    let score = 0;
    // A long stroke of a thick pen must not outvote many thin lines: votes of a bin are limited.
    const limit = width / strips / 3;
    for (const votes of histogram) score += Math.min(votes, limit) ** 2;
    if (score > best) {
      best = score;
      bestSlope = slope;
    }
  }
  return bestSlope;
}

/** Raises `strength` to the value that persists along the slope in a window around each pixel. */
function persist(ink: Plane, slope: number, strength: Plane): void {
  const { width, height } = ink;
  const piece = Math.max(4, Math.round((0.3 * width) / PIECES));
  const half = (piece * PIECES) >> 1;
  const shift = new Int32Array(width);
  for (let x = 0; x < width; x++) shift[x] = Math.round(slope * (x - width / 2));
  const reach = Math.abs(shift[0]!) + 1;
  const sums = new Float64Array(width + 1);
  const values = new Float64Array(PIECES);
  for (let row = -reach; row < height + reach; row++) {
    for (let x = 0; x < width; x++) {
      const y = row + shift[x]!;
      sums[x + 1] = sums[x]! + (y >= 0 && y < height ? ink.data[y * width + x]! : 0);
    }
    for (let x = 0; x < width; x++) {
      const y = row + shift[x]!;
      if (y < 0 || y >= height || ink.data[y * width + x]! <= 0) continue;
      // A window that would leave the picture is moved inside.
      const start = Math.max(0, Math.min(x - half, width - piece * PIECES));
      let n = 0;
      for (let k = 0; k < PIECES; k++) {
        const a = start + k * piece;
        const value = (sums[Math.min(width, a + piece)]! - sums[a]!) / piece;
        let j = n++;
        while (j > 0 && values[j - 1]! > value) {
          values[j] = values[j - 1]!;
          j--;
        }
        values[j] = value;
      }
      const at = y * width + x;
      if (values[RANK]! > strength.data[at]!) strength.data[at] = values[RANK]!;
    }
  }
}

function transpose(p: Plane): Plane {
  const out = plane(p.height, p.width);
  for (let y = 0; y < p.height; y++) {
    for (let x = 0; x < p.width; x++) out.data[x * p.height + y] = p.data[y * p.width + x]!;
  }
  return out;
}
