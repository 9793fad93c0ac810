import { gradient, tensor } from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";
import { type ActivationName, activate } from "../../nn/activations.ts";
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
 * An activation function (solid) and its derivative (dashed); those of layers by their name, such as `"gelu"`.
 * Throws `UsageError` where the domain is not two numbers, the lower first, or the activation is not a function of one.
 */
export function activationChart(
  activation: Activation | ActivationName,
  options: ActivationChartOptions = {},
): Figure {
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
  const x = count(samples).map((i) => low + i * step);
  const { name, y, slopes } =
    typeof activation === "string" ? known(activation, x) : sampled(activation, x, h);
  const layers: Layer[] = [
    { kind: "rule", y: 0, color: theme.axis },
    ...(low < 0 && high > 0 ? [{ kind: "rule", x: 0, color: theme.axis } as const] : []),
    { kind: "line", x, y, color: categoryColor(0), width: 2.4, name },
    { kind: "line", x, y: slopes, color: categoryColor(1), dash: "dashed", name: "derivative" },
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

interface Curves {
  readonly name: string;
  readonly y: number[];
  readonly slopes: number[];
}

function sampled({ name, value, derivative }: Activation, x: readonly number[], h: number): Curves {
  const slope = derivative ?? ((at: number) => (value(at + h) - value(at - h)) / (2 * h));
  return { name, y: x.map(value), slopes: x.map(slope) };
}

/** Those that look at a whole axis are no functions of one number. */
const ofSeveral: ReadonlySet<ActivationName> = new Set(["softmax", "logSoftmax", "sparsemax", "glu"]);

/** The function that layers use, and the derivative that training uses. */
function known(name: ActivationName, x: readonly number[]): Curves {
  if (ofSeveral.has(name)) {
    throw new UsageError({
      where: "plot.activationChart",
      problem: `${name} is a function of several numbers at once`,
      expected: "a function of one number",
      got: name,
      try: 'activationChart("relu")',
    });
  }
  const at = tensor([...x]);
  const y = activate(name, at);
  const [slopes] = gradient(y.sum(), [at]);
  return { name, y: [...y.dataSync()], slopes: [...slopes!.dataSync()] };
}
