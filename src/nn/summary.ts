/**
 * Model summaries, character for character as Keras prints them: today's boxed table (Keras 3, laid out as the library
 * `rich` does on a terminal of a given width) and the ruled lines of Keras 2.
 */
import type { Variable } from "../core/index.ts";
import type { DType } from "../ir/dtype.ts";
import { UsageError } from "../ir/errors.ts";
import type { Layer } from "./layer.ts";
import type { Model } from "./model.ts";
import { type Application, showSizes } from "./symbolic.ts";
import { type Column, ruledTable, table } from "./text-table.ts";
import { elements } from "./weights.ts";

export interface SummaryOptions {
  /** Today's layout, or that of Keras 2. */
  style?: "keras3" | "legacy";
  /** Width of the table; by default what Keras takes on a terminal of `columns` columns. */
  lineLength?: number;
  /** Where the columns end, as parts of the width. */
  positions?: readonly number[];
  /** Show the layers of models inside the model. */
  expandNested?: boolean;
  /** Show a column that says which layers are trained. */
  showTrainable?: boolean;
  /** First and last layer to show: names, or patterns that match the beginning of a name. */
  layerRange?: readonly [string, string];
  /** Width of the terminal. */
  columns?: number;
}

/**
 * The summary as text without a final line break.
 *
 * @throws UsageError where the width is too small or `layerRange` matches nothing.
 */
export function summarize(model: Model, options: SummaryOptions = {}): string {
  return options.style === "legacy" ? legacySummary(model, options) : boxedSummary(model, options);
}

function boxedSummary(model: Model, options: SummaryOptions): string {
  const branching = isBranching(model);
  const { showTrainable = false } = options;
  const basic: Column[] = [
    { title: "Layer (type)", align: "left" },
    { title: "Output Shape", align: "left" },
    { title: "Param #", align: "right" },
    ...(branching ? [{ title: "Connected to", align: "left" } as const] : []),
  ];
  const columns: Column[] = showTrainable ? [...basic, { title: "Trainable", align: "center" }] : basic;
  const ends = options.positions ?? (branching ? [0.3, 0.56, 0.74, 1] : [0.45, 0.8, 1]);
  const positions = showTrainable ? [...ends.map((p) => p * 0.9), 1] : ends;
  const usual = (branching ? 108 : 88) + (showTrainable ? 12 : 0);
  const width = options.lineLength ?? Math.min(usual, (options.columns ?? 80) - 4);
  const inModel = new Set(model.graph?.levels.flat());
  const row = (layer: Layer, depth: number): string[] => [
    `${depth === 0 ? "" : "   ".repeat(depth) + "└ "}${layer.name} (${layer.type})`,
    outputShape(layer),
    layer.built ? thousands(layer.countParams()) : "0 (unbuilt)",
    ...(branching ? [connections(layer, inModel).join(", ") || "-"] : []),
    ...(showTrainable ? [layer.weights().length === 0 ? "-" : layer.trainable ? "Y" : "N"] : []),
  ];
  const rows = shownLayers(model, options.layerRange).flatMap((layer) =>
    withNested(layer, options.expandNested ?? false).map(([l, depth]) => row(l, depth)),
  );
  return [
    `Model: "${model.name}"`,
    ...table(columns, columnWidths(positions, columns.length, width), rows, width),
    ...totals(model).map(
      ({ name, count, bytes }) => ` ${name} params: ${thousands(count)} (${memory(bytes)})`,
    ),
  ].join("\n");
}

/** Widths between the column ends. */
function columnWidths(positions: readonly number[], count: number, width: number): number[] {
  const ends = positions.map((p) => Math.trunc(p * width));
  const widths = ends.map((end, i) => end - (ends[i - 1] ?? 0));
  if (widths.length === count && widths.every((w) => w >= 4)) return widths;
  throw new UsageError({
    where: "summary",
    problem: widths.length === count ? "there is not enough room for a column" : "the columns do not fit",
    expected: `${count} rising positions that leave at least 4 characters for each column`,
    got: `positions ${positions.join(", ")} of ${width} characters`,
    try: "make `lineLength` larger, or leave `positions` out",
  });
}

/** Keras's layers of a summary, cut to the range asked for. */
function shownLayers(model: Model, range: readonly [string, string] | undefined): Layer[] {
  const { layers } = model;
  if (range === undefined) return layers;
  const matching = (pattern: string) => {
    const match = matcher(pattern);
    return layers.flatMap((l, i) => (match(l.name) ? [i] : []));
  };
  const first = matching(range[0]);
  const last = matching(range[1]);
  if (first.length === 0 || last.length === 0) {
    throw new UsageError({
      where: "summary `layerRange`",
      problem: "no layer matches",
      expected: `names among ${layers.map((l) => l.name).join(", ")}`,
      got: range.join(", "),
      try: "name the first and the last layer to show",
    });
  }
  const low = first[0]!;
  const high = last.at(-1)!;
  return low > high ? layers.slice(last[0]!, first.at(-1)! + 1) : layers.slice(low, high + 1);
}

function matcher(pattern: string): (name: string) => boolean {
  try {
    const expression = new RegExp(`^(?:${pattern})`);
    return (name) => expression.test(name);
  } catch (cause) {
    throw new UsageError({
      where: "summary `layerRange`",
      problem: "this is neither a name nor a pattern",
      expected: "a layer name or a regular expression",
      got: pattern,
      try: "name the first and the last layer to show",
      cause,
    });
  }
}

