/**
 * How people write the ten digits: for each class several forms, each a few pen strokes with free parameters.
 *
 * Coordinates: x to the right and y down, in a box about one unit high. A stroke is a flat list x0, y0, x1, y1, … that a
 * smooth curve passes through; a point given twice in a row is a sharp corner. Size, slant, weight and distortion are
 * not decided here (see draw.ts). The forms are from watching how digits are written by hand; none is fitted to data.
 */
import { cosTurns, type Stream, sinTurns } from "./random.ts";

/** Flat list of points: x0, y0, x1, y1, … */
export type Stroke = number[];
type Form = (random: Stream) => Stroke[];
/** Forms of one class with their relative frequencies. */
type Forms = readonly (readonly [frequency: number, form: Form])[];

/** Points of an elliptic arc; angles in turns, 0 to the right, 0.25 down (y points down). */
function arc(cx: number, cy: number, rx: number, ry: number, from: number, to: number, points = 0): Stroke {
  const n = points || Math.max(2, Math.ceil(Math.abs(to - from) * 9));
  const out: Stroke = [];
  for (let i = 0; i <= n; i++) {
    const a = from + ((to - from) * i) / n;
    out.push(cx + rx * cosTurns(a), cy + ry * sinTurns(a));
  }
  return out;
}

/** A spiral ring: an arc whose radii grow linearly by the factor `growth`. */
function ring(cx: number, cy: number, rx: number, ry: number, from: number, to: number, growth: number): Stroke {
  const out = arc(cx, cy, rx, ry, from, to);
  const n = out.length / 2 - 1;
  for (let i = 0; i <= n; i++) {
    const g = 1 + ((growth - 1) * i) / n;
    out[2 * i] = cx + (out[2 * i]! - cx) * g;
    out[2 * i + 1] = cy + (out[2 * i + 1]! - cy) * g;
  }
  return out;
}

/** A sharp corner. */
function corner(x: number, y: number): Stroke {
  return [x, y, x, y];
}

// ---------------------------------------------------------------------------------------------------------------- 0

const oval: Form = (r) => {
  const rx = r.between(0.2, 0.44);
  const start = r.between(-0.36, -0.1);
  const sweep = r.chance(0.2) ? r.between(0.86, 0.97) : r.between(0.97, 1.12);
  const turn = r.chance(0.9) ? -1 : 1;
  const stroke = ring(0, 0, rx, 0.5, start, start + turn * sweep, r.between(0.82, 1.12));
  // Egg and lens: one side narrower, one end more pointed.
  const egg = r.between(-0.25, 0.25);
  const point = r.between(-0.12, 0.2);
  for (let i = 0; i < stroke.length; i += 2) {
    const y = stroke[i + 1]! * 2;
    stroke[i] = stroke[i]! * (1 + egg * y - point * y * y);
  }
  return [stroke];
};

/** Drawn as two curves that meet at the top and the bottom. */
const twoHalves: Form = (r) => {
  const rx = r.between(0.25, 0.4);
  const gap = r.between(-0.03, 0.06);
  return [
    arc(0, 0, rx, 0.5, -0.25 + gap, -0.25 - r.between(0.46, 0.56)),
    arc(0, 0.02, rx, 0.5, -0.25 - r.between(-0.04, 0.04), 0.25 + r.between(-0.02, 0.05)),
  ];
};

// ---------------------------------------------------------------------------------------------------------------- 1

const bare: Form = (r) => {
  const bow = r.between(-0.06, 0.06);
  const wave = r.between(-0.025, 0.025);
  return [[0, -0.5, bow + wave, -0.17, bow - wave, 0.17, 0, 0.5]];
};

const flagged: Form = (r) => {
  const length = r.between(0.1, 0.32);
  const drop = r.between(0.08, 0.3);
  const bow = r.between(-0.03, 0.03);
  const strokes = [[-length, -0.5 + drop, -length * 0.4, -0.5 + drop * 0.5, ...corner(0, -0.5), bow, 0, 0, 0.5]];
  if (r.chance(0.3)) strokes.push([r.between(-0.3, -0.12), 0.5, 0, 0.49, r.between(0.1, 0.32), 0.5]);
  return strokes;
};

