import type {
  ChartOptions,
  Color,
  ColorBar,
  ColorMapName,
  Figure,
  Numbers,
  Raster,
  Tile,
} from "../figure.ts";
import { colorBarWidth } from "../panels/color-bar.ts";
import { headingHeight } from "../panels/header.ts";
import { captionHeight, tileGap } from "../panels/tiles.ts";
import { figureOf, margin, words } from "../sheet.ts";
import { measure, wrap } from "../text.ts";
import { theme } from "../theme.ts";
import { checkLengths, rangeOf } from "../values.ts";

/** An image of `height` × `width` grey values, or of red, green and blue in 0–255 with `channels: 3`. */
export interface GridImage {
  pixels: Numbers;
  height: number;
  width: number;
  channels?: 1 | 3;
  /** A line or more below the image, such as "true 4, read 9 (0.83)". */
  caption?: string | readonly string[];
  /** Colour of the caption. */
  tone?: "plain" | "good" | "bad";
}

export interface ImageGridOptions extends ChartOptions {
  columns?: number;
  /** Width of an image in pixels. Default 84. */
  tileSize?: number;
  /** Default grey: the largest value is white. `ink` is its reverse. */
  map?: ColorMapName;
  /** The values of the end colours. Default: 0 and 255 for bytes and for values beyond 1, else 0 and 1. */
  range?: readonly [number, number];
  note?: string;
}

const tones: Readonly<Record<NonNullable<GridImage["tone"]>, Color>> = {
  plain: theme.muted,
  good: theme.good,
  bad: theme.bad,
};

/** Images in rows and columns, with captions. Throws `ShapeError` where pixels do not fill an image. */
export function imageGrid(images: readonly GridImage[], options: ImageGridOptions = {}): Figure {
  const tiles = images.map((image): Tile => {
    const { pixels, height: rows, width: columns, channels = 1, caption, tone = "plain" } = image;
    checkLengths("plot.imageGrid", {
      "height × width × channels": rows * columns * channels,
      pixels: pixels.length,
    });
    const domain = options.range ?? usualRange(pixels);
    const scale = channels === 1 ? { scale: { map: options.map ?? "grey", domain } } : {};
    const raster: Raster = { rows, columns, values: pixels, ...scale };
    const lines = caption === undefined ? [] : typeof caption === "string" ? [caption] : caption;
    return { raster, caption: lines, captionColor: tones[tone] };
  });
  return tilesFigure(tiles, { ...options, tileSize: options.tileSize ?? 84 });
}

function usualRange(pixels: Numbers): readonly [number, number] {
  const [low, high] = rangeOf(pixels);
  if (pixels instanceof Uint8Array || pixels instanceof Uint8ClampedArray) return [0, 255];
  if (low < 0) return [low, high];
  return high > 1 ? [0, Math.max(255, high)] : [0, 1];
}

/** A few more columns than rows, and full rows where a number of at most 8 columns gives them. */
function evenColumns(tiles: number): number {
  const wanted = Math.min(8, Math.max(1, Math.ceil(Math.sqrt(tiles * 1.6))));
  const even = [0, 1, 2, -1, 3].map((more) => wanted + more);
  return even.find((columns) => columns >= 1 && columns <= 8 && tiles % columns === 0) ?? wanted;
}

/** A figure of tiles that is as large as they need; used by every chart of small pictures. */
export function tilesFigure(
  tiles: readonly Tile[],
  options: ChartOptions & { columns?: number; tileSize: number; colorBar?: ColorBar; note?: string },
): Figure {
  const { tileSize: size, colorBar, note } = options;
  const columns = options.columns ?? evenColumns(tiles.length);
  const rows = Math.max(1, Math.ceil(tiles.length / columns));
  const aspect = Math.max(0, ...tiles.map(({ raster }) => raster.rows / raster.columns)) || 1;
  const lines = Math.max(0, ...tiles.map((tile) => tile.caption?.length ?? 0));
  const high = rows * (size * aspect + captionHeight(lines) + tileGap) - tileGap;
  const wide = columns * (size + tileGap) - tileGap + colorBarWidth(colorBar, high);
  const heading = Math.min(560, measure(options.title ?? "", theme.titleSize, true) + 2);
  const width = options.width ?? Math.ceil(Math.max(wide, heading, 240) + 2 * margin);
  const inner = width - 2 * margin;
  const foot = note ? wrap(note, inner, theme.noteSize, 2).length * theme.noteSize * theme.leading + 4 : 0;
  const height = options.height ?? Math.ceil(high + headingHeight(options, inner) + foot + 2 * margin + 2);
  return figureOf(
    {
      kind: "tiles",
      ...words(options),
      tiles,
      columns,
      ...(colorBar ? { colorBar } : {}),
      ...(note ? { note } : {}),
    },
    width,
    height,
  );
}
