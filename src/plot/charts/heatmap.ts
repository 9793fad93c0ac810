import { colorOf, isDark } from "../color.ts";
import type { ChartOptions, ColorMapName, Figure, Layer, Numbers } from "../figure.ts";
import { formatNumber } from "../scale.ts";
import { figureOf, words } from "../sheet.ts";
import { theme } from "../theme.ts";
import { checkLengths, count, matrixOf, rangeOf, symmetricRange, type Values } from "../values.ts";

export interface HeatmapOptions extends ChartOptions {
  /** Default: `viridis`, or `blueRed` around zero where values of both signs occur. */
  map?: ColorMapName;
  /** The values of the end colours. */
  domain?: readonly [number, number];
  rowNames?: readonly string[];
  columnNames?: readonly string[];
  xLabel?: string;
  yLabel?: string;
  valueLabel?: string;
  /** Write the values into the cells. Default: where there are at most 12 columns and 24 rows. */
  annotate?: boolean;
}

/**
 * A matrix as colours, its first row on top. Cells that are not finite stay grey.
 * Throws `ShapeError` where rows differ in length or names do not fit.
 */
export function heatmap(matrix: Values | readonly Numbers[], options: HeatmapOptions = {}): Figure {
  const { shape, data } = matrixOf("plot.heatmap", matrix);
  const [rows, columns] = shape as [number, number];
  const { rowNames, columnNames, xLabel, yLabel, valueLabel } = options;
  if (rowNames) checkLengths("plot.heatmap", { rowNames: rowNames.length, rows });
  if (columnNames) checkLengths("plot.heatmap", { columnNames: columnNames.length, columns });
  const range = rangeOf(data);
  const map = options.map ?? (range[0] < 0 && range[1] > 0 ? "blueRed" : "viridis");
  const domain = options.domain ?? (map === "blueRed" ? symmetricRange(data) : range);
  const scale = { map, domain };
  const width = options.width ?? 560;
  const layers: Layer[] = [];
  if (rows * columns > 0) {
    const raster = {
      rows,
      columns,
      values: Array.from(data, (v) => (Number.isFinite(v) ? v : Number.NaN)),
      scale,
    };
    layers.push({ kind: "raster", x: [-0.5, columns - 0.5], y: [-0.5, rows - 0.5], raster });
    if (options.annotate ?? (columns <= 12 && rows <= 24))
      layers.push(annotations(data, rows, columns, colorOf(scale, theme.missing)));
  }
  return figureOf(
    {
      kind: "axes",
      ...words(options),
      x: {
        ...(columnNames
          ? { categories: columnNames }
          : { integer: true, grid: false, domain: [-0.5, Math.max(1, columns) - 0.5] }),
        line: false,
        ...(xLabel ? { label: xLabel } : {}),
      },
      y: {
        ...(rowNames
          ? { categories: rowNames }
          : { integer: true, grid: false, domain: [-0.5, Math.max(1, rows) - 0.5] }),
        line: false,
        reverse: true,
        ...(yLabel ? { label: yLabel } : {}),
      },
      layers,
      equal: true,
      ...(rows * columns > 0 ? { colorBar: { scale, ...(valueLabel ? { label: valueLabel } : {}) } } : {}),
    },
    width,
    options.height ?? Math.round(Math.min(960, Math.max(240, (width - 150) * (rows / columns || 1) + 110))),
  );
}

function annotations(
  data: Numbers,
  rows: number,
  columns: number,
  color: (value: number) => readonly [number, number, number],
): Layer {
  const cells = count(rows * columns);
  const [low, high] = symmetricRange(data);
  const write = (value: number) =>
    high - low < 0.2 || high >= 1000 || !Number.isFinite(value)
      ? formatNumber(value, 2)
      : String(Number(value.toFixed(high < 10 ? 2 : high < 100 ? 1 : 0))).replace("-", "−");
  return {
    kind: "labels",
    x: cells.map((i) => i % columns),
    y: cells.map((i) => Math.floor(i / columns)),
    texts: cells.map((i) => write(data[i]!)),
    color: theme.ink,
    colors: cells.map((i) => (isDark(color(data[i]!)) ? "#ffffff" : theme.ink)),
    size: 11,
  };
}