// ---------------------------------------------------------------------------------------------------------------- 2

/** The hook at the top of a 2 or 3 down to where it heads left again. */
function hook(r: Stream, width: number): Stroke {
  const from = r.between(-0.56, -0.36);
  return arc(0, -0.25, width, 0.25, from, r.between(0.02, 0.1));
}

const cornered: Form = (r) => {
  const w = r.between(0.22, 0.4);
  const foot = r.between(-0.42, -0.2);
  const sag = r.between(-0.05, 0.08);
  const tail = r.between(0.2, 0.48);
  const rise = r.between(-0.08, 0.08);
  return [
    [
      ...hook(r, w),
      (w + foot) * 0.5 + r.between(-0.02, 0.1),
      0.2,
      ...corner(foot, 0.48),
      (foot + tail) * 0.5,
      0.48 + sag,
      tail,
      0.46 + rise,
    ],
  ];
};

/** With a loop, open or filled, at the foot. */
const looped: Form = (r) => {
  const w = r.between(0.2, 0.36);
  const x = r.between(-0.32, -0.14);
  const size = r.between(0.04, 0.13);
  const tail = r.between(0.22, 0.5);
  const y = 0.42;
  return [
    [
      ...hook(r, w),
      w * 0.35,
      0.12,
      x + size,
      y - size * 0.3,
      x - size * 0.4,
      y + size * 0.6,
      x - size * 1.3,
      y - size * 0.1,
      x - size * 0.3,
      y - size * 0.8,
      x + size * 1.3,
      y - size * 0.2 + 0.02,
      (x + tail) * 0.5 + 0.06,
      y + r.between(0.03, 0.1),
      tail,
      y + r.between(-0.06, 0.08),
    ],
  ];
};

/** Smooth at the foot, nearly an S turned round. */
const swan: Form = (r) => {
  const w = r.between(0.2, 0.36);
  const foot = r.between(-0.36, -0.2);
  const tail = r.between(0.22, 0.45);
  return [
    [...hook(r, w), w * 0.3, 0.17, foot + 0.04, 0.4, foot + 0.1, 0.49, (foot + tail) * 0.5, 0.45, tail, r.between(0.42, 0.54)],
  ];
};

/** A flat top as in a Z, with a round shoulder. */
const zLike: Form = (r) => {
  const w = r.between(0.25, 0.38);
  return [
    [
      -w,
      -0.42 + r.between(-0.05, 0.08),
      0,
      -0.49,
      w * 0.85,
      -0.45,
      w * 0.9,
      -0.32,
      w * 0.2,
      0.08,
      ...corner(-w * r.between(0.8, 1.2), 0.48),
      0,
      0.47 + r.between(-0.03, 0.04),
      w * r.between(0.9, 1.4),
      0.47,
    ],
  ];
};

// ---------------------------------------------------------------------------------------------------------------- 3

/** The lower bowl of a 3 or 5, from its upper end to the end of the pen's way. */
function bowl(r: Stream, x: number, top: number, width: number): Stroke {
  const ry = (0.5 - top) / 2;
  return arc(x, top + ry, width, ry, r.between(-0.22, -0.16), r.between(0.32, 0.52));
}

const twoBowls: Form = (r) => {
  const waist = r.between(-0.12, 0.05);
  const upper = r.between(0.2, 0.34);
  const lower = r.between(0.24, 0.38);
  const ry = (waist + 0.5) / 2;
  const inset = r.between(-0.18, 0.06);
  const start = r.between(-0.54, -0.36);
  return [
    [
      ...arc(0, -0.5 + ry, upper, ry, start, r.between(0.1, 0.19)),
      ...(r.chance(0.7) ? corner(inset, waist) : [inset, waist]),
      ...bowl(r, r.between(-0.05, 0.04), waist, lower),
    ],
  ];
};

