/** The few shapes that panels are drawn with, as SVG. */
import type { Dash, PointShape, Raster } from "./figure.ts";
import { type Attributes, decimal, element, escapeMarkup } from "./markup.ts";
import { dataUri } from "./raster.ts";
import { clean } from "./text.ts";
import { theme } from "./theme.ts";

/** A rectangle of the figure, in pixels. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface TextStyle {
  size: number;
  fill?: string;
  bold?: boolean;
  anchor?: "start" | "middle" | "end";
  /** Degrees, clockwise, around the text's own point. */
  turn?: number;
  /** A white edge, for words over data. */
  halo?: boolean;
}

/** Draws text and pictures; what differs between a page and the rasteriser is settled here. */
export interface Pen {
  /** One line of text whose baseline starts, ends or is centred at (x, y). */
  text(x: number, y: number, text: string, style: TextStyle): string;
  /** A raster that fills the box, mirrored where asked. */
  image(box: Box, raster: Raster, flip?: { x: boolean; y: boolean }): string;
}

export interface PenOptions {
  /** The value of `image-rendering` that keeps squares square. */
  squares: "pixelated" | "optimizeSpeed";
  /** A last change to each text, for a renderer that lacks characters. */
  replace: (text: string) => string;
}

export function makePen(options: PenOptions): Pen {
  return {
    text(x, y, text, style) {
      const attributes: Attributes = {
        x,
        y,
        "font-size": style.size,
        "font-weight": style.bold ? 600 : undefined,
        fill: style.fill ?? theme.ink,
        "text-anchor": style.anchor === "start" ? undefined : style.anchor,
        transform: style.turn ? `rotate(${decimal(style.turn)} ${decimal(x)} ${decimal(y)})` : undefined,
        ...(style.halo ? halo : {}),
      };
      return element("text", attributes, escapeMarkup(options.replace(clean(text))));
    },
    image(box, raster, flip = { x: false, y: false }) {
      return element("image", {
        ...boxAttributes(box),
        preserveAspectRatio: "none",
        "image-rendering": raster.smooth ? undefined : options.squares,
        href: dataUri(raster, flip),
      });
    },
  };
}

const halo: Attributes = {
  stroke: theme.background,
  "stroke-width": 3,
  "stroke-linejoin": "round",
  "paint-order": "stroke",
};

export const boxAttributes = ({ x, y, width, height }: Box): Attributes => ({ x, y, width, height });

/** A straight line. */
export const stroke = (
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  color: string,
  width = 1,
  dash?: Dash,
) =>
  element("line", {
    x1,
    y1,
    x2,
    y2,
    stroke: color,
    "stroke-width": width,
    "stroke-dasharray": dashes[dash ?? "solid"],
  });

/** Lengths of strokes and gaps, in pixels. */
export const dashes: { readonly [K in Dash]: string | undefined } = {
  solid: undefined,
  dashed: "6 4",
  dotted: "1.5 3.5",
};

/** The outline of a point of radius r at (x, y); the shapes look equally large. */
export const outlines: { readonly [K in PointShape]: (x: number, y: number, r: number) => string } = {
  circle: (x, y, r) =>
    `M${at(x - r, y)}a${at(r, r)} 0 1 0 ${at(2 * r, 0)}a${at(r, r)} 0 1 0 ${at(-2 * r, 0)}z`,
  square: (x, y, r) => polygon(x, y, r * 0.89, [-1, -1, 1, -1, 1, 1, -1, 1]),
  triangle: (x, y, r) => polygon(x, y, r * 1.3, [0, -1, 0.9, 0.6, -0.9, 0.6]),
  diamond: (x, y, r) => polygon(x, y, r * 1.28, [0, -1, 1, 0, 0, 1, -1, 0]),
  cross: (x, y, r) =>
    polygon(
      x,
      y,
      r * 1.1,
      [
        -1, -0.6, -0.6, -1, 0, -0.4, 0.6, -1, 1, -0.6, 0.4, 0, 1, 0.6, 0.6, 1, 0, 0.4, -0.6, 1, -1, 0.6, -0.4,
        0,
      ],
    ),
};

const at = (x: number, y: number) => `${decimal(x)} ${decimal(y)}`;

function polygon(x: number, y: number, r: number, corners: readonly number[]): string {
  let path = "";
  for (let i = 0; i < corners.length; i += 2)
    path += `${i === 0 ? "M" : "L"}${at(x + r * corners[i]!, y + r * corners[i + 1]!)}`;
  return `${path}z`;
}
