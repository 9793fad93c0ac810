/**
 * The graph of a functional model: which applications of layers lead from its inputs to its outputs, and in which order.
 *
 * The order of the layers is Keras's (deepest first, then as met when walking back from the outputs), because saved
 * weights are matched by it and the summary shows it.
 */
import type { Tensor } from "../core/index.ts";
import { UsageError } from "../ir/errors.ts";
import { type CallContext, within } from "./context.ts";
import type { Layer } from "./layer.ts";
import { Input } from "./layers/input.ts";
import { type Application, SymbolicTensor } from "./symbolic.ts";

export interface Graph {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  /** The applications by falling depth: every list needs only the lists before it. */
  readonly levels: readonly (readonly Application[])[];
  /** Every layer once, in Keras's order. */
  readonly layers: readonly Layer[];
  /** What the ends are called where they were given by name; otherwise they are called as their layers. */
  readonly inputNames?: readonly string[] | undefined;
  readonly outputNames?: readonly string[] | undefined;
}

/** The ends of a functional model: one tensor, several, or several by name, which are taken in the order of the names. */
export type Ends = SymbolicTensor | readonly SymbolicTensor[] | Readonly<Record<string, SymbolicTensor>>;

/** The tensors, and their names where they have some. */
export function readEnds(ends: Ends): { tensors: readonly SymbolicTensor[]; names?: readonly string[] } {
  if (Array.isArray(ends)) return { tensors: ends };
  if (ends instanceof SymbolicTensor) return { tensors: [ends] };
  const byName = ends as Readonly<Record<string, SymbolicTensor>>;
  const names = Object.keys(byName).sort();
  return { tensors: names.map((name) => byName[name]!), names };
}

/** The same ends again, as they were given. */
export function endsAsGiven<T>(tensors: readonly T[], names: readonly string[] | undefined) {
  return names === undefined ? tensors : Object.fromEntries(tensors.map((t, i) => [names[i]!, t]));
}

function isInput(a: Application): boolean {
  return a.inputs.length === 0;
}

/**
 * The graph from `inputs` to `outputs`.
 *
 * @throws UsageError where an output does not follow from the inputs, or two layers share a name.
 */
export function traceGraph(
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
  where: string,
): Graph {
  checkTensors(inputs, outputs, where);
  if (!inputs.every((t) => isInput(t.source))) return fromInside(inputs, outputs, where);
  const { order, met } = walkBack(inputs, outputs, where);
  const { depth, layerDepth } = depths(order);
  for (const { source } of inputs) {
    if (depth.has(source)) continue;
    depth.set(source, 0);
    layerDepth.set(source.layer, 0);
    met.set(source.layer, -1);
  }
  const layers = [...layerDepth.keys()].sort(
    (a, b) => layerDepth.get(b)! - layerDepth.get(a)! || met.get(a)! - met.get(b)!,
  );
  checkNames(layers, where);
  const byDepth: Application[][] = [];
  for (const [a, d] of depth) (byDepth[d] ??= []).push(a);
  const levels = byDepth.filter((level) => level !== undefined).reverse();
  return { inputs, outputs, levels, layers };
}

/**
 * The applications needed, each after what it needs, and the layers numbered as met on the way back. A walk in depth with
 * a stack of its own, since models can be deeper than the stack of the language.
 */
function walkBack(
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
  where: string,
): { order: Application[]; met: Map<Layer, number> } {
  const order: Application[] = [];
  const seen = new Set<Application>();
  const met = new Map<Layer, number>();
  const entries = new Set(inputs.map((t) => t.source));
  const stack: { application: Application; next: number }[] = [];
  const enter = (application: Application): void => {
    if (seen.has(application)) return;
    seen.add(application);
    const { layer } = application;
    if (!met.has(layer)) met.set(layer, met.size);
    if (isInput(application) && !entries.has(application)) throw notConnected(layer.name, where);
    stack.push({ application, next: 0 });
  };
  for (const t of outputs) {
    enter(t.source);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const input = top.application.inputs[top.next++];
      if (input !== undefined) enter(input.source);
      else order.push(stack.pop()!.application);
    }
  }
  return { order, met };
}

