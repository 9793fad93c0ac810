import { categoryColor } from "../color.ts";
import type { ChartOptions, Figure, Layer } from "../figure.ts";
import { formatNumber } from "../scale.ts";
import { figureOf, words } from "../sheet.ts";
import { theme } from "../theme.ts";
import { classifiers, rank, type Scored } from "./ranking.ts";

/**
 * The receiver operating characteristic: share of positives found over share of negatives called positive, with the
 * area below it (trapezoids; NaN where a class is absent). Throws `ShapeError` where labels and scores differ in length.
 */
export function rocCurve(
  data: Scored | Readonly<Record<string, Scored>>,
  options: ChartOptions = {},
): Figure {
  const chance: Layer = { kind: "line", x: [0, 1], y: [0, 1], color: theme.axis, width: 1, dash: "dashed" };
  const lines = classifiers(data).map(([name, scored], i): Layer => {
    const { hits, alarms, positives, negatives } = rank("plot.rocCurve", scored);
    const x = alarms.map((n) => n / negatives);
    const y = hits.map((n) => n / positives);
    let area = 0;
    for (let j = 1; j < x.length; j++) area += ((x[j]! - x[j - 1]!) * (y[j]! + y[j - 1]!)) / 2;
    if (positives === 0 || negatives === 0) area = Number.NaN;
    const label = `${name ? `${name}: ` : ""}AUC ${formatNumber(area)}`;
    return { kind: "line", x, y, color: categoryColor(i), name: label };
  });
  return figureOf(
    {
      kind: "axes",
      ...words(options),
      x: { domain: [0, 1], label: "false positive rate" },
      y: { domain: [0, 1], label: "true positive rate" },
      layers: [chance, ...lines],
      equal: true,
    },
    options.width ?? 456,
    options.height ?? 492,
  );
}
