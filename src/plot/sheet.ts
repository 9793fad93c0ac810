/** Puts panels on sheets: one panel with a margin, or several figures side by side. */
import { UsageError } from "../ir/errors.ts";
import type { Figure, Panel, Placed, TextPanel } from "./figure.ts";
import { headingHeight } from "./panels/header.ts";

/** Pixels around a panel. */
export const margin = 16;
const largest = 20_000;

/** A figure of one panel with a margin around it. Throws `UsageError` where the size is not one. */
export function figureOf(panel: Panel, width: number, height: number): Figure {
  checkSize(width, height);
  const description = [panel.title, panel.subtitle].filter(Boolean).join(". ");
  const inner = { width: Math.max(1, width - 2 * margin), height: Math.max(1, height - 2 * margin) };
  return { width, height, description, panels: [{ x: margin, y: margin, ...inner, panel }] };
}

/**
 * Several figures on one sheet, row by row in equal columns; each row is as high as its highest figure.
 * Throws `UsageError` for a number of columns that is not a positive whole number.
 */
export function grid(
  figures: readonly Figure[],
  options: { columns?: number; title?: string; subtitle?: string } = {},
): Figure {
  const columns = options.columns ?? Math.max(1, Math.ceil(Math.sqrt(figures.length)));
  if (!Number.isInteger(columns) || columns < 1) {
    throw new UsageError({
      where: "plot.grid",
      problem: "the number of columns makes no sense",
      expected: "a positive whole number",
      got: String(columns),
      try: "grid(figures, { columns: 2 })",
    });
  }
  const cell = Math.max(1, ...figures.map((figure) => figure.width));
  const used = Math.min(columns, Math.max(1, figures.length));
  const width = cell * used;
  const heading = headingHeight(options, width - 2 * margin);
  const panels: Placed[] = [];
  if (heading > 0) {
    const panel: TextPanel = { kind: "text", ...words(options) };
    panels.push({ x: margin, y: margin, width: width - 2 * margin, height: heading, panel });
  }
  let top = heading > 0 ? heading + margin : 0;
  for (let first = 0; first < figures.length; first += columns) {
    const row = figures.slice(first, first + columns);
    row.forEach((figure, column) => {
      for (const placed of figure.panels) {
        panels.push({ ...placed, x: placed.x + column * cell, y: placed.y + top });
      }
    });
    top += Math.max(...row.map((figure) => figure.height));
  }
  const height = Math.max(top, margin);
  checkSize(width, height);
  const description = [options.title, ...figures.map((figure) => figure.description)]
    .filter(Boolean)
    .join(". ");
  return { width, height, description, panels };
}

/** The title and subtitle that were given, and no others. */
export function words(options: { title?: string; subtitle?: string }): { title?: string; subtitle?: string } {
  const { title, subtitle } = options;
  return { ...(title ? { title } : {}), ...(subtitle ? { subtitle } : {}) };
}

function checkSize(width: number, height: number): void {
  for (const size of [width, height]) {
    if (size >= 1 && size <= largest) continue;
    throw new UsageError({
      where: "plot",
      problem: "the size of a figure is out of range",
      expected: `a width and a height of 1 to ${largest} pixels`,
      got: `${width} × ${height}`,
      try: "leave width and height out, or show fewer panels",
    });
  }
}