function withNested(layer: Layer, expand: boolean, depth = 0): [Layer, number][] {
  const inner = expand && isModel(layer) ? layer.layers : [];
  return [[layer, depth], ...inner.flatMap((l) => withNested(l, expand, depth + 1))];
}

function isModel(layer: Layer): layer is Model {
  return "layers" in layer;
}

/** Whether the layers form more than a chain: then the summary says what each is connected to. */
function isBranching(model: Model): boolean {
  if (model.graph === undefined || model.type === "Sequential") return false;
  const { levels } = model.graph;
  if (levels.some((level) => level.length > 1 || level[0]!.inputs.length > 1)) return true;
  const applications = levels.flat();
  return new Set(applications.map((a) => a.layer)).size < applications.length;
}

/** `conv2d[0][0]` for each input of each application of the layer in this model. */
function connections(layer: Layer, inModel: ReadonlySet<Application>): string[] {
  return layer.applications
    .filter((a) => inModel.has(a))
    .flatMap((a) => a.inputs)
    .map(
      ({ source, index }) => `${source.layer.name}[${source.layer.applications.indexOf(source)}][${index}]`,
    );
}

function outputShape(layer: Layer): string {
  const shapes = layer.applications.at(-1)?.outputs.map((t) => t.shape) ?? layer.outputShapes;
  if (shapes === undefined) return "?";
  const shown = shapes.map(showSizes);
  return shown.length === 1 ? shown[0]! : `[${shown.join(", ")}]`;
}

function thousands(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}

function memory(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB", "PB"];
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${size.toFixed(2)} ${units[unit]}`;
}

interface Total {
  readonly name: string;
  readonly count: number;
  readonly bytes: number;
}

function totals(model: Model): Total[] {
  const of = (name: string, weights: readonly Variable[]): Total => ({
    name,
    count: weights.reduce((sum, w) => sum + elements(w), 0),
    bytes: weights.reduce((sum, w) => sum + bytesInKeras(w.dtype) * elements(w), 0),
  });
  const trained = of("Trainable", model.trainableWeights());
  const fixed = of("Non-trainable", model.nonTrainableWeights());
  const state = optimizerTotal(model);
  const parts = state === undefined ? [trained, fixed] : [trained, fixed, state];
  const sum = (f: (t: Total) => number) => parts.map(f).reduce((a, b) => a + b, 0);
  return [{ name: "Total", count: sum((t) => t.count), bytes: sum((t) => t.bytes) }, ...parts];
}

/** Whole numbers have 8 bytes in Keras. */
function bytesInKeras(dtype: DType): number {
  return dtype === "int32" ? 8 : 4;
}

/** The optimizer's state, once training or a file has made it. */
function optimizerTotal(model: Model): Total | undefined {
  const optimizer = model.compiled?.optimizer;
  const state = optimizer?.weights() ?? [];
  const slots = state.filter((w) => w.shape.length > 0).length;
  if (optimizer === undefined || (optimizer.iterations === 0 && slots === 0)) return undefined;
  const counts = state.map((w) => w.shape.reduce((a, b) => a * b, 1));
  return {
    name: "Optimizer",
    count: counts.reduce((a, b) => a + b, 0),
    bytes: counts.reduce((sum, n, i) => sum + n * bytesInKeras(state[i]!.dtype), 0),
  };
}

function legacySummary(model: Model, options: SummaryOptions): string {
  if (options.expandNested || options.showTrainable) {
    throw new UsageError({
      where: "summary",
      problem: "the layout of Keras 2 has no nested layers and no trainable column",
      expected: "`expandNested` and `showTrainable` left out",
      got: "one of them",
      try: 'use style "keras3"',
    });
  }
  const branching = isBranching(model);
  const width = options.lineLength ?? (branching ? 98 : 65);
  const positions = options.positions ?? (branching ? [0.33, 0.55, 0.67, 1] : [0.45, 0.85, 1]);
  const ends =
    positions[positions.length - 1]! <= 1 ? positions.map((p) => Math.trunc(width * p)) : positions;
  const titles = ["Layer (type)", "Output Shape", "Param #", ...(branching ? ["Connected to"] : [])];
  const inModel = new Set(model.graph?.levels.flat());
  const rows = shownLayers(model, options.layerRange).map((layer) => {
    const cells = [
      `${layer.name} (${layer.type})`,
      layer.built ? outputShape(layer) : "multiple",
      layer.built ? String(layer.countParams()) : "0 (unused)",
    ];
    const [first = "", ...rest] = connections(layer, inModel);
    return branching ? [[...cells, first], ...rest.map((c) => ["", "", "", c])] : [cells];
  });
  const [, trained, fixed] = totals(model) as [Total, Total, Total];
  return [
    `Model: "${model.name}"`,
    ...ruledTable(titles, ends, rows, width),
    `Total params: ${thousands(trained.count + fixed.count)}`,
    `Trainable params: ${thousands(trained.count)}`,
    `Non-trainable params: ${thousands(fixed.count)}`,
    "_".repeat(width),
  ].join("\n");
}
