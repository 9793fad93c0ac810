import { categoryColor } from "../color.ts";
import type { ChartOptions, Figure, Layer } from "../figure.ts";
import { formatNumber } from "../scale.ts";
import { figureOf, words } from "../sheet.ts";
import { theme } from "../theme.ts";
import { classifiers, rank, type Scored } from "./ranking.ts";

/**
 * Precision over recall, with the average precision Σ (Rₙ − Rₙ₋₁) Pₙ as scikit-learn defines it; the dotted line is the
 * share of positives. Throws `ShapeError` where labels and scores differ in length.
 */
export function prCurve(data: Scored | Readonly<Record<string, Scored>>, options: ChartOptions = {}): Figure {
  const layers = classifiers(data).flatMap(([name, scored], i): Layer[] => {
    const { hits, alarms, positives, negatives } = rank("plot.prCurve", scored);
    const recall = hits.map((n) => n / positives);
    const precision = hits.map((n, j) => (j === 0 ? Number.NaN : n / (n + alarms[j]!)));
    let average = positives === 0 ? Number.NaN : 0;
    for (let j = 1; j < hits.length; j++) average += (recall[j]! - recall[j - 1]!) * precision[j]!;
    const [x, y] = stairs(recall.slice(1), precision.slice(1));
    const color = categoryColor(i);
    const label = `${name ? `${name}: ` : ""}AP ${formatNumber(average)}`;
    const share = positives / (positives + negatives);
    return [
      { kind: "rule", y: share, color: i === 0 ? theme.axis : color, dash: "dotted" },
      { kind: "line", x, y, color, name: label },
    ];
  });
  return figureOf(
    {
      kind: "axes",
      ...words(options),
      x: { domain: [0, 1], label: "recall" },
      y: { domain: [0, 1], label: "precision" },
      layers,
      equal: true,
    },
    options.width ?? 456,
    options.height ?? 492,
  );
}

/** Steps: each precision holds from the previous recall to its own, so that the area below is the average precision. */
function stairs(recall: readonly number[], precision: readonly number[]): [number[], number[]] {
  const [x, y]: [number[], number[]] = [[], []];
  for (const [i, value] of precision.entries()) {
    x.push(i === 0 ? 0 : recall[i - 1]!, recall[i]!);
    y.push(value, value);
  }
  return [x, y];
}
