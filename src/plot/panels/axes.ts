/** Layers over a pair of axes: finds the domains, makes room for what is written around them, draws inside out. */
import type { AxesPanel, Axis, Layer } from "../figure.ts";
import { decimal, element } from "../markup.ts";
import { type Box, boxAttributes, type Pen, stroke } from "../pen.ts";
import { type Domain, domainOf, extentOf, join, placer, type Tick, ticksOf } from "../scale.ts";
import { clean, fit, measure } from "../text.ts";
import { theme } from "../theme.ts";
import { colorBarWidth, drawColorBar } from "./color-bar.ts";
import { drawHeader, drawNote } from "./header.ts";
import { type Frame, type LegendItem, rulesOf } from "./layers.ts";

const { tickSize, labelSize } = theme;
const tickGap = 6;
/** A name of a category is cut beyond this many pixels. */
const widestName = 130;

/** A line or a point on the edge of the axes may reach so many pixels beyond it. */
const slack = 5;

const grown = ({ x, y, width, height }: Box, by: number): Box => ({
  x: x - by,
  y: y - by,
  width: width + 2 * by,
  height: height + 2 * by,
});

/** An axis with its domain, its ticks, and the angle at which their words stand. */
interface Ruled {
  axis: Axis;
  domain: Domain;
  ticks: readonly Tick[];
  angle: number;
}

