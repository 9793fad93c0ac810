/**
 * Second pass: the gradients of a convolution behind max pooling, by way of the winners. What comes back through a pooling
 * window is zero everywhere but at one cell, so both gradients need one product for each window, not one for each cell:
 * `winners` nodes step from window to window and read or write the image where the winner lies.
 */
import type { Size } from "../ir/index.ts";
import { ceilDivSize, sameShape, sameSize, stridesOf } from "../ir/index.ts";
import {
  type CNode,
  type Graph,
  type Roots,
  rebuild,
  roughCount,
  type SplitContractSpec,
  throughReshapes,
  type WinnerSpec,
  type WinnersSpec,
} from "./graph.ts";
import { windowsTile } from "./lower/spread.ts";

/** The fewest neighbouring elements for which stepping from winner to winner pays. */
const SHORTEST_RUN = 8;
/** About how many multiply-adds belong to one part of the sum over images, and the fewest images. */
const PART_WORK = 1 << 19;
const FEWEST_IMAGES = 8;
/** Elements of an image that may be gone through once for each filter: it stays in the second-level cache. */
const LARGEST_IMAGE = 1 << 16;

export function alongWinners(r: Roots, graph: Graph): Roots {
  return rebuild(r, graph, (n) => {
    if (n.spec.kind !== "contract" || n.dtype !== "float32") return undefined;
    return filterGradient(n, n.spec, graph) ?? inputGradient(n, n.spec, graph);
  });
}

/** A spread whose windows lie side by side along all axes between the images and the channels. */
interface Spread {
  readonly node: CNode;
  readonly winner: CNode;
  readonly g: CNode;
  readonly window: readonly number[];
}

function spreadOf(n: CNode): Spread | undefined {
  if (n.spec.kind !== "window" || n.spec.fn !== "spread") return undefined;
  const spec: WinnerSpec = n.spec;
  const [winner, g] = n.inputs as [CNode, CNode];
  const between = n.shape.slice(1, -1);
  const spatial = spec.axes.length === between.length && spec.axes.every((axis, i) => axis === i + 1);
  const known = n.shape.slice(1).every((s) => typeof s === "number");
  if (!spatial || !known || !windowsTile(spec, n.shape, g.shape)) return undefined;
  return { node: n, winner, g, window: spec.window };
}

/** An axis of the kernel, with its stride in the image. */
interface Tap {
  readonly size: number;
  readonly stride: number;
}

/** The taps that follow each other in the image as one run, and those left; the last tap is the innermost. */
function runOf(taps: readonly Tap[]): { rows: readonly Tap[]; run: number } | undefined {
  let run = 1;
  let kept = taps.length;
  while (kept > 0 && taps[kept - 1]!.stride === run) run *= taps[--kept]!.size;
  return run < SHORTEST_RUN ? undefined : { rows: taps.slice(0, kept), run };
}

/** Sizes that are all numbers. */
function numbers(sizes: readonly (Size | undefined)[]): number[] | undefined {
  return sizes.every((s) => typeof s === "number") ? (sizes as number[]) : undefined;
}

/** The gradient for the kernel: Σ over images and windows of the image at the winner · g. */
function filterGradient(n: CNode, spec: SplitContractSpec, graph: Graph): CNode | undefined {
  const swapped: SplitContractSpec = { ...spec, a: spec.b, b: spec.a };
  return (
    filterOf(n, spec, throughReshapes(n.inputs[1]!), n.inputs[0]!, graph) ??
    filterOf(n, swapped, throughReshapes(n.inputs[0]!), n.inputs[1]!, graph)
  );
}

/** The same with the image as operand `a` and the spread as `b`. */
function filterOf(
  n: CNode,
  spec: SplitContractSpec,
  operand: CNode,
  image: CNode,
  graph: Graph,
): CNode | undefined {
  const spread = spreadOf(operand);
  if (!spread || spec.b.offset !== 0) return undefined;
  const rank = n.shape.length;
  const sizes = [...n.shape, ...spec.reduce];
  const steps = stridesOf(spread.node.shape);
  const axes = spread.node.shape.map((size, d) =>
    sizes.findIndex((s, i) => sameSize(s, size) && sameSize(spec.b.strides[i]!, steps[d]!)),
  );
  const channel = axes[axes.length - 1]!;
  const sums = axes.slice(0, -1);
  const used = spec.b.strides.filter((s) => s !== 0).length;
  const complete = new Set(axes).size === axes.length && used === axes.length && !axes.includes(-1);
  if (!complete || channel >= rank || sums.some((i) => i < rank)) return undefined;
  if (spec.reduce.length !== sums.length || spec.a.strides[channel] !== 0) return undefined;
  const others = n.shape.map((_, i) => i).filter((i) => i !== channel);
  const shape = numbers(others.map((i) => n.shape[i]));
  const tapStrides = numbers(others.map((i) => spec.a.strides[i]));
  const strides = numbers(sums.map((i) => spec.a.strides[i]));
  if (!shape || !tapStrides || !strides || strides[0]! > LARGEST_IMAGE) return undefined;
  const taps = runOf(shape.map((size, i) => ({ size, stride: tapStrides[i]! })));
  if (!taps) return undefined;
  const images = spread.node.shape[0]!;
  const products = roughCount(spread.g.shape.slice(1)) * shape.reduce((a, b) => a * b, 1);
  const part = Math.max(FEWEST_IMAGES, 2 ** Math.round(Math.log2(PART_WORK / Math.max(1, products))));
  const filters = spread.node.shape.at(-1)!;
  const made: WinnersSpec = {
    kind: "winners",
    fn: "filter",
    window: spread.window,
    offset: spec.a.offset,
    strides,
    ...taps,
    part,
  };
  const partial = graph.node(
    made,
    [spread.winner, spread.g, image],
    [ceilDivSize(images, part), filters, ...shape],
    n.dtype,
    n.label,
  );
  const whole = [filters, ...shape];
  const sum = graph.node(
    { kind: "reduce", fn: "sum", axes: [0] },
    [partial],
    whole,
    n.dtype,
    `${n.label}/parts`,
  );
  const order = n.shape.map((_, i) => (i === channel ? 0 : others.indexOf(i) + 1));
  return graph.node({ kind: "move", move: "permute", axes: order }, [sum], n.shape, n.dtype, n.label);
}