/** A small loop where the bowls meet. */
const knotted: Form = (r) => {
  const waist = r.between(-0.1, 0.03);
  const ry = (waist + 0.5) / 2;
  const size = r.between(0.03, 0.09);
  const x = r.between(-0.16, 0);
  return [
    [
      ...arc(0, -0.5 + ry, r.between(0.2, 0.32), ry, r.between(-0.5, -0.38), 0.15),
      x + size,
      waist + size * 0.4,
      x - size,
      waist + size * 0.5,
      x - size,
      waist - size * 0.6,
      x + size,
      waist - size * 0.3,
      ...bowl(r, 0, waist - 0.02, r.between(0.25, 0.36)),
    ],
  ];
};

/** A flat top, a stroke back to the middle, and one bowl. */
const flatThree: Form = (r) => {
  const waist = r.between(-0.18, -0.02);
  const w = r.between(0.2, 0.34);
  return [
    [
      -w,
      -0.46 + r.between(-0.03, 0.06),
      0,
      -0.48,
      ...corner(w, -0.5 + r.between(-0.02, 0.05)),
      w * 0.45,
      waist - 0.12,
      ...corner(r.between(-0.1, 0.08), waist),
      ...bowl(r, -0.02, waist - 0.02, r.between(0.25, 0.36)),
    ],
  ];
};

// ---------------------------------------------------------------------------------------------------------------- 4

const openFour: Form = (r) => {
  const bar = r.between(0, 0.2);
  const left = r.between(-0.38, -0.24);
  const stem = r.between(0.12, 0.32);
  const reach = stem + r.between(-0.02, 0.22);
  const top = r.between(-0.5, -0.4);
  const lean = r.between(-0.1, 0.06);
  const belly = r.between(-0.1, 0.03);
  const first = r.chance(0.55)
    ? [left + r.between(-0.02, 0.14), -0.5 + r.between(0, 0.12), left + belly, bar - 0.24, ...corner(left, bar), reach * 0.4, bar + r.between(-0.04, 0.04), reach, bar + r.between(-0.1, 0.05)]
    : [left + r.between(0, 0.12), -0.5 + r.between(0, 0.12), left - 0.03, bar - 0.25, left, bar - 0.06, left + 0.1, bar + 0.01, reach * 0.5, bar - 0.02, reach, bar + r.between(-0.12, 0.03)];
  return [first, [stem, top + r.between(0, 0.15), stem + lean * 0.4 + r.between(-0.02, 0.02), 0, stem + lean, 0.5]];
};

/** The printed form: a triangle and a stem. */
const closedFour: Form = (r) => {
  const bar = r.between(0.05, 0.22);
  const stem = r.between(0.05, 0.22);
  const left = r.between(-0.42, -0.28);
  const top = stem + r.between(-0.1, 0.04);
  const lean = r.between(-0.06, 0.05);
  const reach = stem + r.between(0.05, 0.22);
  if (r.chance(0.5)) {
    return [
      [top, -0.5, (top + left) * 0.5 + r.between(-0.05, 0.02), (bar - 0.5) * 0.5, ...corner(left, bar), 0, bar + r.between(-0.03, 0.03), reach, bar + r.between(-0.05, 0.03)],
      [top + r.between(-0.03, 0.05), -0.5 + r.between(-0.02, 0.1), stem, 0, stem + lean, 0.5],
    ];
  }
  return [
    [stem + lean, 0.5, stem, 0, ...corner(top, -0.5), (top + left) * 0.5, (bar - 0.5) * 0.5, ...corner(left, bar), 0, bar, reach, bar],
  ];
};

