/** From pen strokes to a 28×28 picture as a scanner and MNIST's preparation leave it. */
import type { Stream } from "./random.ts";
import type { Stroke } from "./shapes.ts";

/** Side of a picture, of the box that the ink fills, and of the working canvas. */
const SIDE = 28;
const BOX = 20;
const CANVAS = 28;
/** Pieces into which each span between two points of a stroke is divided. */
const PIECES = 5;

/** The hand: everything about a drawing except which strokes are drawn. Lengths in units of the digit's height. */
interface Hand {
  /** Standard deviation of each control point. */
  readonly jitter: number;
  /** Linear part of the writing: columns (xx, yx) and (xy, yy). */
  readonly xx: number;
  readonly xy: number;
  readonly yx: number;
  readonly yy: number;
  /** Displacements at the nodes of a 5×5 lattice, smoothly interpolated between: x and y after each other. */
  readonly lattice: Float64Array;
  /** Half the stroke's width, in pixels of the final picture, and its change from the start to the end of a stroke. */
  readonly radius: number;
  readonly taper: number;
  /** Relative thickness of horizontal strokes: the nib. */
  readonly nib: number;
  /** Width of the edge from paper to ink in pixels. */
  readonly softness: number;
  /** Factor on the grey levels before they saturate. */
  readonly gain: number;
}

function holdPen(r: Stream): Hand {
  // Most people write with care, some do not: every deviation below is scaled by the writer's haste.
  const u = r.unit();
  const haste = 0.5 + 0.9 * u * u * u;
  const slant = 0.2 + 0.24 * haste * r.bell();
  // Rotation by the rational form of sine and cosine.
  const t = 0.03 * haste * r.bell();
  const cos = (1 - t * t) / (1 + t * t);
  const sin = (2 * t) / (1 + t * t);
  const width = 1.06 + 0.17 * haste * r.bell();
  const lattice = new Float64Array(50);
  const strength = haste * r.between(0.02, 0.07);
  for (let i = 0; i < 50; i++) lattice[i] = strength * r.bell();
  const weight = r.unit() + r.unit() * 0.6;
  return {
    jitter: haste * r.between(0.005, 0.024),
    xx: width * cos,
    xy: -slant * cos - sin,
    yx: width * sin,
    yy: cos - slant * sin,
    lattice,
    radius: 0.5 + 0.9 * weight + (r.chance(0.07) ? r.between(0, 1.2) : 0),
    taper: 0.18 * r.bell(),
    nib: r.between(0.75, 1.2),
    softness: r.between(0.9, 1.6),
    gain: r.between(1.0, 1.15),
  };
}

/** Moves the points by their jitter; a point given twice moves as one. */
function shake(stroke: Stroke, jitter: number, r: Stream): Stroke {
  const out = new Array<number>(stroke.length);
  for (let i = 0; i < stroke.length; i += 2) {
    const same = i > 0 && stroke[i] === stroke[i - 2] && stroke[i + 1] === stroke[i - 1];
    out[i] = same ? out[i - 2]! : stroke[i]! + jitter * r.bell();
    out[i + 1] = same ? out[i - 1]! : stroke[i + 1]! + jitter * r.bell();
  }
  return out;
}

/** Points on the Catmull-Rom curve through the points of a stroke; the curve has a corner where a point is repeated. */
function smooth(stroke: Stroke): Stroke {
  const n = stroke.length / 2;
  const out: Stroke = [stroke[0]!, stroke[1]!];
  for (let k = 0; k + 1 < n; k++) {
    const x1 = stroke[2 * k]!;
    const y1 = stroke[2 * k + 1]!;
    const x2 = stroke[2 * k + 2]!;
    const y2 = stroke[2 * k + 3]!;
    if (x1 === x2 && y1 === y2) continue;
    const before = Math.max(0, k - 1) * 2;
    const after = Math.min(n - 1, k + 2) * 2;
    const x0 = stroke[before]!;
    const y0 = stroke[before + 1]!;
    const x3 = stroke[after]!;
    const y3 = stroke[after + 1]!;
    for (let i = 1; i <= PIECES; i++) {
      const t = i / PIECES;
      const a = t * (-0.5 + t * (1 - 0.5 * t));
      const b = 1 + t * t * (-2.5 + 1.5 * t);
      const c = t * (0.5 + t * (2 - 1.5 * t));
      const d = t * t * (-0.5 + 0.5 * t);
      out.push(a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3);
    }
  }
  return out;
}

/** The uniform cubic B-spline's four weights at `t` in [0, 1]. */
function spline(t: number): [number, number, number, number] {
  const s = 1 - t;
  return [(s * s * s) / 6, 2 / 3 + t * t * (0.5 * t - 1), 2 / 3 + s * s * (0.5 * s - 1), (t * t * t) / 6];
}

/** Elastic distortion, then the linear part: in place. */
function bend(points: Stroke, hand: Hand): void {
  const { lattice } = hand;
  for (let i = 0; i < points.length; i += 2) {
    const x = points[i]!;
    const y = points[i + 1]!;
    // The lattice's inner 2×2 cells cover [-0.6, 0.6]²; points beyond share the outermost cell's polynomial end.
    const u = Math.min(1.999, Math.max(0, (x + 0.6) / 0.6));
    const v = Math.min(1.999, Math.max(0, (y + 0.6) / 0.6));
    const column = Math.floor(u);
    const row = Math.floor(v);
    const wx = spline(u - column);
    const wy = spline(v - row);
    let dx = 0;
    let dy = 0;
    for (let a = 0; a < 4; a++) {
      for (let b = 0; b < 4; b++) {
        const at = 2 * ((row + a) * 5 + column + b);
        const w = wy[a]! * wx[b]!;
        dx += w * lattice[at]!;
        dy += w * lattice[at + 1]!;
      }
    }
    const p = x + 1.6 * dx;
    const q = y + 1.6 * dy;
    points[i] = hand.xx * p + hand.xy * q;
    points[i + 1] = hand.yx * p + hand.yy * q;
  }
}

