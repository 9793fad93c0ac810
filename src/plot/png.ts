/** Figure → PNG: SVG as the rasteriser takes it, and that rasterised. */
import { LimitError, UsageError } from "../ir/errors.ts";
import type { Figure } from "./figure.ts";
import { type RasteriseOptions, rasterise } from "./rasterise.ts";
import { drawFigure } from "./svg.ts";
import { hasGlyph } from "./text.ts";

export interface PngOptions extends RasteriseOptions {}

/** Pixels that a picture may have. */
const most = 67_108_864;

/**
 * A figure as the bytes of a PNG file. Characters that no font has are drawn as an open box. Throws `UsageError` for a
 * scale that is not positive, `LimitError` beyond 2²⁶ pixels, `UnsupportedError` where the rasteriser is not installed.
 */
export async function renderPng(figure: Figure, options: PngOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  return await rasterise(svgForPng(figure, options), options);
}

/** The SVG that `rasterise` makes a figure's PNG of. Throws as `renderPng` does. */
export function svgForPng(figure: Figure, { scale = 2, fonts = [] }: PngOptions = {}): string {
  checkScale(figure, scale);
  const replace = fonts.length > 0 ? (text: string) => text : withBoxes;
  return drawFigure(figure, { squares: "optimizeSpeed", replace });
}

const withBoxes = (text: string) => Array.from(text, (c) => (hasGlyph(c) ? c : "□")).join("");

function checkScale({ width, height }: Figure, scale: number): void {
  if (!(scale > 0 && Number.isFinite(scale))) {
    throw new UsageError({
      where: "plot.renderPng",
      problem: "the scale makes no sense",
      expected: "a positive number",
      got: String(scale),
      try: "renderPng(figure, { scale: 2 })",
    });
  }
  const pixels = width * height * scale * scale;
  if (pixels <= most && width * scale >= 1 && height * scale >= 1) return;
  throw new LimitError({
    where: "plot.renderPng",
    problem: "the picture would have too many pixels, or none",
    expected: `1 to ${most} pixels`,
    got: `${Math.round(width * scale)} × ${Math.round(height * scale)}`,
    try: "take another scale, or write the SVG",
  });
}
