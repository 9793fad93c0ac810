/**
 * A figure as plain data: what is shown, not how it is drawn. Charts make figures; `renderSvg` and `renderPng` draw them.
 * A figure survives `structuredClone`, so that a worker can make it and a page draw it.
 *
 * A new kind of picture (a network, a graph) is a new member of `Panel` here and one file under `panels/`.
 */

/** A colour, written `#rrggbb`. */
export type Color = string;
/** Numbers in any array-like: an array, a typed array. */
export type Numbers = ArrayLike<number>;

export type Dash = "solid" | "dashed" | "dotted";
export type PointShape = "circle" | "square" | "triangle" | "diamond" | "cross";
/** Names of the colour maps: see `colorMaps`. */
export type ColorMapName = "grey" | "ink" | "viridis" | "blues" | "reds" | "blueRed";

/** How numbers become colours: `domain` is spread over the map, values beyond it take the end colours. */
export interface ColorScale {
  map: ColorMapName;
  domain: readonly [number, number];
}

/** A picture of `rows` × `columns` numbers, row by row: one channel through `scale`, or red, green, blue in 0–255. */
export interface Raster {
  rows: number;
  columns: number;
  values: Numbers;
  /** Left out: the values are interleaved red, green and blue. */
  scale?: ColorScale;
  /** Blend between the values instead of showing them as squares. */
  smooth?: boolean;
}

/** One axis. The domain, where it is not given, is that of the data. */
export interface Axis {
  label?: string;
  type?: "linear" | "log";
  domain?: readonly [number, number];
  /** Names at the positions 0, 1, 2, … instead of numbers. */
  categories?: readonly string[];
  /** Smallest values right or top. */
  reverse?: boolean;
  /** Make the domain reach zero. */
  zero?: boolean;
  /** Widen the domain to round numbers. */
  nice?: boolean;
  /** Room beyond the data, as a fraction of their range. */
  pad?: number;
  /** Ticks at whole numbers only. */
  integer?: boolean;
  /** Write 0.5 as 50 %. */
  percent?: boolean;
  grid?: boolean;
  /** Numbers along the axis, and the grid at them. */
  ticks?: boolean;
  /** The line along the axis. */
  line?: boolean;
}

/** A line through (x, y); it is broken where a value is not finite. */
export interface LineLayer {
  kind: "line";
  x: Numbers;
  y: Numbers;
  color: Color;
  width?: number;
  dash?: Dash;
  opacity?: number;
  /** Values that are not finite part the line on purpose: no note is made of them. */
  parted?: boolean;
  /** Shown in the legend. */
  name?: string;
}

/** The band between `low` and `high`. */
export interface AreaLayer {
  kind: "area";
  x: Numbers;
  low: Numbers;
  high: Numbers;
  color: Color;
  opacity?: number;
  name?: string;
}

/** Points; `colors`, one each, go before `color`. */
export interface PointsLayer {
  kind: "points";
  x: Numbers;
  y: Numbers;
  color: Color;
  colors?: readonly Color[];
  shape?: PointShape;
  /** In pixels. */
  radius?: number;
  opacity?: number;
  /** A thin line around each point, for points on a coloured ground. */
  outline?: Color;
  name?: string;
}

/** Rectangles from (x0, y0) to (x1, y1), drawn `gap` pixels smaller on each side. */
export interface RectsLayer {
  kind: "rects";
  x0: Numbers;
  x1: Numbers;
  y0: Numbers;
  y1: Numbers;
  color: Color;
  colors?: readonly Color[];
  gap?: number;
  opacity?: number;
  name?: string;
}

/** Lines from (x0, y0) to (x1, y1), such as the edges of a graph. */
export interface SegmentsLayer {
  kind: "segments";
  x0: Numbers;
  x1: Numbers;
  y0: Numbers;
  y1: Numbers;
  color: Color;
  /** In pixels, one for each; `width` for all. */
  widths?: Numbers;
  width?: number;
  opacity?: number;
  /** How far a line bends to its right, as a part of its length. Default 0. */
  bends?: Numbers;
  /** A head at the end, so many pixels before (x1, y1). */
  head?: number;
  name?: string;
}

/** A raster over x[0]–x[1] and y[0]–y[1]; its first row lies at y[0], its first column at x[0]. */
export interface RasterLayer {
  kind: "raster";
  x: readonly [number, number];
  y: readonly [number, number];
  raster: Raster;
}

/** A straight line over the whole panel at one x or one y. */
export interface RuleLayer {
  kind: "rule";
  x?: number;
  y?: number;
  color: Color;
  dash?: Dash;
  label?: string;
  /** The end of an upright rule at which its label stands. */
  labelAt?: "top" | "bottom";
}

/** Words or numbers at points of the panel. */
export interface LabelsLayer {
  kind: "labels";
  x: Numbers;
  y: Numbers;
  texts: readonly string[];
  color: Color;
  colors?: readonly Color[];
  /** In pixels. */
  size?: number;
  anchor?: "start" | "middle" | "end";
  /** Shift in pixels, right and down. */
  shift?: readonly [number, number];
}

export type Layer =
  | LineLayer
  | AreaLayer
  | PointsLayer
  | RectsLayer
  | SegmentsLayer
  | RasterLayer
  | RuleLayer
  | LabelsLayer;

/** The key of a colour scale. */
export interface ColorBar {
  scale: ColorScale;
  label?: string;
  percent?: boolean;
}

/** Words above a panel, and a remark below it. */
interface Headed {
  title?: string;
  subtitle?: string;
  note?: string;
}

/** Layers over a pair of axes. */
export interface AxesPanel extends Headed {
  kind: "axes";
  x: Axis;
  y: Axis;
  layers: readonly Layer[];
  colorBar?: ColorBar;
  /** One unit of x is as long as one unit of y. */
  equal?: boolean;
}

/** One picture of a `TilesPanel`, with lines of words below it. */
export interface Tile {
  raster: Raster;
  caption?: readonly string[];
  captionColor?: Color;
}

/** Small pictures in rows and columns. */
export interface TilesPanel extends Headed {
  kind: "tiles";
  tiles: readonly Tile[];
  columns: number;
  colorBar?: ColorBar;
}

/** A box with words. */
export interface DiagramBox {
  x: number;
  y: number;
  width: number;
  height: number;
  title: string;
  lines: readonly string[];
  color: Color;
}

/** Boxes, and arrows through points; drawn smaller where `extent`, in pixels, is larger than the panel. */
export interface DiagramPanel extends Headed {
  kind: "diagram";
  boxes: readonly DiagramBox[];
  links: readonly (readonly (readonly [number, number])[])[];
  extent: readonly [width: number, height: number];
}

/** Words alone, such as the title over several panels. */
export interface TextPanel extends Headed {
  kind: "text";
}

export type Panel = AxesPanel | TilesPanel | DiagramPanel | TextPanel;

/** A panel and its place in the figure, in pixels. */
export interface Placed {
  x: number;
  y: number;
  width: number;
  height: number;
  panel: Panel;
}

/** Panels on a sheet of `width` × `height` pixels (CSS pixels: a PNG may have more). */
export interface Figure {
  width: number;
  height: number;
  /** What a screen reader says. */
  description: string;
  panels: readonly Placed[];
}

/** Options that every chart takes. */
export interface ChartOptions {
  title?: string;
  subtitle?: string;
  /** In pixels. */
  width?: number;
  /** In pixels. */
  height?: number;
}
