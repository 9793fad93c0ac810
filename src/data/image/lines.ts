/**
 * Removal of printed lines: squared, graph or ruled paper under a digit.
 *
 * A printed line is long, straight and nearly along a side of the picture; a stroke of a digit is short. The plane's
 * value that persists along a line's direction over a window (a low quantile of the means of short pieces, so that gaps
 * and crossing strokes do not matter) is the line's own; where such a line is traced far enough, it is subtracted, and
 * what remains at a crossing is the pen's.
 */

import { type Component, components } from "./components.ts";
import { dilate, quantile } from "./filters.ts";
import { type Plane, plane } from "./pixels.ts";

/** Pieces of a window, and which of their sorted means stands for the line. */
const PIECES = 7;
const RANK = 1;
/** So many parallel lines are no digit. */
const MANY = 6;
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
 * @param paper 1 for each pixel of the sheet, where one is seen: its lines are looked for apart from what lies beside
 */
export function removeLines(ink: Plane, floor: number, paper?: Uint8Array): LineRemoval {
  const regions = paper === undefined ? [ink] : [masked(ink, paper, 1), masked(ink, paper, 0)];
  const cleaned = plane(ink.width, ink.height);
  cleaned.data.set(ink.data);
  let found = 0;
  for (const region of regions) {
    const across = traceLines(region, floor);
    const down = traceLines(transpose(region), floor);
    found += across.found + down.found;
    if (across.found + down.found === 0) continue;
    const downLines = transpose(down.lines);
    for (let i = 0; i < cleaned.data.length; i++) {
      const line = Math.max(across.lines.data[i]!, downLines.data[i]!);
      cleaned.data[i] = Math.max(0, cleaned.data[i]! - 1.15 * line);
    }
  }
  return found === 0 ? { cleaned: ink, found } : { cleaned, found };
}

function masked(p: Plane, mask: Uint8Array, value: number): Plane {
  return { width: p.width, height: p.height, data: p.data.map((v, i) => (mask[i] === value ? v : 0)) };
}

/** The strength of nearly horizontal lines at each pixel; 0 where there is none. */
function traceLines(ink: Plane, floor: number): { lines: Plane; found: number } {
  const { width, height } = ink;
  const none = { lines: plane(width, height), found: 0 };
  const slopes = slopesOf(ink, floor);
  if (slopes === undefined) return none;
  const strength = plane(width, height);
  for (let k = slopes.from - 2; k <= slopes.to + 2; k++) persist(ink, k * STEP, 0.5 * floor, strength);
  // Lines of the other direction leave the share of their width in every mean; a line's own pixels hold its full value.
  const own =
    0.4 *
    quantile(
      strength.data.filter((v) => v > 0),
      0.8,
    );
  const { map, components: lines } = components(
    strength,
    Math.max(0.6 * floor, own),
    Math.max(0.8 * floor, own),
  );
  // Many long thin lines side by side are printed, wherever the sheet ends.
  const long = lines.filter((c) => isThin(c, width, height) && c.right - c.left > 0.3 * width);
  const many = long.length >= MANY;
  const kept = lines.filter((c) => isPrinted(c, width, height) || (many && long.includes(c)));
  if (kept.length < 2) return none;
  const keep = new Uint8Array(lines.length + 1);
  for (const c of kept) keep[c.id] = 1;
  // A stroke along a line is stronger than the line: no more is taken away than lines usually have.
  const most =
    1.5 *
    quantile(
      strength.data.filter((_, i) => keep[map[i]!] === 1),
      0.5,
    );
  const out = plane(width, height);
  for (let i = 0; i < out.data.length; i++) {
    out.data[i] = keep[map[i]!] ? Math.min(most, strength.data[i]!) : 0;
  }
  return { lines: dilate(out, 1), found: kept.length };
}

function isThin(c: Component, width: number, height: number): boolean {
  return c.area / (c.right - c.left + 1) <= 0.02 * Math.max(width, height) + 2;
}

/** Thin, and running nearly from side to side, or out of the picture at one end, or across a corner of it. */
function isPrinted(c: Component, width: number, height: number): boolean {
  const length = c.right - c.left + 1;
  if (!isThin(c, width, height)) return false;
  const rim = 0.03 * width;
  const level = c.top < rim || c.bottom > height - 1 - rim;
  const left = c.left < rim;
  const right = c.right > width - 1 - rim;
  return length > 0.75 * width || ((left || right) && (level || length > 0.35 * width));
}

