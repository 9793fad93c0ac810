/**
 * How people write the ten digits: for each class several forms, each a few pen strokes with free parameters.
 *
 * Coordinates: x to the right and y down, in a box about one unit high. A stroke is a flat list x0, y0, x1, y1, … that a
 * smooth curve passes through; a point given twice in a row is a sharp corner. Size, slant, weight and distortion are
 * not decided here (see draw.ts). The forms are from watching how digits are written by hand; none is fitted to data.
 *
 * Over 400 lines: the pen strokes of ten digits are a table.
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
function ring(
  cx: number,
  cy: number,
  rx: number,
  ry: number,
  from: number,
  to: number,
  growth: number,
): Stroke {
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
  const rx = r.chance(0.2) ? r.between(0.44, 0.66) : r.between(0.2, 0.46);
  const start = r.between(-0.36, -0.05);
  const sweep = r.chance(0.2) ? r.between(0.86, 0.97) : r.between(0.97, 1.12);
  const turn = r.chance(0.9) ? -1 : 1;
  const stroke = ring(0, 0, rx, 0.5, start, start + turn * sweep, r.between(0.82, 1.12));
  // The pen may come from or go on to the inside.
  if (r.chance(0.16)) stroke.push(rx * r.between(-0.5, 0.3), r.between(-0.32, -0.02));
  if (r.chance(0.1)) stroke.unshift(rx * r.between(0.3, 1.2), r.between(-0.6, -0.4));
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
  const length = r.between(0.1, 0.3);
  const drop = length * r.between(0.5, 1.4);
  const bow = r.between(-0.03, 0.03);
  const strokes = [
    [-length, -0.5 + drop, -length * 0.4, -0.5 + drop * 0.5, ...corner(0, -0.5), bow, 0, 0, 0.5],
  ];
  if (r.chance(0.4)) strokes.push([r.between(-0.42, -0.12), 0.5, 0, 0.49, r.between(0.1, 0.42), 0.48]);
  return strokes;
};

// ---------------------------------------------------------------------------------------------------------------- 2

/** The hook at the top of a 2 or 3 down to where it heads left again. */
function hook(r: Stream, width: number): Stroke {
  const from = r.chance(0.25) ? r.between(-0.66, -0.5) : r.between(-0.54, -0.34);
  return arc(0, -0.25, width, 0.25, from, r.between(0.02, 0.1));
}

const cornered: Form = (r) => {
  const w = r.between(0.2, 0.4);
  const foot = r.between(-0.42, -0.2);
  const sag = r.between(-0.06, 0.06);
  const tail = r.between(0.2, 0.48) + (r.chance(0.3) ? r.between(0, 0.4) : 0);
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
  const w = r.between(0.2, 0.38);
  const x = r.between(-0.32, 0.1);
  const wide = r.between(0.06, 0.26 + 0.2 * (x + 0.32));
  const high = r.between(0.04, 0.15);
  const tail = r.between(0.22, 0.5) + (r.chance(0.45) ? r.between(0, 0.4) : 0);
  const y = 0.5 - high;
  return [
    [
      ...hook(r, w),
      w * 0.55 + x * 0.3 + r.between(-0.06, 0.08),
      r.between(0.08, 0.2),
      x + wide * 0.4,
      y + high * 0.75,
      x - wide * 0.5,
      y + high,
      x - wide,
      y + high * 0.1,
      x - wide * 0.3,
      y - high * 0.9,
      x + wide * 0.9,
      y - high * 0.1,
      (x + tail) * 0.5 + 0.08,
      0.47 + r.between(-0.05, 0.08),
      tail,
      0.42 + r.between(-0.12, 0.1),
    ],
  ];
};

