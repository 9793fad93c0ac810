/** A max pooling in the tile of the contraction before it: which windows the tile holds, and the largest of each. */
import type { Val, WindowSpec } from "../../ir/index.ts";
import type { KernelBuilder } from "../builder.ts";
import type { Tile } from "./tile.ts";

/**
 * Whole windows: two along the last pooled axis where there is `room` for the sums of both, so that one is added up while the other
 * is compared.
 */
export function windowTiles({ axes, window }: WindowSpec, room: number): Tile[] {
  const cells = window.reduce((p, q) => p * q, 1);
  const last = axes.length - 1;
  return axes.map((axis, i) => ({ axis, unroll: window[i]! * (i === last && 2 * cells <= room ? 2 : 1) }));
}

/** The places of a tile (their offsets along its axes) window by window, those of a window in order. */
export function byWindow(
  offsets: readonly ReadonlyMap<number, number>[],
  { axes, window }: WindowSpec,
): readonly (readonly number[])[] {
  const windows = new Map<string, number[]>();
  for (const [i, offset] of offsets.entries()) {
    const at = axes.map((axis, d) => Math.floor((offset.get(axis) ?? 0) / window[d]!)).join();
    windows.set(at, [...(windows.get(at) ?? []), i]);
  }
  return [...windows.values()];
}

/**
 * The largest value, and which it is: the first of equal ones, the last NaN. Halves are compared with each other, as a chain
 * of comparisons would keep the processor waiting.
 */
export function largest(
  k: KernelBuilder,
  values: readonly Val[],
  lanes: number,
  first = 0,
): { best: Val; winner: Val } {
  if (values.length === 1) return { best: k.splat(values[0]!, lanes), winner: k.i32(first, lanes) };
  const half = Math.ceil(values.length / 2);
  const p = largest(k, values.slice(0, half), lanes, first);
  const q = largest(k, values.slice(half), lanes, first + half);
  const wins = k.prim("bor", k.prim("flt", p.best, q.best), k.prim("fne", q.best, q.best));
  return { best: k.select(wins, q.best, p.best), winner: k.select(wins, q.winner, p.winner) };
}
