/** The cotangent of a max pooling as an operand of a contraction, without putting it in memory. */
import { type Shape, sameSize, stridesOf, type Val, type WindowSpec } from "../../ir/index.ts";
import type { Segment } from "../evaluate.ts";
import type { CNode, SplitContractSpec, WinnerSpec } from "../graph.ts";
import { type Ix, LaneIx } from "../ix.ts";
import { along, type Context } from "./context.ts";

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

/**
 * One product for each list of `cells` (elements of the other operand that meet the cells of a window at `index`): in each lane that
 * of the winner, as the others would be multiplied by zero. Cells are told apart axis by axis, so that neighbours share
 * what they pick from. Lanes run along axis `lanesAxis` of the contraction.
 */
export function winnersProducts(
  { k, ev }: Context,
  { node, spec, axes }: InlineSpread,
  index: readonly Ix[],
  lanesAxis: number,
  cells: readonly (readonly Val[])[],
  lanes: number,
): Val[] {
  const [winner, g] = node.inputs as [CNode, CNode];
  const view = axes.map((axis, d): Segment => {
    const ix = index[axis]!;
    const window = spec.window[spec.axes.indexOf(d)];
    if (axis === lanesAxis) return { ix: along(ix, lanes), size: g.shape[d]! };
    return { ix: LaneIx.uniform(window === undefined ? ix : k.floorDiv(ix, window)), size: g.shape[d]! };
  });
  const code = ev.value(winner, view, lanes);
  const isCell = cells[0]!.map((_, c) => k.prim("ieq", code, k.i32(c, lanes)));
  const strides = stridesOf(spec.window) as number[];
  const pick = (at: readonly Val[], axis: number, from: number): Val => {
    const side = spec.window[axis];
    if (side === undefined) return k.splat(at[from]!, lanes);
    let picked = pick(at, axis + 1, from);
    for (let d = 1; d < side; d++) {
      const here = isCell.filter((_, c) => Math.floor(c / strides[axis]!) % side === d);
      const won = here.reduce((p, q) => k.prim("bor", p, q));
      picked = k.select(won, pick(at, axis + 1, from + d * strides[axis]!), picked);
    }
    return picked;
  };
  const value = k.splat(ev.value(g, view, lanes), lanes);
  return cells.map((at) => k.prim("fmul", pick(at, 0, 0), value));
}