/**
 * The gradient for the image: a convolution of the spread, padded, with the kernel turned round; here each window adds
 * g · the kernel around its winner.
 */
function inputGradient(n: CNode, spec: SplitContractSpec, graph: Graph): CNode | undefined {
  const [padded, turned] = n.inputs as [CNode, CNode];
  if (padded.spec.kind !== "move" || padded.spec.move !== "place" || padded.inputs.length !== 1)
    return undefined;
  const spread = spreadOf(padded.inputs[0]!);
  if (!spread || padded.spec.fill !== 0) return undefined;
  const space = spread.window.map((_, i) => i + 1);
  const rank = space.length + 2;
  const out = numbers(n.shape.slice(1));
  const window = numbers(spec.reduce.slice(0, -1));
  const starts = numbers(padded.spec.starts[0]!);
  const inPadded = numbers(stridesOf(padded.shape).slice(1));
  if (!out || !window || !starts || !inPadded || n.shape.length !== rank) return undefined;
  const [filters, channels] = [spread.node.shape.at(-1)!, out.at(-1)!];
  const kernelShape = [...window, filters, channels];
  const kernelStrides = stridesOf(kernelShape);
  // Only the convolution that a gradient makes: [n, …space, c] over [...window, f], without groups.
  const steps = padded.spec.steps[0]!;
  const dilation = space.map((_, i) => Number(spec.a.strides[rank + i]) / inPadded[i]!);
  const a = [
    ...stridesOf(padded.shape).slice(0, -1),
    0,
    ...space.map((_, i) => dilation[i]! * inPadded[i]!),
    1,
  ];
  const b = [...n.shape.slice(0, -1).map(() => 0), 1, ...kernelStrides.slice(0, -1)];
  const alike =
    spec.reduce.length === rank - 1 &&
    sameShape(turned.shape, kernelShape) &&
    sameShape(spec.a.strides, a) &&
    sameShape(spec.b.strides, b) &&
    spec.a.offset === 0 &&
    spec.b.offset === 0 &&
    dilation.every((d) => Number.isInteger(d) && d > 0);
  const ends = starts[0] === 0 && starts[rank - 1] === 0 && steps[0] === 1 && steps[rank - 1] === 1;
  if (!alike || !ends || !sameSize(padded.shape[0]!, n.shape[0]!)) return undefined;
  const places = stridesOf(n.shape).slice(1) as number[];
  const reach = window.map((w, i) => (w - 1) * dilation[i]!);
  const first = space.map((axis, i) => starts[axis]! - reach[i]!);
  const last = space.map((axis) => starts[axis]! + ((spread.node.shape[axis] as number) - 1) * steps[axis]!);
  if (first.some((f) => f < 0) || last.some((l, i) => l >= out[i]!)) return undefined;
  if (out.reduce((x, y) => x * y, 1) > LARGEST_IMAGE) return undefined;
  const taps = runOf([
    ...window.map((size, i) => ({ size, stride: places[i]! * dilation[i]! })),
    { size: channels, stride: 1 },
  ]);
  if (!taps) return undefined;
  const made: WinnersSpec = {
    kind: "winners",
    fn: "input",
    window: spread.window,
    offset: first.reduce((at, f, i) => at + f * places[i]!, 0),
    strides: [out.reduce((x, y) => x * y, 1), ...space.map((axis, i) => places[i]! * steps[axis]!)],
    ...taps,
  };
  const kernel = byFilter(turned, window.length, graph);
  return graph.node(made, [spread.winner, spread.g, kernel], n.shape, n.dtype, n.label);
}

/** [...window, filters, channels] turned back in space, the filters first. */
function byFilter(turned: CNode, spatial: number, graph: Graph): CNode {
  const { shape, dtype, label } = turned;
  const isSpace = (i: number): boolean => i < spatial;
  const straight = graph.node(
    {
      kind: "move",
      move: "slice",
      starts: shape.map((s, i) => (isSpace(i) ? (s as number) - 1 : 0)),
      steps: shape.map((_, i) => (isSpace(i) ? -1 : 1)),
    },
    [turned],
    shape,
    dtype,
    label,
  );
  const axes = [spatial, ...shape.map((_, i) => i).filter((i) => i !== spatial)];
  return graph.node(
    { kind: "move", move: "permute", axes },
    [straight],
    axes.map((i) => shape[i]!),
    dtype,
    `${label}/winners`,
  );
}
