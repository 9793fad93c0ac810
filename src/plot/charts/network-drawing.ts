import { ShapeError } from "../../ir/errors.ts";
import { categoryColor, colorOf } from "../color.ts";
import type { ChartOptions, Figure, Layer, Numbers } from "../figure.ts";
import { figureOf, words } from "../sheet.ts";
import { theme } from "../theme.ts";
import { checkValues, count, type Values } from "../values.ts";

/** A fully connected network: its inputs and, for each layer, a matrix [from, to] of weights. */
export interface Network {
  layers: readonly { name: string; weights: Values }[];
  inputName?: string;
}

/** What has the weights: a model with `Dense` layers one after another. */
interface HasDense {
  readonly layers: readonly {
    readonly name: string;
    readonly type: string;
    weights(): readonly { readonly shape: readonly unknown[]; read(): Numbers }[];
  }[];
}

export interface NetworkDrawingOptions extends ChartOptions {
  /** Neurons drawn of each layer at most: the first ones; 12 unless given. */
  most?: number;
}

/** Shades of the lines: weights are put into so many classes by their size. */
const shades = 4;

/**
 * Neurons as circles and weights as lines between them, layer after layer: red for positive, blue for negative weights, the
 * stronger the larger. Of a model its `Dense` layers are drawn. Throws `ShapeError` where the layers do not fit each other,
 * or there is none.
 */
export function networkDrawing(network: Network | HasDense, options: NetworkDrawingOptions = {}): Figure {
  const { layers, inputName = "input" } = networkOf(network);
  const { most = 12 } = options;
  layers.forEach(({ weights }, i) => {
    checkValues("plot.networkDrawing", weights, ["from", "to"]);
    const before = layers[i - 1]?.weights.shape[1];
    if (before !== undefined && before !== weights.shape[0])
      wrong(`${before} and ${weights.shape[0]} neurons`);
  });
  if (layers.length === 0) wrong("no layer");
  const sizes = [layers[0]!.weights.shape[0]!, ...layers.map((l) => l.weights.shape[1]!)];
  const names = [inputName, ...layers.map((l) => l.name)];
  const shown = sizes.map((size) => Math.min(size, most));
  const tallest = Math.max(...shown);
  /** The height of a neuron: columns are centred on each other. */
  const height = (column: number, i: number) => (tallest - shown[column]!) / 2 + i;
  const lines = layers.flatMap(({ weights }, column) => edges(weights, column, shown, height));
  const neurons = shown.map(
    (size, column): Layer => ({
      kind: "points",
      x: count(size).map(() => column),
      y: count(size).map((i) => height(column, i)),
      color: categoryColor(column === 0 ? 0 : column === shown.length - 1 ? 2 : 1),
      radius: Math.min(9, Math.max(4, 110 / tallest)),
      outline: "#ffffff",
    }),
  );
  const categories = names.map((name, i) => `${name} (${sizes[i]})`);
  const cut = sizes.some((size) => size > most) ? { note: `Of each layer the first ${most} neurons.` } : {};
  return figureOf(
    {
      kind: "axes",
      ...words(options),
      ...cut,
      x: { categories, grid: false, line: false },
      y: { domain: [-0.7, tallest - 0.3], categories: [], grid: false, line: false, reverse: true },
      layers: [...lines, ...neurons],
    },
    options.width ?? Math.max(420, 150 * names.length),
    options.height ?? Math.min(560, 150 + 30 * tallest),
  );
}

/** Lines of each sign and shade, the faint ones first. */
function edges(
  { shape, data }: Values,
  column: number,
  shown: readonly number[],
  height: (column: number, i: number) => number,
): Layer[] {
  const largest = Math.max(...Array.from(data, (v) => (Number.isFinite(v) ? Math.abs(v) : 0))) || 1;
  const scale = { map: "blueRed", domain: [-1, 1] } as const;
  const hue = (sign: number) => colorOf(scale, theme.missing)(0.85 * sign);
  const hexOf = (sign: number) =>
    `#${hue(sign)
      .map((v) => Math.round(v).toString(16).padStart(2, "0"))
      .join("")}`;
  return count(shades).flatMap((shade) =>
    [-1, 1].map((sign): Layer => {
      const [x, y]: [number[], number[]] = [[], []];
      for (const from of count(shown[column]!)) {
        for (const to of count(shown[column + 1]!)) {
          const weight = data[from * shape[1]! + to]!;
          const size = Math.min(shades - 1, Math.floor((Math.abs(weight) / largest) * shades));
          if (size !== shade || weight * sign <= 0) continue;
          x.push(column, column + 1, Number.NaN);
          y.push(height(column, from), height(column + 1, to), Number.NaN);
        }
      }
      const strength = (shade + 1) / shades;
      return {
        kind: "line",
        ...{
          x,
          y,
          color: hexOf(sign),
          width: 0.5 + 2 * strength,
          opacity: 0.15 + 0.6 * strength,
          parted: true,
        },
      };
    }),
  );
}

function networkOf(given: Network | HasDense): Network {
  const dense = given.layers.filter((l) => "type" in l && l.type === "Dense");
  if (dense.length === 0) return "weights" in (given.layers[0] ?? {}) ? (given as Network) : { layers: [] };
  return {
    layers: (dense as HasDense["layers"]).map((layer) => {
      const [kernel] = layer.weights();
      if (kernel === undefined) wrong(`${layer.name}, which is not built`);
      return { name: layer.name, weights: { shape: kernel.shape as number[], data: kernel.read() } };
    }),
  };
}

function wrong(got: string): never {
  throw new ShapeError({
    where: "plot.networkDrawing",
    problem: "the layers do not make a fully connected network",
    expected: "Dense layers one after another, each as wide as the next one takes",
    got,
    try: "use plotModel for models of other layers",
  });
}
