import type { ChartOptions, ColorMapName, Figure, Tile } from "../figure.ts";
import { checkValues, count, rangeOf, type Values } from "../values.ts";
import { tilesFigure } from "./image-grid.ts";

export interface FeatureMapsOptions extends ChartOptions {
  columns?: number;
  /** Show at most so many channels. Default 64. */
  most?: number;
  /** Width of a channel in pixels. Default 84. */
  tileSize?: number;
  map?: ColorMapName;
  /** Spread the colours over each channel on its own instead of over all of them. */
  perChannel?: boolean;
}

/** The channels of one activation, [height, width, channels], as pictures. Throws `ShapeError` for another rank. */
export function featureMaps(activation: Values, options: FeatureMapsOptions = {}): Figure {
  checkValues("plot.featureMaps", activation, ["height", "width", "channels"]);
  const [rows, columns, channels] = activation.shape as [number, number, number];
  const map = options.map ?? "viridis";
  const shown = rows * columns === 0 ? 0 : Math.min(channels, options.most ?? 64);
  const common = rangeOf(activation.data);
  const tiles = count(shown).map((channel): Tile => {
    const values = count(rows * columns).map((i) => activation.data[i * channels + channel]!);
    const domain = options.perChannel ? rangeOf(values) : common;
    return { raster: { rows, columns, values, scale: { map, domain } }, caption: [`${channel}`] };
  });
  return tilesFigure(tiles, {
    ...options,
    title: options.title ?? "Feature maps",
    subtitle: options.subtitle ?? `${channels} channels of ${rows} × ${columns}`,
    tileSize: options.tileSize ?? 84,
    ...(options.perChannel ? {} : { colorBar: { scale: { map, domain: common }, label: "activation" } }),
    ...(shown < channels ? { note: `Shown: the first ${shown} of ${channels} channels.` } : {}),
  });
}
