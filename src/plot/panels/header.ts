/** What stands above a panel (title, subtitle, legend) and below it (a note). Each part wraps; none overlaps. */
import { element } from "../markup.ts";
import { type Box, dashes, outlines, type Pen, stroke } from "../pen.ts";
import { clean, fit, measure, wrap } from "../text.ts";
import { theme } from "../theme.ts";
import type { LegendItem } from "./layers.ts";

/** A part of a panel that has been drawn, and how much height it took. */
export interface Part {
  markup: string;
  height: number;
}

export interface Heading {
  title?: string;
  subtitle?: string;
  legend?: readonly LegendItem[];
}

/** The lines of a title and a subtitle, and the height that they take. */
function headingLines({ title, subtitle }: Heading, width: number) {
  const block = (text: string | undefined, size: number, bold: boolean, fill: string) =>
    text ? wrap(clean(text), width, size, 2, bold).map((line) => ({ line, size, bold, fill })) : [];
  return [
    ...block(title, theme.titleSize, true, theme.ink),
    ...block(subtitle, theme.subtitleSize, false, theme.muted),
  ];
}

/** Pixels that a title and a subtitle take above a panel of this width. */
export function headingHeight(heading: Heading, width: number): number {
  const lines = headingLines(heading, width);
  return Math.ceil(lines.reduce((sum, { size }) => sum + size * theme.leading, lines.length > 0 ? 6 : 0));
}

export function drawHeader(heading: Heading, box: Box, pen: Pen): Part {
  const marks: string[] = [];
  let y = box.y;
  for (const { line, size, bold, fill } of headingLines(heading, box.width)) {
    marks.push(pen.text(box.x, y + size, line, { size, bold, fill }));
    y += size * theme.leading;
  }
  y = box.y + headingHeight(heading, box.width);
  if (heading.legend && heading.legend.length > 0) {
    const legend = drawLegend(heading.legend, { ...box, y }, pen);
    marks.push(legend.markup);
    y += legend.height + 6;
  }
  return { markup: marks.join(""), height: y - box.y };
}

const swatchWidth = 20;
const rowsAtMost = 4;

/** The names of the layers, each once, in rows; what does not fit into four rows is counted. */
function drawLegend(items: readonly LegendItem[], box: Box, pen: Pen): Part {
  const size = theme.legendSize;
  const lineHeight = size * 1.55;
  const marks: string[] = [];
  let [x, row] = [0, 0];
  for (const [i, item] of items.entries()) {
    const name = fit(clean(item.name), Math.min(box.width - swatchWidth - 6, 260), size);
    const width = swatchWidth + 6 + measure(name, size);
    if (x > 0 && x + width > box.width) [x, row] = [0, row + 1];
    const baseline = box.y + row * lineHeight + size;
    if (row === rowsAtMost - 1 && i < items.length - 1 && x + width + 90 > box.width) {
      marks.push(pen.text(box.x + x, baseline, `and ${items.length - i} more`, { size, fill: theme.muted }));
      break;
    }
    marks.push(swatch(item, box.x + x, baseline - size * 0.36));
    marks.push(pen.text(box.x + x + swatchWidth + 6, baseline, name, { size }));
    x += width + 18;
  }
  return { markup: marks.join(""), height: (row + 1) * lineHeight };
}

function swatch({ swatch, color, opacity }: LegendItem, x: number, y: number): string {
  if (swatch === "box") {
    const box = { x: x + 4, y: y - 5.5, width: 12, height: 11, rx: 2 };
    return element("rect", {
      ...box,
      fill: color,
      "fill-opacity": opacity === undefined ? undefined : Math.max(0.35, opacity),
    });
  }
  if (swatch === "line" || swatch in dashes) {
    return stroke(
      x,
      y,
      x + swatchWidth,
      y,
      color,
      2.2,
      swatch === "line" ? "solid" : (swatch as "dashed" | "dotted"),
    );
  }
  return element("path", {
    d: outlines[swatch as keyof typeof outlines](x + swatchWidth / 2, y, 4.5),
    fill: color,
  });
}

/** A remark at the foot of the box. */
export function drawNote(note: string | undefined, box: Box, pen: Pen): Part {
  if (!note) return { markup: "", height: 0 };
  const size = theme.noteSize;
  const lines = wrap(clean(note), box.width, size, 2);
  const height = lines.length * size * theme.leading + 4;
  const top = box.y + box.height - height + 4;
  const marks = lines.map((line, i) =>
    pen.text(box.x, top + size * (1 + i * theme.leading), line, { size, fill: theme.muted }),
  );
  return { markup: marks.join(""), height };
}
