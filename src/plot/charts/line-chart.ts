import { categoryColor } from "../color.ts";
import type { ChartOptions, Dash, Figure, Layer, Numbers } from "../figure.ts";
import { figureOf, words } from "../sheet.ts";
import { checkLengths, count } from "../values.ts";

/** One line of a chart; x counts from 0 where it is left out; `low` and `high` bound a band around the line. */
export interface LineSeries {
  name?: string;
  x?: Numbers;
  y: Numbers;
  low?: Numbers;
  high?: Numbers;
  dash?: Dash;
}

export interface LineChartOptions extends ChartOptions {
  xLabel?: string;
  yLabel?: string;
  xLog?: boolean;
  yLog?: boolean;
  xDomain?: readonly [number, number];
  yDomain?: readonly [number, number];
  /** Show zero on the y axis. */
  yZero?: boolean;
}

/**
 * Lines over a common x. Values that are not finite break a line.
 * Throws `ShapeError` where x and y of a series differ in length.
 */
export function lineChart(series: readonly LineSeries[], options: LineChartOptions = {}): Figure {
  const layers: Layer[] = [];
  for (const [i, { name, x: given, y, low, high, dash = "solid" }] of series.entries()) {
    const x = given ?? count(y.length);
    checkLengths("plot.lineChart", { x: x.length, y: y.length });
    const color = categoryColor(i);
    if (low && high) {
      checkLengths("plot.lineChart", { x: x.length, low: low.length, high: high.length });
      layers.push({ kind: "area", x, low, high, color });
    }
    layers.push({ kind: "line", x, y, color, dash, ...(name === undefined ? {} : { name }) });
  }
  const { xLabel, yLabel, xDomain, yDomain } = options;
  return figureOf(
    {
      kind: "axes",
      ...words(options),
      x: {
        type: options.xLog ? "log" : "linear",
        ...(xLabel ? { label: xLabel } : {}),
        ...(xDomain ? { domain: xDomain } : {}),
      },
      y: {
        type: options.yLog ? "log" : "linear",
        nice: true,
        zero: options.yZero ?? false,
        ...(yLabel ? { label: yLabel } : {}),
        ...(yDomain ? { domain: yDomain } : {}),
      },
      layers,
    },
    options.width ?? 640,
    options.height ?? 400,
  );
}
