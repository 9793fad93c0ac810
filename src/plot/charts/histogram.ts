import { UsageError } from "../../ir/errors.ts";
import { categoryColor } from "../color.ts";
import type { ChartOptions, Figure, Numbers, RectsLayer } from "../figure.ts";
import { drawable, extentOf } from "../scale.ts";
import { figureOf, words } from "../sheet.ts";
import { count } from "../values.ts";

export interface HistogramOptions extends ChartOptions {
  /** Number of bins. Default: NumPy's "auto", the larger of Freedman–Diaconis' and Sturges' choice, at most 200. */
  bins?: number;
  /** Values beyond it are not counted. Default: that of the data. */
  range?: readonly [number, number];
  /** Scale each series to an area of 1. */
  density?: boolean;
  xLabel?: string;
  yLog?: boolean;
}

/**
 * How often values fall into bins of equal width (the last one closed), for one array or several by name.
 * Values that are not finite are not counted; the note below says how many. Throws `UsageError` for bins that are not a
 * positive whole number.
 */
export function histogram(
  data: Numbers | Readonly<Record<string, Numbers>>,
  options: HistogramOptions = {},
): Figure {
  const single = typeof data.length === "number";
  const series = single ? [["", data as Numbers] as const] : Object.entries(data as Record<string, Numbers>);
  const all = series.map(([, values]) => values);
  const range = options.range ?? spread(extentOf(all));
  const bins = options.bins ?? Math.max(1, ...all.map((values) => autoBins(values, range)));
  if (!Number.isInteger(bins) || bins < 1 || bins > 10_000) {
    throw new UsageError({
      where: "plot.histogram",
      problem: "the number of bins makes no sense",
      expected: "a whole number of 1 to 10,000",
      got: String(bins),
      try: "leave bins out to have it chosen",
    });
  }
  const layers = series.map(([name, values], s): RectsLayer => {
    const bars = binRects(values, range, bins, options);
    const opacity = series.length > 1 ? 0.55 : 0.9;
    const gap = bins > 80 ? 0 : 0.5;
    return { kind: "rects", ...bars, color: categoryColor(s), opacity, gap, ...(name ? { name } : {}) };
  });
  const extent = extentOf(
    layers.flatMap(({ y0, y1 }) => [y0, y1]),
    true,
  );
  const domain = extent && ([extent[0], extent[1] * 1.3] as const);
  const lost = all.reduce((sum, values) => sum + Array.from(values).filter((v) => !drawable(v)).length, 0);
  return figureOf(
    {
      kind: "axes",
      ...words(options),
      ...(lost > 0
        ? { note: `${lost} ${lost === 1 ? "value is" : "values are"} not finite and not counted` }
        : {}),
      x: { domain: range, grid: false, ...(options.xLabel ? { label: options.xLabel } : {}) },
      y: {
        label: options.density ? "density" : "count",
        ...(options.yLog ? { type: "log", ...(domain ? { domain } : {}) } : { zero: true, nice: true }),
      },
      layers: all.some((values) => extentOf([values])) ? layers : [],
    },
    options.width ?? 640,
    options.height ?? 400,
  );
}

const spread = (extent: readonly [number, number] | null): readonly [number, number] => {
  const [low, high] = extent ?? [0, 1];
  if (high > low) return [low, high];
  const room = Math.abs(low) * 0.1 || 0.5;
  return [low - room, high + room];
};

/** The bars of the bins that hold any values; on a logarithmic scale they start at half a count. */
function binRects(
  values: Numbers,
  range: readonly [number, number],
  bins: number,
  options: HistogramOptions,
): Pick<RectsLayer, "x0" | "x1" | "y0" | "y1"> {
  const step = (range[1] - range[0]) / bins;
  const counts = countInBins(values, range, bins);
  const total = counts.reduce((a, b) => a + b, 0) || 1;
  const unit = options.density ? 1 / total / step : 1;
  const filled = count(bins).filter((i) => counts[i]! > 0);
  return {
    x0: filled.map((i) => range[0] + i * step),
    x1: filled.map((i) => range[0] + (i + 1) * step),
    y0: filled.map(() => (options.yLog ? unit / 2 : 0)),
    y1: filled.map((i) => counts[i]! * unit),
  };
}

function countInBins(values: Numbers, [low, high]: readonly [number, number], bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value >= low && value <= high)
      counts[Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins))]!++;
  }
  return counts;
}

/** `numpy.histogram_bin_edges(…, "auto")`. */
function autoBins(values: Numbers, [low, high]: readonly [number, number]): number {
  const sorted = Float64Array.from(
    Array.from(values).filter((value) => value >= low && value <= high),
  ).sort();
  const n = sorted.length;
  if (n === 0) return 1;
  const quantile = (q: number) => {
    const at = q * (n - 1);
    const i = Math.floor(at);
    return sorted[i]! + (at - i) * (sorted[Math.min(n - 1, i + 1)]! - sorted[i]!);
  };
  const width = (2 * (quantile(0.75) - quantile(0.25))) / Math.cbrt(n);
  const sturges = Math.ceil(Math.log2(n) + 1);
  return Math.min(200, Math.max(sturges, width > 0 ? Math.ceil((high - low) / width) : 1));
}