interface Margins {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

interface Layout {
  x: Ruled;
  y: Ruled;
  margins: Margins;
  width: number;
  height: number;
}

export function drawAxes(panel: AxesPanel, box: Box, pen: Pen): string {
  const head = drawHeader({ ...panel, legend: legendOf(panel.layers) }, box, pen);
  const extents = { x: extent(panel, "x"), y: extent(panel, "y") };
  const blank = panel.layers.length === 0 || !extents.x || !extents.y;
  const room = { ...box, y: box.y + head.height, height: box.height - head.height };
  const wide = layout(panel, extents, room);
  const unseen = countUnseen(panel.layers, frameOf(wide, pen));
  const note = [panel.note, unseenNote(unseen, panel)].filter(Boolean).join(" · ");
  const foot = drawNote(note, box, pen);
  const final =
    foot.height === 0 ? wide : layout(panel, extents, { ...room, height: room.height - foot.height });
  const frame = frameOf(final, pen);
  const origin = { x: room.x + final.margins.left, y: room.y + final.margins.top };
  const area = { ...origin, width: final.width, height: final.height };
  const clip = grown(area, slack);
  const inside = element(
    "svg",
    { ...boxAttributes(clip), viewBox: [-slack, -slack, clip.width, clip.height].map(decimal).join(" ") },
    panel.layers.map((layer) => rulesOf(layer).draw(layer, frame)),
  );
  const middle = { x: area.x + area.width / 2, y: area.y + area.height / 2 };
  const marks = [
    head.markup,
    drawGrid(final, area),
    blank
      ? pen.text(middle.x, middle.y, "no data", { size: labelSize, fill: theme.muted, anchor: "middle" })
      : inside,
    drawXAxis(final.x, area, final.margins, pen),
    drawYAxis(final.y, area, final.margins, pen),
    panel.colorBar ? drawColorBar(panel.colorBar, { ...area, x: area.x + area.width }, pen) : "",
    foot.markup,
  ];
  return marks.join("");
}

/** The legend of some layers: each name once. */
function legendOf(layers: readonly Layer[]): LegendItem[] {
  const items = new Map<string, LegendItem>();
  for (const layer of layers) {
    const item = rulesOf(layer).legend(layer);
    if (item && !items.has(item.name)) items.set(item.name, item);
  }
  return [...items.values()];
}

function extent(panel: AxesPanel, which: "x" | "y"): Domain | null {
  const log = panel[which].type === "log";
  let all: Domain | null = null;
  for (const layer of panel.layers) {
    const rules = rulesOf(layer);
    all = join(all, extentOf(which === "x" ? rules.xs(layer) : rules.ys(layer), log));
  }
  return all;
}

const countUnseen = (layers: readonly Layer[], frame: Frame) =>
  layers.reduce((sum, layer) => sum + rulesOf(layer).unseen(layer, frame), 0);

function unseenNote(count: number, { x, y }: AxesPanel): string {
  if (count === 0) return "";
  const why = x.type === "log" || y.type === "log" ? "not positive and finite" : "not finite";
  return count === 1 ? `Not drawn: 1 value that is ${why}` : `Not drawn: ${count} values that are ${why}`;
}

const frameOf = ({ x, y, width, height }: Layout, pen: Pen): Frame => {
  const across = placer(x.axis, x.domain, width);
  const up = placer(y.axis, y.domain, height);
  return { width, height, x: across, y: (value) => height - up(value), pen };
};

/** Room for ticks and labels depends on the ticks, which depend on the room: two rounds settle it. */
function layout(panel: AxesPanel, extents: { x: Domain | null; y: Domain | null }, room: Box): Layout {
  let margins: Margins = { left: 48, right: 12, top: 8, bottom: 40 };
  for (let round = 0; ; round++) {
    const width = Math.max(20, room.width - margins.left - margins.right);
    const height = Math.max(20, room.height - margins.top - margins.bottom);
    const x = ruleX(panel.x, extents.x, width);
    const y = ruleY(panel.y, extents.y, height);
    const square = panel.equal ? equalSize(x.domain, y.domain, width, height) : { width, height };
    if (round === 2) return { x, y, margins, ...square };
    margins = marginsOf(x, y, square, colorBarWidth(panel.colorBar, square.height));
  }
}

function equalSize(x: Domain, y: Domain, width: number, height: number): { width: number; height: number } {
  const unit = Math.min(width / (x[1] - x[0]), height / (y[1] - y[0]));
  return { width: unit * (x[1] - x[0]), height: unit * (y[1] - y[0]) };
}

/** Ticks of the x axis, fewer until their words stand apart; names that are too wide lean, and then thin out. */
function ruleX(axis: Axis, extent: Domain | null, width: number): Ruled {
  if (axis.categories) {
    const domain = domainOf(axis, extent, 1);
    const band = width / (domain[1] - domain[0]);
    const names = ticksOf(axis, domain, 1).map((tick) => cutName(tick));
    const widest = Math.max(0, ...names.map(({ text }) => measure(text, tickSize)));
    const angle = widest + 6 <= band ? 0 : -40;
    const every = angle === 0 ? 1 : Math.ceil((tickSize * 1.5) / band);
    return { axis, domain, ticks: names.filter((_, i) => i % every === 0), angle };
  }
  for (let count = Math.max(1, Math.round(width / 80)); ; count--) {
    const domain = domainOf(axis, extent, Math.max(2, Math.round(width / 80)));
    const ticks = ticksOf(axis, domain, count);
    const shown = ticks.filter(({ text }) => text !== "");
    const place = placer({ ...axis, reverse: false }, domain, width);
    const clear = shown.every(({ value, text }, i) => {
      const next = shown[i + 1];
      if (!next) return true;
      const needed = (measure(text, tickSize) + measure(next.text, tickSize)) / 2 + 10;
      return place(next.value) - place(value) >= needed;
    });
    if (clear || count <= 1) return { axis, domain, ticks: clear ? ticks : ticks.slice(0, 1), angle: 0 };
  }
}

function ruleY(axis: Axis, extent: Domain | null, height: number): Ruled {
  const count = Math.max(2, Math.round(height / 55));
  const domain = domainOf(axis, extent, count);
  const ticks = ticksOf(axis, domain, count);
  if (!axis.categories) return { axis, domain, ticks, angle: 0 };
  const every = Math.ceil((tickSize * 1.25) / (height / (domain[1] - domain[0])));
  return {
    axis,
    domain,
    ticks: ticks.filter((_, i) => i % every === 0).map((tick) => cutName(tick)),
    angle: 0,
  };
}

const cutName = ({ value, text }: Tick): Tick => ({ value, text: fit(clean(text), widestName, tickSize) });

/** Pixels around the inside of the axes. */
function marginsOf(x: Ruled, y: Ruled, size: { width: number; height: number }, bar: number): Margins {
  const xWidths = x.ticks.map(({ text }) => measure(text, tickSize));
  const yWidest = Math.max(0, ...y.ticks.map(({ text }) => measure(text, tickSize)));
  const place = placer(x.axis, x.domain, size.width);
  const lean = (-x.angle * Math.PI) / 180;
  const overLeft = Math.max(0, ...x.ticks.map(({ value }, i) => reach(xWidths[i]!, lean) - place(value)));
  const overRight =
    lean > 0 ? [] : x.ticks.map(({ value }, i) => xWidths[i]! / 2 - (size.width - place(value)));
  const xWords = lean > 0 ? Math.max(0, ...xWidths) * Math.sin(lean) + tickSize : tickSize;
  const yLabel = y.axis.label ? labelSize + 8 : 0;
  return {
    left: Math.max(overLeft, yWidest + tickGap + 2 + yLabel),
    right: Math.max(2, ...overRight, bar),
    top: Math.max(4, tickSize / 2),
    bottom: tickGap + xWords + 4 + (x.axis.label ? labelSize + 8 : 0),
  };
}

/** How far the words of a tick reach to the left of it. */
const reach = (width: number, lean: number) => (lean > 0 ? width * Math.cos(lean) + 4 : width / 2);

function drawGrid({ x, y, width, height }: Layout, area: Box): string {
  const marks: string[] = [];
  const across = placer(x.axis, x.domain, width);
  const up = placer(y.axis, y.domain, height);
  if (y.axis.grid !== false && !y.axis.categories) {
    for (const { value, text } of y.ticks) {
      const at = area.y + height - up(value);
      marks.push(stroke(area.x, at, area.x + width, at, theme.grid, text === "" ? 0.6 : 1));
    }
  }
  if (x.axis.grid !== false && !x.axis.categories) {
    for (const { value, text } of x.ticks) {
      const at = area.x + across(value);
      marks.push(stroke(at, area.y, at, area.y + height, theme.grid, text === "" ? 0.6 : 1));
    }
  }
  return marks.join("");
}

function drawXAxis({ axis, domain, ticks, angle }: Ruled, area: Box, margins: Margins, pen: Pen): string {
  const place = placer(axis, domain, area.width);
  const foot = area.y + area.height;
  const marks = axis.line === false ? [] : [stroke(area.x, foot, area.x + area.width, foot, theme.axis)];
  for (const { value, text } of ticks) {
    if (text === "") continue;
    const x = area.x + place(value);
    const style = { size: tickSize, fill: theme.muted } as const;
    const y = foot + tickGap + tickSize;
    if (angle === 0) marks.push(pen.text(x, y, text, { ...style, anchor: "middle" }));
    else marks.push(pen.text(x + 4, y - 3, text, { ...style, anchor: "end", turn: angle }));
  }
  if (axis.label) {
    const label = fit(clean(axis.label), area.width + 20, labelSize);
    const y = foot + margins.bottom - 3;
    marks.push(pen.text(area.x + area.width / 2, y, label, { size: labelSize, anchor: "middle" }));
  }
  return marks.join("");
}

function drawYAxis({ axis, domain, ticks }: Ruled, area: Box, margins: Margins, pen: Pen): string {
  const place = placer(axis, domain, area.height);
  const marks = axis.line === false ? [] : [stroke(area.x, area.y, area.x, area.y + area.height, theme.axis)];
  for (const { value, text } of ticks) {
    if (text === "") continue;
    const y = area.y + area.height - place(value) + tickSize * 0.36;
    marks.push(pen.text(area.x - tickGap, y, text, { size: tickSize, fill: theme.muted, anchor: "end" }));
  }
  if (axis.label) {
    const label = fit(clean(axis.label), area.height + 20, labelSize);
    const x = area.x - margins.left + labelSize;
    marks.push(
      pen.text(x, area.y + area.height / 2, label, { size: labelSize, anchor: "middle", turn: -90 }),
    );
  }
  return marks.join("");
}
