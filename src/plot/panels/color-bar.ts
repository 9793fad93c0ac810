/** The key of a colour scale: an upright bar with ticks at its right. */
import type { ColorBar, Raster } from "../figure.ts";
import { element } from "../markup.ts";
import { type Box, boxAttributes, type Pen, stroke } from "../pen.ts";
import { placer, type Tick, ticksOf } from "../scale.ts";
import { clean, fit, measure } from "../text.ts";
import { theme } from "../theme.ts";

const barWidth = 12;
const gap = 14;
const steps = 128;

/** Pixels that the bar, its ticks and its label take beside a panel of this height. */
export function colorBarWidth(bar: ColorBar | undefined, height: number): number {
  if (!bar) return 0;
  const widest = Math.max(0, ...barTicks(bar, height).map(({ text }) => measure(text, theme.tickSize)));
  return gap + barWidth + 7 + widest + (bar.label ? theme.labelSize + 8 : 0);
}

/** Draws the bar at the left edge of the box, after the gap. */
export function drawColorBar(bar: ColorBar, box: Box, pen: Pen): string {
  const [low, high] = bar.scale.domain;
  const values = Array.from({ length: steps }, (_, i) => high + ((low - high) * i) / (steps - 1));
  const raster: Raster = { rows: steps, columns: 1, values, scale: bar.scale, smooth: true };
  const area = { x: box.x + gap, y: box.y, width: barWidth, height: box.height };
  const marks = [
    pen.image(area, raster),
    element("rect", { ...boxAttributes(area), fill: "none", stroke: theme.axis, "stroke-width": 0.75 }),
  ];
  const place = placer({}, low < high ? [low, high] : [low - 1, low + 1], box.height);
  const ticks = barTicks(bar, box.height);
  for (const { value, text } of ticks) {
    const y = box.y + box.height - place(value);
    const x = area.x + barWidth;
    marks.push(stroke(x, y, x + 4, y, theme.axis));
    marks.push(pen.text(x + 7, y + theme.tickSize * 0.36, text, { size: theme.tickSize, fill: theme.muted }));
  }
  if (bar.label) {
    const x = box.x + colorBarWidth(bar, box.height) - 2;
    const label = fit(clean(bar.label), Math.max(60, box.height), theme.labelSize);
    marks.push(
      pen.text(x, box.y + box.height / 2, label, { size: theme.labelSize, anchor: "middle", turn: -90 }),
    );
  }
  return marks.join("");
}

function barTicks({ scale, percent }: ColorBar, height: number): Tick[] {
  const [low, high] = scale.domain;
  const axis = percent ? { percent } : {};
  return low < high
    ? ticksOf(axis, [low, high], Math.min(8, Math.max(2, height / 50)))
    : ticksOf({}, [low - 1, low + 1], 2).filter(({ value }) => value === low);
}