/** Round as handwriting runs: the back comes down to the line, and a large loop leads into the tail. */
const running: Form = (r) => {
  const w = r.between(0.16, 0.34);
  const back = w * r.between(0.55, 1);
  const left = r.between(-0.5, -0.2);
  const top = r.between(0.08, 0.34);
  const tail = back + r.between(0.06, 0.42);
  return [
    [
      ...arc(0, -0.27, w, 0.23, r.between(-0.66, -0.36), r.between(-0.04, 0.04)),
      back,
      r.between(0.02, 0.16),
      back * 0.4 + left * 0.2,
      0.42,
      left * 0.6 + back * 0.1,
      0.5,
      left,
      (0.52 + top) / 2 + 0.02,
      left * 0.5,
      top,
      back * 0.6,
      (top + 0.42) / 2 - r.between(0, 0.06),
      tail * 0.8,
      0.42 + r.between(-0.04, 0.08),
      tail,
      0.42 + r.between(-0.16, 0.12),
    ],
  ];
};

/** Smooth at the foot, nearly an S turned round. */
const swan: Form = (r) => {
  const w = r.between(0.2, 0.36);
  const foot = r.between(-0.36, -0.2);
  const tail = r.between(0.22, 0.65);
  return [
    [
      ...hook(r, w),
      w * 0.3,
      0.17,
      foot + 0.04,
      0.4,
      foot + 0.1,
      0.49,
      (foot + tail) * 0.5,
      0.45,
      tail,
      r.between(0.42, 0.54),
    ],
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
  const out = arc(x, top + ry, width, ry, r.between(-0.22, -0.14), r.between(0.28, 0.5));
  // The pen often leaves in a long flat tail.
  if (r.chance(0.3)) out.push(x - width * r.between(1, 1.7), r.between(0.36, 0.52));
  return out;
}

const twoBowls: Form = (r) => {
  const waist = r.between(-0.12, 0.05);
  const upper = r.between(0.18, 0.36);
  const lower = r.between(0.2, 0.38);
  const ry = (waist + 0.5) / 2;
  const inset = r.between(-0.18, 0.06);
  const start = r.between(-0.54, -0.32);
  return [
    [
      ...arc(r.between(-0.08, 0.1), -0.5 + ry, upper, ry, start, r.between(0.1, 0.19)),
      ...(r.chance(0.7) ? corner(inset, waist) : [inset, waist]),
      ...bowl(r, r.between(-0.1, 0.06), waist, lower),
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
    ? [
        left + r.between(-0.02, 0.14),
        -0.5 + r.between(0, 0.12),
        left + belly,
        bar - 0.24,
        ...corner(left, bar),
        reach * 0.4,
        bar + r.between(-0.04, 0.04),
        reach,
        bar + r.between(-0.1, 0.05),
      ]
    : [
        left + r.between(0, 0.12),
        -0.5 + r.between(0, 0.12),
        left - 0.03,
        bar - 0.25,
        left,
        bar - 0.06,
        left + 0.1,
        bar + 0.01,
        reach * 0.5,
        bar - 0.02,
        reach,
        bar + r.between(-0.12, 0.03),
      ];
  return [
    first,
    [stem, top + r.between(0, 0.15), stem + lean * 0.4 + r.between(-0.02, 0.02), 0, stem + lean, 0.5],
  ];
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
      [
        top,
        -0.5,
        (top + left) * 0.5 + r.between(-0.05, 0.02),
        (bar - 0.5) * 0.5,
        ...corner(left, bar),
        0,
        bar + r.between(-0.03, 0.03),
        reach,
        bar + r.between(-0.05, 0.03),
      ],
      [top + r.between(-0.03, 0.05), -0.5 + r.between(-0.02, 0.1), stem, 0, stem + lean, 0.5],
    ];
  }
  return [
    [
      stem + lean,
      0.5,
      stem,
      0,
      ...corner(top, -0.5),
      (top + left) * 0.5,
      (bar - 0.5) * 0.5,
      ...corner(left, bar),
      0,
      bar,
      reach,
      bar,
    ],
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
  const w = r.between(0.2, 0.4);
  const right = r.between(0.12, 0.42) + (r.chance(0.35) ? r.between(0.1, 0.55) : 0);
  const top = -0.5 + r.between(0, 0.1);
  const lift = r.between(-0.14, 0.06);
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
      [
        left + 0.03 + gapX,
        top + gapY,
        (left + right) / 2,
        top + lift * 0.4 + gapY,
        right + gapX,
        top + lift + gapY,
      ],
    ];
  }
  return [
    [
      right,
      top + lift,
      (left + right) / 2,
      top + lift * 0.4,
      ...corner(left + r.between(0, 0.08), top),
      left,
      (top + neck) / 2,
      ...shoulder,
    ],
  ];
};

