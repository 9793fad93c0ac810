import type { ChartOptions, Figure, Tile } from "../figure.ts";
import { checkValues, count, symmetricRange, type Values } from "../values.ts";
import { tilesFigure } from "./image-grid.ts";

export interface FiltersOptions extends ChartOptions {
  /** Show at most so many filters, and so many input channels of each. Default 64 and 8. */
  most?: number;
  mostInputs?: number;
  /** Width of a kernel in pixels. Default 56. */
  tileSize?: number;
}

/**
 * The kernels of a two-dimensional convolution, [height, width, inputs, filters] as Keras keeps them: blue is negative,
 * red positive, white zero, on one scale. With one input channel the filters fill a grid; with several, a row is an
 * input channel and a column a filter. Throws `ShapeError` for another rank.
 */
export function filters(kernel: Values, options: FiltersOptions = {}): Figure {
  checkValues("plot.filters", kernel, ["height", "width", "inputs", "filters"]);
  const [rows, columns, inputs, outputs] = kernel.shape as [number, number, number, number];
  const shown = {
    inputs: Math.min(inputs, options.mostInputs ?? 8),
    filters: Math.min(outputs, options.most ?? 64),
  };
  const perRow = inputs > 1 ? Math.min(shown.filters, 16) : 0;
  if (inputs > 1) shown.filters = perRow;
  const scale = { map: "blueRed", domain: symmetricRange(kernel.data) } as const;
  const tiles: Tile[] = [];
  if (rows * columns > 0) {
    for (const input of count(shown.inputs)) {
      for (const filter of count(shown.filters)) {
        const values = count(rows * columns).map(
          (i) => kernel.data[(i * inputs + input) * outputs + filter]!,
        );
        const caption = inputs === 1 ? [`${filter}`] : [`${input} → ${filter}`];
        tiles.push({ raster: { rows, columns, values, scale }, caption });
      }
    }
  }
  const parts = [
    shown.filters < outputs ? `${shown.filters} of ${outputs} filters` : "",
    shown.inputs < inputs ? `${shown.inputs} of ${inputs} input channels` : "",
  ].filter(Boolean);
  return tilesFigure(tiles, {
    ...options,
    title: options.title ?? "Convolution kernels",
    subtitle: options.subtitle ?? `${outputs} filters of ${rows} × ${columns} × ${inputs}`,
    tileSize: options.tileSize ?? 56,
    colorBar: { scale, label: "weight" },
    ...(perRow > 0 ? { columns: perRow } : {}),
    ...(parts.length > 0 ? { note: `Shown: the first ${parts.join(" and ")}.` } : {}),
  });
}