/**
 * The least and the greatest slope dy/dx, in steps, along which the ink of the upper, middle and lower third lines up
 * best: where its projection is most uneven. Perspective makes them differ. Undefined where there is too little ink.
 */
function slopesOf(ink: Plane, floor: number): { from: number; to: number } | undefined {
  const { width, height, data } = ink;
  const slopes: number[] = [];
  for (let third = 0; third < 3; third++) {
    const xs: number[] = [];
    const ys: number[] = [];
    for (let y = Math.floor((third * height) / 3); y < ((third + 1) * height) / 3; y++) {
      for (let x = (y * 7) % 4; x < width; x += 4) {
        if (data[y * width + x]! > floor) {
          xs.push(x);
          ys.push(y);
        }
      }
    }
    if (xs.length > width / 8) slopes.push(unevenest(xs, ys, width, height));
  }
  if (slopes.length === 0) return undefined;
  // A third that disagrees by far holds no lines of its own, or only the digit.
  slopes.sort((a, b) => a - b);
  const middle = slopes[slopes.length >> 1]!;
  const near = slopes.filter((k) => Math.abs(k - middle) <= 8);
  return { from: Math.min(...near), to: Math.max(...near) };
}

/** The slope, in steps, whose projection of the points is most uneven, by strips so that a bent line counts too. */
function unevenest(xs: readonly number[], ys: readonly number[], width: number, height: number): number {
  const strips = 4;
  const shift = Math.ceil(STEEPEST * width) + 2;
  const bins = height + 2 * shift;
  // A long stroke of a thick pen must not outvote many thin lines: votes of a bin are limited.
  const limit = width / strips / 4;
  const histogram = new Float32Array(strips * bins);
  const steps = Math.round(STEEPEST / STEP);
  let best = 0;
  let bestStep = 0;
  for (let k = -steps; k <= steps; k++) {
    histogram.fill(0);
    for (let i = 0; i < xs.length; i++) {
      const bin = Math.floor(ys[i]! - k * STEP * (xs[i]! - width / 2)) + shift;
      const at = Math.floor((xs[i]! * strips) / width) * bins + bin;
      histogram[at] = histogram[at]! + 1;
    }
    let score = 0;
    for (const votes of histogram) score += Math.min(votes, limit) ** 2;
    if (score > best) {
      best = score;
      bestStep = k;
    }
  }
  return bestStep;
}

/** Raises `strength` to the value that persists along the slope in a window around each pixel above `floor`. */
function persist(ink: Plane, slope: number, floor: number, strength: Plane): void {
  const { width, height, data } = ink;
  const piece = Math.max(4, Math.round((0.3 * width) / PIECES));
  const window = piece * PIECES;
  const shift = new Int32Array(width);
  for (let x = 0; x < width; x++) shift[x] = Math.round(slope * (x - width / 2));
  const reach = Math.abs(shift[0]!) + 1;
  const sums = new Float64Array(width + 1);
  const values = new Float64Array(PIECES);
  for (let row = -reach; row < height + reach; row++) {
    // The part of the sheared row that lies in the picture.
    let first = width;
    let last = -1;
    let marked = false;
    for (let x = 0; x < width; x++) {
      const y = row + shift[x]!;
      const inside = y >= 0 && y < height;
      const value = inside ? data[y * width + x]! : 0;
      sums[x + 1] = sums[x]! + value;
      if (inside) {
        if (first === width) first = x;
        last = x;
        marked ||= value > floor;
      }
    }
    if (!marked) continue;
    const pieces = Math.min(PIECES, Math.floor((last - first + 1) / piece));
    if (pieces < 2) continue;
    const rank = Math.floor((RANK * pieces) / PIECES);
    for (let x = first; x <= last; x++) {
      const at = (row + shift[x]!) * width + x;
      if (data[at]! <= floor) continue;
      // A window that would leave the picture is moved inside.
      const start = Math.max(first, Math.min(x - (window >> 1), last + 1 - pieces * piece));
      for (let k = 0; k < pieces; k++) {
        const a = start + k * piece;
        const value = (sums[a + piece]! - sums[a]!) / piece;
        let j = k;
        while (j > 0 && values[j - 1]! > value) {
          values[j] = values[j - 1]!;
          j--;
        }
        values[j] = value;
      }
      if (values[rank]! > strength.data[at]!) strength.data[at] = values[rank]!;
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