/** One stroke: down, across, up to the top of the stem and down it; much like a 9 with an open, angular head. */
const runningFour: Form = (r) => {
  const bar = r.between(-0.1, 0.1);
  const left = r.between(-0.36, -0.22);
  const stem = r.between(0.14, 0.28);
  const lean = r.between(-0.16, 0.04);
  return [
    [
      left + r.between(-0.03, 0.1),
      -0.48 + r.between(0, 0.1),
      left - 0.03,
      bar - 0.2,
      left + 0.08,
      bar,
      (left + stem) * 0.6,
      bar - 0.05,
      stem,
      -0.18 + r.between(-0.1, 0.05),
      ...corner(stem + 0.04, -0.42 + r.between(-0.08, 0.08)),
      stem + lean * 0.5,
      0.05,
      stem + lean,
      0.5,
    ],
  ];
};

// ---------------------------------------------------------------------------------------------------------------- 5

const barredFive: Form = (r) => {
  const left = r.between(-0.3, -0.14);
  const neck = r.between(-0.16, 0);
  const w = r.between(0.24, 0.38);
  const right = r.between(0.12, 0.42);
  const top = -0.5 + r.between(0, 0.06);
  const lift = r.between(-0.1, 0.06);
  const ry = (0.52 - neck) / 2;
  const x = left + w * r.between(0.6, 0.95);
  const shoulder = [
    left - r.between(-0.02, 0.06),
    neck + 0.03,
    ...(r.chance(0.6) ? [left - 0.02, neck + 0.03] : []),
    ...arc(x, neck - 0.02 + ry, w, ry, r.between(-0.34, -0.26), r.between(0.28, 0.48)),
  ];
  if (r.chance(0.55)) {
    const gapX = r.chance(0.5) ? r.between(-0.03, 0.12) : 0;
    const gapY = r.chance(0.5) ? r.between(-0.06, 0.06) : 0;
    return [
      [left + r.between(-0.02, 0.06), top, left, (top + neck) / 2, ...shoulder],
      [left + 0.03 + gapX, top + gapY, (left + right) / 2, top + lift * 0.4 + gapY, right + gapX, top + lift + gapY],
    ];
  }
  return [
    [right, top + lift, (left + right) / 2, top + lift * 0.4, ...corner(left + r.between(0, 0.08), top), left, (top + neck) / 2, ...shoulder],
  ];
};

/** One smooth stroke, like an S. */
const curvedFive: Form = (r) => {
  const w = r.between(0.2, 0.34);
  const neck = r.between(-0.15, 0);
  const ry = (0.5 - neck) / 2;
  return [
    [
      w * r.between(0.9, 1.5),
      -0.5 + r.between(-0.04, 0.08),
      0.05,
      -0.47,
      -w * 0.75,
      -0.42,
      -w * r.between(0.85, 1.05),
      (neck - 0.45) / 2,
      -w * 0.6,
      neck + 0.01,
      ...arc(-0.02, neck + ry, w, ry, -0.2, r.between(0.28, 0.45)),
    ],
  ];
};

// ---------------------------------------------------------------------------------------------------------------- 6

const six: Form = (r) => {
  const top = r.between(0.02, 0.34);
  const loop = r.between(-0.12, 0.16);
  const ry = (0.5 - loop) / 2;
  const w = r.between(0.16, 0.34);
  const cy = 0.5 - ry;
  const left = -r.between(0.2, 0.34);
  const cx = left + w;
  const close = r.between(0.5, 0.68);
  return [
    [
      top,
      -0.5,
      top * 0.5 + left * 0.45,
      -0.36 + r.between(-0.05, 0.06),
      left * r.between(0.75, 1.0),
      -0.1 + r.between(-0.06, 0.06),
      ...arc(cx, cy, w, ry, 0.5, 0.5 - close - r.between(0.1, 0.34)),
    ],
  ];
};

/** A straight stem that runs into a small loop. */
const straightSix: Form = (r) => {
  const top = r.between(-0.1, 0.25);
  const loop = r.between(0, 0.2);
  const ry = (0.5 - loop) / 2;
  const w = r.between(0.14, 0.3);
  const left = -r.between(0.18, 0.28);
  return [
    [
      top,
      -0.5,
      (top + left) / 2 - r.between(0, 0.06),
      -0.16,
      left,
      0.5 - ry,
      ...arc(left + w, 0.5 - ry, w, ry, 0.46, 0.5 - r.between(0.7, 1.1)),
    ],
  ];
};

