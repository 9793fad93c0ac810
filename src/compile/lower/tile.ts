/** The geometry of a contraction's tile: which results it holds, and in which order their terms are added. */
import type { Size } from "../../ir/index.ts";
import { mulSize, sameSize } from "../../ir/index.ts";
import type { Ix } from "../ix.ts";

/** One axis of the contraction with the stride it has in each operand. */
export interface Axis {
  readonly size: Size;
  readonly a: Size;
  readonly b: Size;
}

/** A loop of the kernel over an output axis: `count` rounds of `unroll` neighbouring results. */
export interface Tile {
  readonly axis: number;
  readonly unroll: number;
}

/**
 * The terms of a tile in the order in which the elements of `a` lie in memory, so that each element is loaded once and
 * soon forgotten — if that leaves the terms of every result in their order.
 */
export function byElement<T extends { i: number; at: Ix }>(terms: readonly T[]): readonly T[] {
  const origin = terms[0]?.at;
  if (!origin || terms.length < 2) return terms;
  const distance = terms.map((t) => t.at.sub(origin).constant);
  const last = new Map<number, number>();
  for (const [n, t] of terms.entries()) {
    const d = distance[n];
    if (d === undefined || d <= (last.get(t.i) ?? Number.NEGATIVE_INFINITY)) return terms;
    last.set(t.i, d);
  }
  const order = terms.map((_, n) => n).sort((p, q) => distance[p]! - distance[q]! || p - q);
  return order.map((n) => terms[n]!);
}

/** For each distance that lies in a run of four with at least two others, where the run begins. */
export function neighbours(distances: readonly number[]): Map<number, number> {
  const sorted = [...new Set(distances)].sort((a, b) => a - b);
  const out = new Map<number, number>();
  for (let i = 0; i < sorted.length; ) {
    const first = sorted[i]!;
    const run = sorted.filter((d) => d >= first && d < first + 4);
    if (run.length >= 3) for (const d of run) out.set(d, first);
    i += run.length;
  }
  return out;
}

/** How many of `size` rows a tile takes: at most `room`, and a little fewer where nothing is left over then. */
export function fitting(size: number, room: number): number {
  for (let rows = room; 3 * rows >= 2 * room; rows--) if (size % rows === 0) return rows;
  return Math.min(size, room);
}

/** The tiles with another unrolling of one axis. */
export function retiled(tiles: readonly Tile[], axis: number, unroll: number): Tile[] {
  const others = tiles.filter((t) => t.axis !== axis);
  return (unroll > 1 ? [...others, { axis, unroll }] : others).sort((x, y) => x.axis - y.axis);
}

/** All combinations of tile offsets, the last axis fastest. */
export function placesOf(rows: readonly Tile[]): Map<number, number>[] {
  let all: Map<number, number>[] = [new Map()];
  for (const { axis, unroll } of rows) {
    all = all.flatMap((m) => Array.from({ length: unroll }, (_, i) => new Map([...m, [axis, i]])));
  }
  return all;
}

export function product(sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>(
    (all, n) => all.flatMap((x) => Array.from({ length: n }, (_, i) => [...x, i])),
    [[]],
  );
}

/** Reduce axes that follow each other in memory in both operands are one axis; the order of the sum stays. */
export function mergeSums(axes: readonly Axis[], keepFirst: boolean): Axis[] {
  const out: Axis[] = [];
  for (const x of axes) {
    const last = out[out.length - 1];
    if (x.size === 1 && !(keepFirst && out.length === 0)) continue;
    if (
      last &&
      !(keepFirst && out.length === 1) &&
      sameSize(last.a, mulSize(x.a, x.size)) &&
      sameSize(last.b, mulSize(x.b, x.size))
    ) {
      out[out.length - 1] = { size: mulSize(last.size, x.size), a: x.a, b: x.b };
    } else out.push(x);
  }
  return out;
}
