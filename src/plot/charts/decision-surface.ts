import { ShapeError } from "../../ir/errors.ts";
import { blend, categoryColor, type Rgb, rgb } from "../color.ts";
import { zeroContour } from "../contour.ts";
import type { ChartOptions, Figure, Layer, Numbers } from "../figure.ts";
import { figureOf, words } from "../sheet.ts";
import { theme } from "../theme.ts";
import { checkLengths, checkValues, count, type Values } from "../values.ts";
import { classPoints } from "./scatter.ts";

/**
 * Class probabilities on a grid of points: `probabilities` is [rows, columns, classes], or [rows, columns] with the
 * probability of class 1. The first row lies at y[0], the first column at x[0], the last ones at y[1] and x[1].
 */
export interface Surface {
  x: readonly [number, number];
  y: readonly [number, number];
  probabilities: Values;
  points?: { x: Numbers; y: Numbers; classes: Numbers };
}

export interface DecisionSurfaceOptions extends ChartOptions {
  classNames?: readonly string[];
  xLabel?: string;
  yLabel?: string;
}

/**
 * What a classifier answers over the plane: tints of the classes, stronger where it is surer, lines where the most
 * probable class changes, and the points it learnt from. Throws `ShapeError` for a grid of fewer than 2 × 2 points.
 */
export function decisionSurface(surface: Surface, options: DecisionSurfaceOptions = {}): Figure {
  const { rows, columns, shares } = classShares(surface.probabilities);
  const { x, y, points } = surface;
  const [dx, dy] = [(x[1] - x[0]) / (columns - 1), (y[1] - y[0]) / (rows - 1)];
  const layers: Layer[] = [
    {
      kind: "raster",
      x: [x[0] - dx / 2, x[1] + dx / 2],
      y: [y[0] - dy / 2, y[1] + dy / 2],
      raster: { rows, columns, values: tints(shares), smooth: true },
    },
  ];
  for (const margin of margins(shares)) {
    const line = zeroContour(margin, rows, columns);
    layers.push({
      kind: "line",
      x: line.x.map((column) => x[0] + column * dx),
      y: line.y.map((row) => y[0] + row * dy),
      color: theme.ink,
      width: 1.25,
      opacity: 0.75,
      parted: true,
    });
  }
  if (points) {
    const lengths = { x: points.x.length, y: points.y.length, classes: points.classes.length };
    checkLengths("plot.decisionSurface", lengths);
    layers.push(...classPoints(points, options.classNames, points.x.length > 400 ? 3 : 4.2, "#ffffff"));
  }
  return figureOf(
    {
      kind: "axes",
      ...words(options),
      x: { domain: x, grid: false, ...(options.xLabel ? { label: options.xLabel } : {}) },
      y: { domain: y, grid: false, ...(options.yLabel ? { label: options.yLabel } : {}) },
      layers,
    },
    options.width ?? 520,
    options.height ?? 480,
  );
}

interface Shares {
  rows: number;
  columns: number;
  /** For each class, its probability at each point. */
  shares: number[][];
}

function classShares(values: Values): Shares {
  const flat = values.shape.length === 2;
  checkValues("plot.decisionSurface", values, flat ? ["rows", "columns"] : ["rows", "columns", "classes"]);
  const [rows, columns, classes = 2] = values.shape as [number, number, number?];
  if (rows < 2 || columns < 2 || classes < 1) {
    throw new ShapeError({
      where: "plot.decisionSurface",
      problem: "the grid is too small to be a surface",
      expected: "at least 2 rows, 2 columns and 1 class",
      got: `[${values.shape.join(", ")}]`,
      try: "evaluate the classifier on a grid of about 100 × 100 points",
    });
  }
  const points = count(rows * columns);
  const shares = flat
    ? [points.map((i) => 1 - values.data[i]!), points.map((i) => values.data[i]!)]
    : count(classes).map((k) => points.map((i) => values.data[i * classes + k]!));
  return { rows, columns, shares };
}

/** Red, green and blue of each point: white where all classes are equally probable, a clear tint where one is sure. */
function tints(shares: readonly number[][]): number[] {
  const white: Rgb = [255, 255, 255];
  const colors = shares.map((_, k) => rgb(categoryColor(k)));
  const even = 1 / shares.length;
  return count(shares[0]!.length).flatMap((i) => {
    const winner = winnerAt(shares, i);
    const sure = shares.length === 1 ? 1 : (shares[winner]![i]! - even) / (1 - even);
    if (!Number.isFinite(sure)) return [...rgb(theme.missing)];
    return [...blend(white, colors[winner]!, 0.06 + 0.5 * Math.min(1, Math.max(0, sure)))];
  });
}

const winnerAt = (shares: readonly number[][], i: number) =>
  shares.reduce((best, share, k) => (share[i]! > shares[best]![i]! ? k : best), 0);

/** For each class but the last, how far its probability is above that of the best other class. */
function margins(shares: readonly number[][]): number[][] {
  return shares
    .slice(0, -1)
    .map((share, k) =>
      share.map(
        (value, i) => value - Math.max(...shares.filter((_, other) => other !== k).map((other) => other[i]!)),
      ),
    );
}
