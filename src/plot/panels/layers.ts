/** How each kind of layer takes part in a pair of axes: what it covers, how it is drawn, how the legend shows it. */
import { isDark, rgb } from "../color.ts";
import type { Color, Layer, LineLayer, Numbers, PointShape, SegmentsLayer } from "../figure.ts";
import { decimal, element } from "../markup.ts";
import { boxAttributes, dashes, outlines, type Pen, stroke } from "../pen.ts";
import { measure } from "../text.ts";
import { theme } from "../theme.ts";

/** The inside of the axes: sizes in pixels, and where a value lies; (0, 0) is the upper left corner. */
export interface Frame {
  width: number;
  height: number;
  x(value: number): number;
  y(value: number): number;
  pen: Pen;
}

export interface LegendItem {
  name: string;
  color: Color;
  swatch: "line" | "dashed" | "dotted" | "box" | PointShape;
  opacity?: number;
}

interface Rules<L extends Layer> {
  /** The values along each axis. */
  xs(layer: L): readonly Numbers[];
  ys(layer: L): readonly Numbers[];
  draw(layer: L, frame: Frame): string;
  legend(layer: L): LegendItem | null;
  /** Values that have no place on the axes, NaN for example. */
  unseen(layer: L, frame: Frame): number;
}

const nothing = () => null;
const none = () => 0;