/** One smooth stroke, like an S. */
const curvedFive: Form = (r) => {
  const w = r.between(0.14, 0.34);
  const neck = r.between(-0.18, 0.04);
  const ry = (0.5 - neck) / 2;
  return [
    [
      w * r.between(0.8, 2),
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
  const loop = r.between(-0.26, 0.2);
  const ry = (0.5 - loop) / 2;
  const w = r.between(0.16, 0.34) + (r.chance(0.3) ? r.between(0, 0.2) : 0);
  const cy = 0.5 - ry;
  const left = -r.between(0.18, 0.34);
  const top = left + r.between(0.02, 0.6);
  const cx = left + w;
  const close = r.between(0.5, 0.68);
  return [
    [
      top,
      -0.5,
      left + (top - left) * 0.5 + r.between(-0.08, 0),
      -0.36 + r.between(-0.05, 0.06),
      left + (top - left) * r.between(0.02, 0.2),
      cy * 0.4 - 0.17 + r.between(-0.06, 0.06),
      ...ring(cx, cy, w, ry, 0.5, 0.5 - close - r.between(0.1, 0.36), r.between(0.8, 1.02)),
    ],
  ];
};

/** A straight stem that runs into a small loop. */
const straightSix: Form = (r) => {
  const top = r.between(-0.24, 0.2);
  const loop = r.between(-0.02, 0.2);
  const ry = (0.5 - loop) / 2;
  const w = r.between(0.14, 0.42);
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
  const left = -r.between(0.2, 0.42);
  const right = r.between(0.18, 0.36);
  const top = -0.5 + r.between(0, 0.14);
  const foot = r.between(-0.18, 0.26);
  const bow = r.between(-0.12, 0.1);
  const start = r.chance(0.4) ? [left + r.between(-0.06, 0.06), top + r.between(0.08, 0.3)] : [];
  const shoulder = r.chance(0.5)
    ? corner(right, -0.5 + r.between(-0.04, 0.06))
    : [right - 0.06, -0.49, right + 0.01, -0.42, right - 0.02, -0.3];
  const x = (right + foot) * 0.5 + bow;
  const strokes = [
    [
      ...start,
      left + (start.length ? 0.03 : 0),
      top,
      (left + right) / 2,
      (top - 0.5) / 2 + r.between(-0.04, 0.09),
      ...shoulder,
      x,
      0,
      foot,
      0.5,
    ],
  ];
  if (r.chance(0.2)) {
    const y = r.between(-0.12, 0.1);
    const half = r.between(0.12, 0.36);
    const shift = r.between(-0.06, 0.06);
    strokes.push([
      x + shift - half,
      y + r.between(-0.05, 0.08),
      x + shift,
      y,
      x + shift + half,
      y + r.between(-0.08, 0.05),
    ]);
  }
  return strokes;
};

/** Round at the shoulder, like a question mark. */
const roundSeven: Form = (r) => {
  const w = r.between(0.16, 0.36);
  const foot = r.between(-0.2, 0.2);
  const strokes = [
    [
      ...arc(0, -0.28, w, 0.22, r.between(-0.6, -0.4), r.between(0, 0.06)),
      (w + foot) * 0.5 + r.between(-0.04, 0.06),
      0.08,
      foot,
      0.5,
    ],
  ];
  if (r.chance(0.2))
    strokes.push([foot - r.between(0.05, 0.25), 0.08, (w + foot) * 0.5 + r.between(0.05, 0.25), 0.04]);
  return strokes;
};

// ---------------------------------------------------------------------------------------------------------------- 8

/** One stroke: an S from the top right and back up. */
const eight: Form = (r) => {
  const a = r.between(0.15, 0.34);
  const b = r.between(0.14, 0.34);
  const waist = r.between(-0.16, 0.1);
  const ru = (waist + 0.5) / 2;
  const rl = (0.5 - waist) / 2;
  const x = r.between(-0.14, 0.14);
  const start = r.between(-0.24, 0.02);
  const over = r.between(-0.06, 0.14);
  const cu = x * 0.6;
  const lead = r.chance(0.35) ? [cu + a * r.between(1, 1.7), -0.5 + r.between(-0.04, 0.16)] : [];
  const end = r.chance(0.3)
    ? [cu + a * r.between(1, 1.5), -0.46 + r.between(-0.08, 0.12)]
    : arc(cu + r.between(-0.02, 0.05), -0.5 + ru, a * r.between(0.8, 1.1), ru, 0.1, start - over, 3);
  return [
    [
      ...lead,
      ...arc(cu, -0.5 + ru, a, ru, start, -0.62),
      x * 0.3,
      waist,
      ...arc(-x * 0.6, 0.5 - rl, b, rl, -0.12, 0.6),
      x * 0.2 + 0.02,
      waist + 0.01,
      ...end,
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

/** One stroke from a free end at the top right: its two ends meet, cross, or stay apart. */
const crossedEight: Form = (r) => {
  const a = r.between(0.12, 0.32);
  const b = r.between(0.1, 0.28);
  const waist = r.between(-0.1, 0.1);
  const x = r.between(-0.1, 0.12);
  const k = r.between(0.7, 1.4);
  const stroke = [
    x + a * k,
    -0.4 + r.between(-0.08, 0.18),
    x + 0.02,
    -0.5,
    x - a,
    -0.36 + r.between(-0.04, 0.06),
    x - a * 0.6,
    (waist - 0.3) / 2,
    0,
    waist,
    b * 0.8 - x,
    (waist + 0.45) / 2,
    b * 0.7 - x,
    0.42,
    -x,
    0.5,
    -b - x,
    0.4,
    -b * 0.7 - x,
    (waist + 0.35) / 2,
    0.02,
    waist,
    x + a * 0.8,
    (waist - 0.4) / 2,
  ];
  if (r.chance(0.8)) stroke.push(x + a * k + r.between(-0.1, 0.1), -0.42 + r.between(-0.1, 0.14));
  return [stroke];
};

/** Open at the foot: the ends of the stroke stay apart, like a fish standing on its tail. */
const fishEight: Form = (r) => {
  const a = r.between(0.14, 0.28);
  const b = r.between(0.12, 0.26);
  const waist = r.between(-0.05, 0.18);
  const ru = (waist + 0.5) / 2;
  return [
    [
      -b,
      0.5,
      -b * 0.5,
      (waist + 0.45) / 2,
      0.02,
      waist,
      ...arc(0, -0.5 + ru, a, ru * 0.95, 0.1, -0.62),
      0,
      waist,
      b * 0.6,
      (waist + 0.4) / 2,
      b * r.between(0.7, 1.1),
      0.46,
      r.between(-1, 0.3) * b,
      0.5,
    ],
  ];
};

// ---------------------------------------------------------------------------------------------------------------- 9

const nine: Form = (r) => {
  const w = r.between(0.16, 0.3) + (r.chance(0.3) ? r.between(0, 0.2) : 0);
  const bottom = r.chance(0.25) ? r.between(0.1, 0.28) : r.between(-0.2, 0.12);
  const ry = (bottom + 0.5) / 2;
  const cy = -0.5 + ry;
  const start = r.between(-0.22, 0.02);
  const tilt = r.between(-0.2, 0.14);
  const foot = w + r.between(-0.34, 0.1);
  const bend = r.between(-0.04, 0.08);
  const head = arc(0, cy, w, ry * r.between(0.75, 1), start, start - r.between(0.68, 1));
  const join = r.between(-0.5, -0.15);
  const tail = r.chance(0.6)
    ? [...corner(w + r.between(-0.03, 0.04), join), (w + foot) / 2 + bend, 0.1, foot, 0.5]
    : [w, join + 0.05, w + bend * 0.6, 0.08, (w + foot) / 2 + bend, 0.3, foot, 0.5];
  for (let i = 0; i < head.length; i += 2) head[i] = head[i]! - tilt * head[i + 1]!;
  const lead = r.chance(0.25) ? [w * r.between(1, 1.7), -0.5 + r.between(-0.04, 0.12)] : [];
  return [[...lead, ...head, ...tail]];
};

/** The tail ends in a hook to the left. */
const hookedNine: Form = (r) => {
  const w = r.between(0.16, 0.34);
  const bottom = r.between(-0.14, 0.1);
  const ry = (bottom + 0.5) / 2;
  const start = r.between(-0.2, 0);
  const x = w + r.between(-0.06, 0.04);
  const hookX = r.between(-0.36, 0);
  return [
    [
      ...arc(0, -0.5 + ry, w, ry, start, start - r.between(0.72, 1)),
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

/** The forms of the digits 0 to 9, and how much further to the right (+) than others a class leans: a shear. */
export const shapes: readonly { readonly lean: number; readonly forms: Forms }[] = [
  {
    lean: 0.06,
    forms: [
      [0.9, oval],
      [0.1, twoHalves],
    ],
  },
  {
    lean: 0.08,
    forms: [
      [0.82, bare],
      [0.18, flagged],
    ],
  },
  {
    lean: -0.04,
    forms: [
      [0.3, cornered],
      [0.25, looped],
      [0.22, running],
      [0.13, swan],
      [0.1, zLike],
    ],
  },
  {
    lean: -0.13,
    forms: [
      [0.6, twoBowls],
      [0.17, knotted],
      [0.23, flatThree],
    ],
  },
  {
    lean: 0.15,
    forms: [
      [0.6, openFour],
      [0.17, closedFour],
      [0.23, runningFour],
    ],
  },
  {
    lean: 0.06,
    forms: [
      [0.75, barredFive],
      [0.25, curvedFive],
    ],
  },
  {
    lean: -0.02,
    forms: [
      [0.7, six],
      [0.3, straightSix],
    ],
  },
  {
    lean: -0.08,
    forms: [
      [0.82, seven],
      [0.18, roundSeven],
    ],
  },
  {
    lean: -0.03,
    forms: [
      [0.48, eight],
      [0.12, rings],
      [0.35, crossedEight],
      [0.05, fishEight],
    ],
  },
  {
    lean: 0.02,
    forms: [
      [0.65, nine],
      [0.15, hookedNine],
      [0.2, ringedNine],
    ],
  },
];

/** Strokes of a digit of class `label` (0 to 9), in one of its forms. */
export function writeDigit(label: number, random: Stream): Stroke[] {
  const { lean, forms } = shapes[label]!;
  const strokes = pick(forms, random)(random);
  for (const s of strokes) for (let i = 0; i < s.length; i += 2) s[i] = s[i]! - lean * s[i + 1]!;
  return strokes;
}

function pick(forms: Forms, random: Stream): Form {
  let left = random.unit() * forms.reduce((sum, [frequency]) => sum + frequency, 0);
  for (const [frequency, form] of forms) {
    left -= frequency;
    if (left < 0) return form;
  }
  return forms[0]![1];
}
