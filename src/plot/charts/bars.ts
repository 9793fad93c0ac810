import { UsageError } from "../../ir/errors.ts";
import { categoryColor } from "../color.ts";
import type { Axis, ChartOptions, Figure, LabelsLayer, Layer, Numbers } from "../figure.ts";
import { formatNumber, formatPercent } from "../scale.ts";
import { figureOf, words } from "../sheet.ts";
import { measure } from "../text.ts";
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
  /** Write the value at the end of each bar. Default: where there is room. */
  annotate?: boolean;
}

/** The bars of one name take so much of the room between two names. */
const filled = 0.76;

/**
 * Bars from zero. Bars of values that are not finite are left out.
 * Throws `ShapeError` where a series and the names differ in length, `UsageError` where there is no series.
 */
export function bars(data: BarsData, options: BarsOptions = {}): Figure {
  const series = seriesOf(data);
  const { names } = data;
  const { horizontal = false, label } = options;
  const width = options.width ?? 640;
  const height =
    options.height ?? (horizontal ? Math.max(160, 90 + names.length * (14 + 14 * series.length)) : 400);
  const write = (value: number) => (options.percent ? formatPercent(value, 1) : formatNumber(value, 3));
  const texts = series.map(([, values]) => Array.from(values, write));
  const thickness = filled / series.length;
  const room = (thickness * (horizontal ? height - 90 : width - 100)) / Math.max(1, names.length);
  const widest = Math.max(0, ...texts.flat().map((text) => measure(text, theme.noteSize)));
  const annotate = options.annotate ?? (horizontal ? theme.noteSize : widest) < room;
  const layers = series.flatMap(([name, values], s): Layer[] => {
    const start = count(names.length).map((i) => i - filled / 2 + s * thickness);
    const end = start.map((at) => at + thickness);
    const zeros = start.map(() => 0);
    const [x0, x1, y0, y1] = horizontal ? [zeros, values, start, end] : [start, end, zeros, values];
    const bar: Layer = { kind: "rects", x0, x1, y0, y1, color: categoryColor(s), ...(name ? { name } : {}) };
    const middle = start.map((at) => at + thickness / 2);
    return annotate ? [bar, ...endLabels(middle, values, texts[s]!, horizontal)] : [bar];
  });
  const across: Axis = { categories: names, ...(horizontal ? { reverse: true } : {}) };
  const along: Axis = {
    zero: true,
    nice: !annotate,
    pad: annotate ? (horizontal ? 0.12 : 0.08) : 0,
    percent: options.percent ?? false,
    line: false,
    ...(label ? { label } : {}),
  };
  const [x, y] = horizontal ? [along, across] : [across, along];
  return figureOf({ kind: "axes", ...words(options), x, y, layers }, width, height);
}

/** The values beyond the ends of their bars: those of negative ones on the other side. */
function endLabels(
  middle: readonly number[],
  values: Numbers,
  texts: readonly string[],
  horizontal: boolean,
): LabelsLayer[] {
  return [1, -1].map((sign) => {
    const members = count(texts.length).filter((i) => values[i]! < 0 === sign < 0);
    const ends = members.map((i) => values[i]!);
    const at = members.map((i) => middle[i]!);
    return {
      kind: "labels",
      x: horizontal ? ends : at,
      y: horizontal ? at : ends,
      texts: members.map((i) => texts[i]!),
      color: theme.muted,
      anchor: horizontal ? (sign > 0 ? "start" : "end") : "middle",
      shift: horizontal ? [5 * sign, 0] : [0, -9 * sign],
    };
  });
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