export const layers: { readonly [K in Layer["kind"]]: Rules<Extract<Layer, { kind: K }>> } = {
  line: {
    xs: (layer) => [layer.x],
    ys: (layer) => [layer.y],
    draw: drawLine,
    legend: ({ name, color, dash = "solid" }) =>
      name === undefined ? null : { name, color, swatch: dash === "solid" ? "line" : dash },
    unseen: ({ x, y, parted }, frame) => (parted ? 0 : unseen(x, y, frame)),
  },
  area: {
    xs: (layer) => [layer.x],
    ys: (layer) => [layer.low, layer.high],
    draw: ({ x, low, high, color, opacity = 0.18 }, frame) => {
      const there = drawn(x, high, frame);
      const back = drawn(x, low, frame).reverse();
      if (there.length === 0 || back.length === 0) return "";
      return element("path", { d: `${path([...there, ...back])}z`, fill: color, "fill-opacity": opacity });
    },
    legend: ({ name, color, opacity = 0.18 }) =>
      name === undefined ? null : { name, color, swatch: "box", opacity },
    unseen: none,
  },
  points: {
    xs: (layer) => [layer.x],
    ys: (layer) => [layer.y],
    draw: ({ x, y, color, colors, shape = "circle", radius = 3.5, opacity, outline }, frame) => {
      const marks: string[] = [];
      for (let i = 0; i < x.length; i++) {
        const [px, py] = [frame.x(x[i]!), frame.y(y[i]!)];
        if (Number.isNaN(px + py)) continue;
        marks.push(element("path", { d: outlines[shape](px, py, radius), fill: colors?.[i] }));
      }
      const edge = outline === undefined ? {} : { stroke: outline, "stroke-width": 1 };
      return element("g", { fill: color, "fill-opacity": opacity, ...edge }, marks);
    },
    legend: ({ name, color, shape = "circle" }) =>
      name === undefined ? null : { name, color, swatch: shape },
    unseen: ({ x, y }, frame) => unseen(x, y, frame),
  },
  rects: {
    xs: (layer) => [layer.x0, layer.x1],
    ys: (layer) => [layer.y0, layer.y1],
    draw: ({ x0, x1, y0, y1, color, colors, gap = 0, opacity }, frame) => {
      const marks: string[] = [];
      for (let i = 0; i < x0.length; i++) {
        const [a, b, c, d] = [frame.x(x0[i]!), frame.x(x1[i]!), frame.y(y0[i]!), frame.y(y1[i]!)];
        if (Number.isNaN(a + b + c + d)) continue;
        const width = Math.abs(b - a) - 2 * gap;
        const height = Math.abs(d - c) - 2 * gap;
        if (width <= 0 || height <= 0) continue;
        const box = { x: Math.min(a, b) + gap, y: Math.min(c, d) + gap, width, height };
        marks.push(element("rect", { ...boxAttributes(box), fill: colors?.[i] }));
      }
      return element("g", { fill: color, "fill-opacity": opacity }, marks);
    },
    legend: ({ name, color, opacity }) =>
      name === undefined
        ? null
        : { name, color, swatch: "box", ...(opacity === undefined ? {} : { opacity }) },
    unseen: ({ x0, x1, y0, y1 }, frame) => Math.max(unseen(x0, y0, frame), unseen(x1, y1, frame)),
  },
  segments: {
    xs: (layer) => [layer.x0, layer.x1],
    ys: (layer) => [layer.y0, layer.y1],
    draw: drawSegments,
    legend: ({ name, color }) => (name === undefined ? null : { name, color, swatch: "line" }),
    unseen: ({ x0, x1, y0, y1 }, frame) => Math.max(unseen(x0, y0, frame), unseen(x1, y1, frame)),
  },
  raster: {
    xs: (layer) => [layer.x],
    ys: (layer) => [layer.y],
    draw: ({ x, y, raster }, frame) => {
      const [a, b, c, d] = [frame.x(x[0]), frame.x(x[1]), frame.y(y[0]), frame.y(y[1])];
      const box = { x: Math.min(a, b), y: Math.min(c, d), width: Math.abs(b - a), height: Math.abs(d - c) };
      const picture = frame.pen.image(box, raster, { x: b < a, y: d < c });
      return element("svg", { width: frame.width, height: frame.height }, picture);
    },
    legend: nothing,
    unseen: none,
  },
  rule: {
    xs: ({ x }) => (x === undefined ? [] : [[x]]),
    ys: ({ y }) => (y === undefined ? [] : [[y]]),
    draw: ({ x, y, color, dash, label, labelAt = "top" }, frame) => {
      const size = theme.noteSize;
      const [px, py] = [x === undefined ? Number.NaN : frame.x(x), y === undefined ? Number.NaN : frame.y(y)];
      const marks: string[] = [];
      const style = { size, fill: color, halo: true } as const;
      if (!Number.isNaN(px)) {
        marks.push(stroke(px, 0, px, frame.height, color, 1, dash));
        const right = px + 6 + measure(label ?? "", size) <= frame.width;
        const baseline = labelAt === "top" ? size + 1 : frame.height - 6;
        if (label)
          marks.push(
            frame.pen.text(px + (right ? 5 : -5), baseline, label, {
              ...style,
              anchor: right ? "start" : "end",
            }),
          );
      }
      if (!Number.isNaN(py)) {
        marks.push(stroke(0, py, frame.width, py, color, 1, dash));
        const above = py > size + 6;
        if (label)
          marks.push(
            frame.pen.text(frame.width - 4, above ? py - 4 : py + size + 2, label, {
              ...style,
              anchor: "end",
            }),
          );
      }
      return marks.join("");
    },
    legend: nothing,
    unseen: none,
  },
  labels: {
    xs: (layer) => [layer.x],
    ys: (layer) => [layer.y],
    draw: (
      { x, y, texts, color, colors, size = theme.noteSize, anchor = "middle", shift = [0, 0] },
      frame,
    ) => {
      const marks: string[] = [];
      for (const [i, text] of texts.entries()) {
        const [px, py] = [frame.x(x[i] ?? Number.NaN), frame.y(y[i] ?? Number.NaN)];
        if (Number.isNaN(px + py) || text === "") continue;
        const fill = colors?.[i] ?? color;
        const halo = !colors && !isDark(rgb(theme.background)) && isDark(rgb(fill));
        marks.push(
          frame.pen.text(px + shift[0], py + shift[1] + size * 0.36, text, { size, fill, anchor, halo }),
        );
      }
      return marks.join("");
    },
    legend: nothing,
    unseen: none,
  },
};

/** The rules of a layer's kind, typed for that layer. */
export const rulesOf = <L extends Layer>(layer: L): Rules<L> => layers[layer.kind] as unknown as Rules<L>;

type Point = readonly [number, number];

function drawLine({ x, y, color, width = 2, dash = "solid", opacity }: LineLayer, frame: Frame): string {
  const pieces: Point[][] = [];
  let piece: Point[] = [];
  for (let i = 0; i < x.length; i++) {
    const point = [frame.x(x[i]!), frame.y(y[i] ?? Number.NaN)] as const;
    if (Number.isNaN(point[0] + point[1])) piece = [];
    else if (piece.push(point) === 1) pieces.push(piece);
  }
  const lines = pieces.filter((points) => points.length > 1).map((points) => path(thinned(points)));
  const dots = pieces
    .filter((points) => points.length === 1)
    .map(([point]) => outlines.circle(...point!, width * 1.25));
  const line = element("path", {
    d: lines.join(""),
    fill: "none",
    stroke: color,
    "stroke-width": width,
    "stroke-dasharray": dashes[dash],
    "stroke-linejoin": "round",
    "stroke-linecap": dash === "dotted" ? "round" : undefined,
    "stroke-opacity": opacity,
  });
  return (
    (lines.length > 0 ? line : "") +
    (dots.length > 0 ? element("path", { d: dots.join(""), fill: color }) : "")
  );
}