function notConnected(name: string, where: string): UsageError {
  return new UsageError({
    where,
    problem: "an output does not follow from the inputs",
    expected: "every input that leads to the outputs in `inputs`",
    got: `the path leads back to "${name}"`,
    try: `add the tensor of "${name}" to \`inputs\``,
  });
}

/** The longest way to an output; all applications of a layer before the deepest known so far share its depth. */
function depths(order: readonly Application[]): {
  depth: Map<Application, number>;
  layerDepth: Map<Layer, number>;
} {
  const depth = new Map<Application, number>();
  const layerDepth = new Map<Layer, number>();
  for (const a of [...order].reverse()) {
    const d = Math.max(depth.get(a) ?? 0, layerDepth.get(a.layer) ?? 0);
    depth.set(a, d);
    layerDepth.set(a.layer, d);
    for (const t of a.inputs) depth.set(t.source, Math.max(depth.get(t.source) ?? 0, d + 1));
  }
  return { depth, layerDepth };
}

/** A graph that starts at tensors inside another: they become inputs of their own, and the layers are applied again. */
function fromInside(
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
  where: string,
): Graph {
  const copies = new Map<SymbolicTensor, SymbolicTensor>();
  const entries = inputs.map((t) => {
    const entry = isInput(t.source) ? t : Input({ batchShape: t.shape, dtype: t.dtype });
    copies.set(t, entry);
    return entry;
  });
  const copy = (t: SymbolicTensor): SymbolicTensor => {
    const known = copies.get(t);
    if (known !== undefined) return known;
    const { layer, listed, training, outputs: originals } = t.source;
    if (isInput(t.source)) return t;
    const xs = t.source.inputs.map(copy);
    const ys = layer.applyAll(listed ? xs : xs[0]!, training === undefined ? {} : { training });
    originals.forEach((original, i) => {
      copies.set(original, ys[i]!);
    });
    return copies.get(t)!;
  };
  return traceGraph(entries, outputs.map(copy), where);
}

/** Computes the outputs of a graph. Each layer draws its randomness from its place in `layers` (and its repetition). */
export function runGraph(
  graph: Graph,
  xs: readonly Tensor[],
  ctx: CallContext,
  layers: readonly Layer[],
): Tensor[] {
  const values = new Map<SymbolicTensor, Tensor>();
  graph.inputs.forEach((t, i) => {
    values.set(t, xs[i]!);
  });
  const places = new Map(layers.map((layer, i) => [layer, i]));
  const calls = new Map<Layer, number>();
  for (const application of graph.levels.flat()) {
    if (isInput(application)) continue;
    const { layer, inputs, outputs, training } = application;
    const call = calls.get(layer) ?? 0;
    calls.set(layer, call + 1);
    const place = `layers.${places.get(layer)}${call === 0 ? "" : `@${call}`}`;
    const inner = within(training === undefined ? ctx : { ...ctx, training }, place);
    const ys = layer.forward(
      inputs.map((t) => values.get(t)!),
      inner,
    );
    outputs.forEach((t, i) => {
      values.set(t, ys[i]!);
    });
  }
  return graph.outputs.map((t) => values.get(t)!);
}

function checkTensors(
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
  where: string,
): void {
  for (const [what, tensors] of [
    ["inputs", inputs],
    ["outputs", outputs],
  ] as const) {
    if (tensors.length > 0 && tensors.every((t) => t instanceof SymbolicTensor)) continue;
    throw new UsageError({
      where: `${where} \`${what}\``,
      problem: "a functional model leads from symbolic tensors to symbolic tensors",
      expected: "one symbolic tensor or a list of them",
      got: tensors.length === 0 ? "none" : typeof tensors.find((t) => !(t instanceof SymbolicTensor)),
      try: "start with Input({ shape }) and go on with layer.apply(x)",
    });
  }
}

function checkNames(layers: readonly Layer[], where: string): void {
  const names = new Set<string>();
  for (const { name } of layers) {
    if (names.has(name)) {
      throw new UsageError({
        where,
        problem: `two layers are named "${name}"`,
        expected: "a name for each layer, by which files refer to it",
        got: layers.map((l) => l.name).join(", "),
        try: "give one of them another `name`",
      });
    }
    names.add(name);
  }
}
