import { UsageError } from "../../ir/errors.ts";
import { categoryColor } from "../color.ts";
import type { ChartOptions, Figure, Layer } from "../figure.ts";
import { figureOf, words } from "../sheet.ts";
import { theme } from "../theme.ts";
import { count } from "../values.ts";

/** A function of one number; its derivative is taken by central differences where it is not given. */
export interface Activation {
  name: string;
  value: (x: number) => number;
  derivative?: (x: number) => number;
}

export interface ActivationChartOptions extends ChartOptions {
  /** Default −5 to 5. */
  domain?: readonly [number, number];
}

const samples = 401;

/**
 * An activation function (solid) and its derivative (dashed).
 * Throws `UsageError` where the domain is not two numbers, the lower first.
 */
export function activationChart(activation: Activation, options: ActivationChartOptions = {}): Figure {
  const [low, high] = options.domain ?? [-5, 5];
  if (!(low < high && Number.isFinite(high - low))) {
    throw new UsageError({
      where: "plot.activationChart",
      problem: "the domain is not one",
      expected: "two numbers, the lower first",
      got: `[${low}, ${high}]`,
      try: "leave the domain out for [−5, 5]",
    });
  }
  const step = (high - low) / (samples - 1);
  const h = step * 1e-3;
  const { name, value } = activation;
  const slope = activation.derivative ?? ((at: number) => (value(at + h) - value(at - h)) / (2 * h));
  const x = count(samples).map((i) => low + i * step);
  const layers: Layer[] = [
    { kind: "rule", y: 0, color: theme.axis },
    ...(low < 0 && high > 0 ? [{ kind: "rule", x: 0, color: theme.axis } as const] : []),
    { kind: "line", x, y: x.map(value), color: categoryColor(0), width: 2.4, name },
    { kind: "line", x, y: x.map(slope), color: categoryColor(1), dash: "dashed", name: "derivative" },
  ];
  return figureOf(
    {
      kind: "axes",
      ...words({ title: name, ...options }),
      x: { domain: [low, high], label: "x" },
      y: { pad: 0.06 },
      layers,
    },
    options.width ?? 420,
    options.height ?? 340,
  );
}