/** Pixels of the head of a segment, as a multiple of its width, and at least. */
const head = { long: 3, wide: 2.4, least: 7 };

function drawSegments(layer: SegmentsLayer, frame: Frame): string {
  const { x0, y0, x1, y1, color, widths, width = 1, opacity, bends, head: gap } = layer;
  // Lines of the same width are one element: a graph may have many.
  const byWidth = new Map<string, string>();
  const heads: string[] = [];
  for (let i = 0; i < x0.length; i++) {
    const from = [frame.x(x0[i]!), frame.y(y0[i]!)] as const;
    const to = [frame.x(x1[i]!), frame.y(y1[i]!)] as const;
    if (Number.isNaN(from[0] + from[1] + to[0] + to[1])) continue;
    const own = widths?.[i] ?? width;
    const curve = curveOf(from, to, bends?.[i] ?? 0);
    if (gap !== undefined) heads.push(headOf(curve, to, gap, own));
    const key = decimal(own);
    byWidth.set(key, (byWidth.get(key) ?? "") + curve.path);
  }
  const lines = [...byWidth].map(([w, d]) => element("path", { d, "stroke-width": w }));
  const stroked = element("g", { fill: "none", stroke: color, "stroke-opacity": opacity }, lines);
  if (heads.length === 0) return stroked;
  return stroked + element("path", { d: heads.join(""), fill: color, "fill-opacity": opacity });
}

/** The line between two points, bent to its right, and the direction in which it arrives. */
function curveOf(from: Point, to: Point, bend: number) {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const middle = [(from[0] + to[0]) / 2 - bend * dy, (from[1] + to[1]) / 2 + bend * dx] as const;
  const at = ([x, y]: Point) => `${decimal(x)} ${decimal(y)}`;
  const path = bend === 0 ? `M${at(from)}L${at(to)}` : `M${at(from)}Q${at(middle)} ${at(to)}`;
  return {
    path,
    direction: bend === 0 ? ([dx, dy] as const) : ([to[0] - middle[0], to[1] - middle[1]] as const),
  };
}

/** A triangle that points to `to` and ends `gap` pixels before it. */
function headOf(
  { direction: [dx, dy] }: ReturnType<typeof curveOf>,
  to: Point,
  gap: number,
  width: number,
): string {
  const length = Math.hypot(dx, dy);
  if (length === 0) return "";
  const [ux, uy] = [dx / length, dy / length];
  const [long, wide] = [Math.max(head.least, head.long * width), Math.max(head.least, head.wide * width) / 2];
  const tip = [to[0] - gap * ux, to[1] - gap * uy] as const;
  const foot = [tip[0] - long * ux, tip[1] - long * uy] as const;
  const corners: Point[] = [
    tip,
    [foot[0] - wide * uy, foot[1] + wide * ux],
    [foot[0] + wide * uy, foot[1] - wide * ux],
  ];
  return `${path(corners)}z`;
}

/**
 * The points that show: of a run within a pixel across, the first, the lowest, the highest and the last. So a
 * curve of a million steps stays a small file and keeps every spike.
 */
function thinned(points: readonly Point[]): readonly Point[] {
  if (points.length < 500) return points;
  const kept: Point[] = [];
  for (let first = 0; first < points.length; ) {
    let last = first;
    let low = first;
    let high = first;
    while (last + 1 < points.length && Math.abs(points[last + 1]![0] - points[first]![0]) < 1) {
      last++;
      if (points[last]![1] < points[low]![1]) low = last;
      if (points[last]![1] > points[high]![1]) high = last;
    }
    const order = [...new Set([first, Math.min(low, high), Math.max(low, high), last])];
    kept.push(...order.map((i) => points[i]!));
    first = last + 1;
  }
  return kept;
}

const path = (points: readonly Point[]) =>
  points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${decimal(x)} ${decimal(y)}`).join("");

/** The points (x, y) that have a place in the frame, in pixels. */
function drawn(x: Numbers, y: Numbers, frame: Frame): Point[] {
  const points: Point[] = [];
  for (let i = 0; i < x.length; i++) {
    const point = [frame.x(x[i]!), frame.y(y[i] ?? Number.NaN)] as const;
    if (!Number.isNaN(point[0] + point[1])) points.push(point);
  }
  return points;
}

const unseen = (x: Numbers, y: Numbers, frame: Frame) => x.length - drawn(x, y, frame).length;