/** Scales and moves the strokes so that the ink fills the box: its longer side, or less where it would be distorted. */
function fit(strokes: readonly Stroke[], margin: number): void {
  let left = Infinity;
  let right = -Infinity;
  let top = Infinity;
  let bottom = -Infinity;
  for (const s of strokes) {
    for (let i = 0; i < s.length; i += 2) {
      left = Math.min(left, s[i]!);
      right = Math.max(right, s[i]!);
      top = Math.min(top, s[i + 1]!);
      bottom = Math.max(bottom, s[i + 1]!);
    }
  }
  const scale = (BOX - 2 * margin) / Math.max(right - left, bottom - top);
  const dx = CANVAS / 2 - ((left + right) / 2) * scale;
  const dy = CANVAS / 2 - ((top + bottom) / 2) * scale;
  for (const s of strokes) {
    for (let i = 0; i < s.length; i += 2) {
      s[i] = s[i]! * scale + dx;
      s[i + 1] = s[i + 1]! * scale + dy;
    }
  }
}

/**
 * Lays the ink of one stroke on the canvas. A pixel's level falls from 1 to 0 across the stroke's edge; where pieces
 * overlap the darker wins.
 */
function ink(canvas: Float32Array, points: Stroke, hand: Hand, r: Stream): void {
  const { softness, nib } = hand;
  const pieces = points.length / 2 - 1;
  const from = hand.radius * (1 - hand.taper + 0.1 * r.bell());
  const middle = hand.radius * (1 + 0.1 * r.bell());
  const to = hand.radius * (1 + hand.taper + 0.1 * r.bell());
  for (let k = 0; k < pieces; k++) {
    const t = (k + 0.5) / pieces;
    const thickness = t < 0.5 ? from + (middle - from) * 2 * t : middle + (to - middle) * (2 * t - 1);
    const radius = Math.max(0.45, thickness);
    const x1 = points[2 * k]!;
    const y1 = points[2 * k + 1]!;
    const ex = points[2 * k + 2]! - x1;
    const ey = (points[2 * k + 3]! - y1) / nib;
    const length = ex * ex + ey * ey;
    // Where the level falls to 0.
    const reach = radius + softness / 2;
    const down = reach * nib;
    const columnFrom = Math.max(0, Math.floor(Math.min(x1, x1 + ex) - reach));
    const columnTo = Math.min(CANVAS - 1, Math.floor(Math.max(x1, x1 + ex) + reach));
    const rowFrom = Math.max(0, Math.floor(Math.min(y1, points[2 * k + 3]!) - down));
    const rowTo = Math.min(CANVAS - 1, Math.floor(Math.max(y1, points[2 * k + 3]!) + down));
    for (let row = rowFrom; row <= rowTo; row++) {
      const py = (row + 0.5 - y1) / nib;
      for (let column = columnFrom; column <= columnTo; column++) {
        const px = column + 0.5 - x1;
        const along = length > 0 ? Math.min(1, Math.max(0, (px * ex + py * ey) / length)) : 0;
        const dx = px - along * ex;
        const dy = py - along * ey;
        const level = (radius - Math.sqrt(dx * dx + dy * dy)) / softness + 0.5;
        const at = row * CANVAS + column;
        if (level > canvas[at]!) canvas[at] = level;
      }
    }
  }
}

/** Writes the canvas into `out` with the ink's centre of mass at the centre, as 8-bit grey levels. */
function centre(canvas: Float32Array, gain: number, out: Uint8Array): void {
  let mass = 0;
  let mx = 0;
  let my = 0;
  for (let y = 0; y < CANVAS; y++) {
    for (let x = 0; x < CANVAS; x++) {
      const level = Math.min(1, canvas[y * CANVAS + x]! * gain);
      mass += level;
      mx += level * x;
      my += level * y;
    }
  }
  const dx = Math.round(SIDE / 2 - mx / mass);
  const dy = Math.round(SIDE / 2 - my / mass);
  for (let y = 0; y < SIDE; y++) {
    const row = y - dy;
    if (row < 0 || row >= CANVAS) continue;
    for (let x = 0; x < SIDE; x++) {
      const column = x - dx;
      if (column < 0 || column >= CANVAS) continue;
      out[y * SIDE + x] = Math.floor(Math.min(1, canvas[row * CANVAS + column]! * gain) * 255 + 0.5);
    }
  }
}

/**
 * Draws strokes by a random hand into `out` (784 grey levels, zeros on entry): slant, width, elastic distortion, weight
 * and soft edges; scaled into a 20×20 box with the centre of mass in the middle of 28×28, as MNIST was prepared
 * (LeCun et al. 1998).
 */
export function drawStrokes(strokes: readonly Stroke[], random: Stream, out: Uint8Array): void {
  const hand = holdPen(random);
  const curves = strokes.map((s) => smooth(shake(s, hand.jitter, random)));
  for (const points of curves) bend(points, hand);
  fit(curves, hand.radius + hand.softness / 2);
  const canvas = new Float32Array(CANVAS * CANVAS);
  for (const points of curves) ink(canvas, points, hand, random);
  centre(canvas, hand.gain, out);
}
