/** The cotangent of a max pooling as an operand of a contraction, without putting it in memory. */
import { type Shape, sameSize, stridesOf, type WindowSpec } from "../../ir/index.ts";
import type { CNode, SplitContractSpec, WinnerSpec } from "../graph.ts";

/** Most results whose accumulators fit one tile of a single register column. */
export const TILE_ROWS = 9;

/** Whether the lanes can run along output axis `last` with `b` read in vectors. */
export function vectorizable(spec: SplitContractSpec, last: number): boolean {
  const a = spec.a.strides[last];
  return last >= 0 && spec.b.strides[last] === 1 && (a === 0 || a === 1);
}

/**
 * Whether windows lie side by side and none reaches beyond the last element, as those of "same" padding may: `whole` is the
 * shape of what is pooled, `pooled` that of the result.
 */
export function windowsTile(
  { axes, window, stride, pad }: WindowSpec | WinnerSpec,
  whole: Shape,
  pooled: Shape,
): boolean {
  return window.every((w, i) => {
    const [from, to] = [whole[axes[i]!]!, pooled[axes[i]!]!];
    const inside = typeof from === "number" && typeof to === "number" && to * w <= from;
    return w === stride[i] && pad[i] === 0 && inside;
  });
}

/** The cotangent of a max pooling as an operand: which axis of the contraction runs along each of its axes. */
export interface InlineSpread {
  readonly node: CNode;
  readonly spec: WinnerSpec;
  readonly axes: readonly number[];
}

/**
 * Operand `b` as an inlined spread, where every element of it is used by one tile only: all other results fit one tile,
 * windows do not overlap, and each axis of the spread is one axis of the contraction.
 */
export function inlineSpread(n: CNode, spec: SplitContractSpec): InlineSpread | undefined {
  const b = n.inputs[1]!;
  if (b.spec.kind !== "window" || b.spec.fn !== "spread" || spec.b.offset !== 0) return undefined;
  const winner = b.spec;
  const cells = winner.window.reduce((p, w) => p * w, 1);
  if (!windowsTile(winner, b.shape, b.inputs[1]!.shape) || cells > 4) return undefined;
  const shape = spec.part === undefined ? n.shape : n.shape.slice(1);
  const last = shape.length - 1;
  const rows = shape
    .slice(0, -1)
    .reduce((p: number, s) => p * (typeof s === "number" ? s : Number.POSITIVE_INFINITY), 1);
  if (rows > TILE_ROWS || !vectorizable(spec, last) || spec.a.strides[last] !== 0) return undefined;
  const sizes = [...shape, ...spec.reduce];
  const strides = stridesOf(b.shape);
  const axes = b.shape.map((size, d) =>
    sizes.findIndex((s, i) => sameSize(s, size) && sameSize(spec.b.strides[i]!, strides[d]!)),
  );
  const used = spec.b.strides.filter((s) => s !== 0).length;
  const complete = axes.every((i) => i >= last) && new Set(axes).size === axes.length && used === axes.length;
  // Cells are summed in the order in which winners count them.
  const cellAxes = winner.axes.map((axis) => axes[axis]!);
  const inOrder = cellAxes.every((i, n) => i > (cellAxes[n - 1] ?? last));
  return complete && inOrder ? { node: b, spec: winner, axes } : undefined;
}