// ---------------------------------------------------------------------------------------------------------------- 7

const seven: Form = (r) => {
  const left = -r.between(0.2, 0.4);
  const right = r.between(0.2, 0.38);
  const top = -0.5 + r.between(0, 0.1);
  const foot = r.between(-0.25, 0.14);
  const bend = r.between(-0.1, 0.06);
  const strokes: Stroke[] = [];
  const start = r.chance(0.35) ? [left, top + r.between(0.06, 0.22), left + 0.02, top + 0.05] : [];
  const shoulder = r.chance(0.55)
    ? corner(right, -0.5 + r.between(-0.02, 0.06))
    : [right - 0.05, -0.49, right, -0.42];
  strokes.push([
    ...start,
    left + (start.length ? 0.03 : 0),
    top,
    (left + right) / 2,
    (top - 0.5) / 2 + r.between(-0.03, 0.07),
    ...shoulder,
    (right + foot) * 0.5 + bend,
    0,
    foot,
    0.5,
  ]);
  if (r.chance(0.14)) {
    const x = (right + foot) * 0.5 + bend;
    const y = r.between(-0.08, 0.1);
    const half = r.between(0.12, 0.26);
    strokes.push([x - half, y + r.between(-0.03, 0.05), x, y, x + half, y + r.between(-0.06, 0.03)]);
  }
  return strokes;
};

// ---------------------------------------------------------------------------------------------------------------- 8

/** One stroke: an S from the top right and back up. */
const eight: Form = (r) => {
  const a = r.between(0.15, 0.3);
  const b = r.between(0.2, 0.34);
  const waist = r.between(-0.14, 0.06);
  const ru = (waist + 0.5) / 2;
  const rl = (0.5 - waist) / 2;
  const x = r.between(-0.08, 0.08);
  const start = r.between(-0.22, -0.02);
  const over = r.between(-0.1, 0.12);
  const cu = x * 0.6;
  return [
    [
      ...arc(cu, -0.5 + ru, a, ru, start, -0.62),
      x * 0.3,
      waist,
      ...arc(-x * 0.6, 0.5 - rl, b, rl, -0.12, 0.6),
      x * 0.2 + 0.02,
      waist + 0.01,
      ...arc(cu + r.between(-0.02, 0.05), -0.5 + ru, a * r.between(0.85, 1.1), ru, 0.1, start - over, 3),
    ],
  ];
};

/** Two rings, one on the other. */
const rings: Form = (r) => {
  const a = r.between(0.16, 0.3);
  const b = r.between(0.18, 0.34);
  const waist = r.between(-0.12, 0.08);
  const ru = (waist + 0.5) / 2;
  const rl = (0.5 - waist) / 2;
  const dx = r.between(-0.08, 0.08);
  const s = r.between(-0.4, 0);
  const t = r.between(-0.4, 0);
  return [
    ring(dx, -0.5 + ru, a, ru, s, s - r.between(0.95, 1.1), r.between(0.9, 1.05)),
    ring(-dx, 0.5 - rl, b, rl, t, t - r.between(0.95, 1.1), r.between(0.9, 1.05)),
  ];
};

/** One stroke that starts in the middle of the left side and crosses itself: a slanted, narrow 8. */
const crossedEight: Form = (r) => {
  const a = r.between(0.12, 0.24);
  const b = r.between(0.12, 0.26);
  const waist = r.between(-0.08, 0.06);
  const k = r.between(0.85, 1.05);
  return [
    [
      a * k,
      -0.4 + r.between(-0.06, 0.1),
      0.02,
      -0.5,
      -a,
      -0.36,
      -a * 0.6,
      -0.2,
      0,
      waist,
      b * 0.8,
      0.22,
      b * 0.7,
      0.42,
      0,
      0.5,
      -b,
      0.4,
      -b * 0.7,
      0.2,
      0.02,
      waist,
      a * 0.8,
      -0.22,
      a * k + r.between(-0.04, 0.06),
      -0.42 + r.between(-0.06, 0.1),
    ],
  ];
};

