import type { LossLandscape } from "../../nn/loss-landscape.ts";
import { zeroContour } from "../contour.ts";
import type { ChartOptions, Figure, Layer } from "../figure.ts";
import { figureOf, words } from "../sheet.ts";
import { theme } from "../theme.ts";
import { checkValues, rangeOf } from "../values.ts";

export interface LossLandscapeChartOptions extends ChartOptions {
  /** Lines of equal loss; 9 unless given. */
  levels?: number;
}

/**
 * The loss around a trained model, as `lossLandscape` of `tendril/nn` measures it: colours by the logarithm of the loss,
 * lines of equal loss, the model in the middle. Throws `ShapeError` where the losses do not fill the grid.
 */
export function lossLandscapeChart(
  { at, losses }: LossLandscape,
  options: LossLandscapeChartOptions = {},
): Figure {
  checkValues("plot.lossLandscapeChart", losses, ["rows", "columns"]);
  const [rows, columns] = losses.shape as [number, number];
  const lowest = Math.min(...Array.from(losses.data).filter((v) => v > 0));
  const floor = Number.isFinite(lowest) ? lowest : 1e-6;
  const values = Array.from(losses.data, (v) => Math.log10(Math.max(v, floor)));
  const domain = rangeOf(values);
  const [low, high] = [at[0]!, at.at(-1)!];
  const step = (high - low) / Math.max(1, columns - 1);
  const scale = { map: "viridis", domain } as const;
  const layers: Layer[] = [
    {
      kind: "raster",
      x: [low - step / 2, high + step / 2],
      y: [low - step / 2, high + step / 2],
      raster: { rows, columns, values, scale, smooth: true },
    },
  ];
  const levels = options.levels ?? 9;
  for (let i = 1; i <= levels; i++) {
    const level = domain[0] + ((domain[1] - domain[0]) * i) / (levels + 1);
    const line = zeroContour(
      values.map((v) => v - level),
      rows,
      columns,
    );
    layers.push({
      kind: "line",
      x: line.x.map((column) => low + column * step),
      y: line.y.map((row) => low + row * step),
      ...{ color: "#ffffff", width: 1, opacity: 0.7, parted: true },
    });
  }
  layers.push({
    kind: "points",
    ...{ x: [0], y: [0], color: theme.ink, shape: "cross", radius: 6, outline: "#ffffff" },
  });
  return figureOf(
    {
      kind: "axes",
      ...words(options),
      x: { domain: [low, high], grid: false, label: "along the first direction" },
      y: { domain: [low, high], grid: false, label: "along the second direction" },
      layers,
      equal: true,
      colorBar: { scale, label: "log₁₀ of the loss" },
    },
    options.width ?? 560,
    options.height ?? 480,
  );
}
