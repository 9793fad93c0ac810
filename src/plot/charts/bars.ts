import { UsageError } from "../../ir/errors.ts";
import { categoryColor } from "../color.ts";
import {
  type Axis,
  type ChartOptions,
  type Figure,
  figureOf,
  type Layer,
  type Numbers,
  words,
} from "../figure.ts";
import { formatNumber, formatPercent } from "../scale.ts";
import { theme } from "../theme.ts";
import { checkLengths, count } from "../values.ts";

/** Names and a bar for each, or several bars for each by name of series. */
export interface BarsData {
  names: readonly string[];
  values: Numbers | Readonly<Record<string, Numbers>>;
}

export interface BarsOptions extends ChartOptions {
  label?: string;
  /** Bars to the right: for long names. */
  horizontal?: boolean;
  /** Write 0.5 as 50 %. */
  percent?: boolean;
  /** Write the value at the end of each bar. Default: where there are at most 24 bars. */
  annotate?: boolean;
}

/**
 * Bars from zero. Bars of values that are not finite are left out.
 * Throws `ShapeError` where a series and the names differ in length, `UsageError` where there is no series.
 */
export function bars(data: BarsData, options: BarsOptions = {}): Figure {
  const series = seriesOf(data);
  const { horizontal = false, label } = options;
  const thickness = 0.76 / series.length;
  const annotate = options.annotate ?? data.names.length * series.length <= 24;
  const layers = series.flatMap(([name, values], s): Layer[] => {
    const start = count(data.names.length).map((i) => i - 0.38 + s * thickness);
    const end = start.map((at) => at + thickness);
    const zeros = start.map(() => 0);
    const middle = start.map((at) => at + thickness / 2);
    const [x0, x1, y0, y1] = horizontal ? [zeros, values, start, end] : [start, end, zeros, values];
    const bar: Layer = { kind: "rects", x0, x1, y0, y1, color: categoryColor(s), ...(name ? { name } : {}) };
    if (!annotate) return [bar];
    const texts = Array.from(values, (value) =>
      options.percent ? formatPercent(value, 1) : formatNumber(value, 3),
    );
    const [x, y] = horizontal ? [values, middle] : [middle, values];
    const shift = horizontal ? ([5, 0] as const) : ([0, -9] as const);
    return [
      bar,
      { kind: "labels", x, y, texts, color: theme.muted, anchor: horizontal ? "start" : "middle", shift },
    ];
  });
  const names: Axis = { categories: data.names, ...(horizontal ? { reverse: true } : {}) };
  const value: Axis = {
    zero: true,
    nice: !annotate,
    pad: annotate ? (horizontal ? 0.12 : 0.08) : 0,
    percent: options.percent ?? false,
    line: false,
    ...(label ? { label } : {}),
  };
  const [x, y] = horizontal ? [value, names] : [names, value];
  const height =
    options.height ?? (horizontal ? Math.max(160, 90 + data.names.length * (14 + 14 * series.length)) : 400);
  return figureOf({ kind: "axes", ...words(options), x, y, layers }, options.width ?? 640, height);
}

function seriesOf({ names, values }: BarsData): (readonly [string, Numbers])[] {
  const single = typeof values.length === "number";
  const series = single
    ? [["", values as Numbers] as const]
    : Object.entries(values as Record<string, Numbers>);
  if (series.length === 0) {
    throw new UsageError({
      where: "plot.bars",
      problem: "there is no series",
      expected: "an array of values, or arrays by name",
      got: "{}",
      try: "bars({ names, values: [1, 2, 3] })",
    });
  }
  for (const [name, list] of series) {
    checkLengths("plot.bars", { names: names.length, [name || "values"]: list.length });
  }
  return series;
}