// ---------------------------------------------------------------------------------------------------------------- 9

const nine: Form = (r) => {
  const w = r.between(0.16, 0.3);
  const bottom = r.between(-0.14, 0.1);
  const ry = (bottom + 0.5) / 2;
  const cy = -0.5 + ry;
  const start = r.between(-0.22, 0.02);
  const tilt = r.between(-0.08, 0.04);
  const foot = w + r.between(-0.34, 0.06);
  const bend = r.between(-0.04, 0.08);
  const head = arc(0, cy, w, ry * r.between(0.75, 1), start, start - r.between(0.7, 0.98) + 0.02);
  const join = r.between(-0.36, -0.18);
  const tail = r.chance(0.6)
    ? [...corner(w + r.between(-0.03, 0.04), join), (w + foot) / 2 + bend, 0.1, foot, 0.5]
    : [w, join + 0.05, w + bend * 0.6, 0.08, (w + foot) / 2 + bend, 0.3, foot, 0.5];
  for (let i = 0; i < head.length; i += 2) head[i] = head[i]! - tilt * head[i + 1]!;
  return [[...head, ...tail]];
};

/** The tail ends in a hook to the left. */
const hookedNine: Form = (r) => {
  const w = r.between(0.18, 0.3);
  const bottom = r.between(-0.12, 0.06);
  const ry = (bottom + 0.5) / 2;
  const start = r.between(-0.2, 0);
  const x = w + r.between(-0.06, 0.04);
  const hookX = r.between(-0.3, -0.05);
  return [
    [
      ...arc(0, -0.5 + ry, w, ry, start, start - r.between(0.8, 1)),
      ...corner(w, r.between(-0.38, -0.2)),
      x,
      0.1,
      x - 0.06,
      0.36,
      (x + hookX) / 2,
      0.49,
      hookX,
      r.between(0.4, 0.5),
    ],
  ];
};

/** A ring and a separate stem. */
const ringedNine: Form = (r) => {
  const w = r.between(0.16, 0.28);
  const ry = r.between(0.18, 0.28);
  const s = r.between(-0.3, 0);
  const foot = w + r.between(-0.22, 0.06);
  return [
    ring(0, -0.5 + ry, w, ry, s, s - r.between(0.95, 1.1), r.between(0.92, 1.08)),
    [w + r.between(-0.04, 0.06), -0.5 + r.between(0, 0.2), w + r.between(-0.03, 0.03), 0, foot, 0.5],
  ];
};

/** The forms of the digits 0 to 9. */
export const shapes: readonly Forms[] = [
  [
    [0.9, oval],
    [0.1, twoHalves],
  ],
  [
    [0.85, bare],
    [0.15, flagged],
  ],
  [
    [0.35, cornered],
    [0.4, looped],
    [0.15, swan],
    [0.1, zLike],
  ],
  [
    [0.65, twoBowls],
    [0.2, knotted],
    [0.15, flatThree],
  ],
  [
    [0.6, openFour],
    [0.17, closedFour],
    [0.23, runningFour],
  ],
  [
    [0.75, barredFive],
    [0.25, curvedFive],
  ],
  [
    [0.7, six],
    [0.3, straightSix],
  ],
  [[1, seven]],
  [
    [0.55, eight],
    [0.15, rings],
    [0.3, crossedEight],
  ],
  [
    [0.65, nine],
    [0.15, hookedNine],
    [0.2, ringedNine],
  ],
];

/** Strokes of a digit of class `label` (0 to 9), in one of its forms. */
export function writeDigit(label: number, random: Stream): Stroke[] {
  const forms = shapes[label]!;
  let left = random.unit() * forms.reduce((sum, [frequency]) => sum + frequency, 0);
  for (const [frequency, form] of forms) {
    left -= frequency;
    if (left < 0) return form(random);
  }
  return forms[forms.length - 1]![1](random);
}
