/** Figure → SVG. */
import type { Figure } from "./figure.ts";
import { element, escapeMarkup } from "./markup.ts";
import { drawPanel } from "./panels/index.ts";
import { boxAttributes, makePen, type PenOptions } from "./pen.ts";
import { clean } from "./text.ts";
import { theme } from "./theme.ts";

/**
 * A figure as an SVG document: the same figure gives the same characters. Text stays text; strings of any content are
 * escaped. Nothing is fetched when it is shown, and there is no script and no style in it: a page with a strict
 * content-security policy can show it in line, if it allows `img-src data:` for rasters.
 */
export const renderSvg = (figure: Figure): string =>
  drawFigure(figure, { squares: "pixelated", replace: (text) => text });

/** The document, drawn for a given renderer. */
export function drawFigure(figure: Figure, options: PenOptions): string {
  const { width, height } = figure;
  const pen = makePen(options);
  const description = clean(figure.description);
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "font-family": theme.fontFamily,
  };
  return element("svg", attributes, [
    description === "" ? "" : element("title", {}, escapeMarkup(description)),
    element("rect", { ...boxAttributes({ x: 0, y: 0, width, height }), fill: theme.background }),
    ...figure.panels.map((placed) => drawPanel(placed.panel, placed, pen)),
  ]);
}
