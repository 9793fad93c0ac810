/** Points of several events, with a search tree for each. */
import { DataError, ShapeError, UsageError } from "../../ir/errors.ts";
import { type FieldInput, graphArray } from "../data.ts";
import { EdgeIndex } from "../edge-index.ts";
import { type Found, KdTree } from "./kd-tree.ts";

/** Which end of an edge the point is whose neighbours were searched: its target, or its source. */
export type Flow = "sourceToTarget" | "targetToSource";

/** Points as they are searched. */
export interface Points {
  readonly data: Float64Array;
  readonly axes: number;
  readonly count: number;
  /** Where each event begins, and the end. */
  readonly starts: readonly number[];
}

/**
 * Reads points [points, axes] (or [points]) and the event of each, ascending.
 *
 * @throws ShapeError for another shape, DataError for values that are not finite or events that are not in order.
 */
export function readPoints(where: string, x: FieldInput, batch: FieldInput | undefined): Points {
  const { data, shape } = graphArray("pos", x);
  const count = shape[0] ?? 0;
  if (shape.length < 1 || shape.length > 2) {
    throw new ShapeError({
      where,
      problem: "these are no points",
      expected: "[points, axes]",
      got: `[${shape.join(", ")}]`,
      try: "one row for each point",
    });
  }
  const bad = data.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) {
    throw new DataError({
      where,
      problem: "a coordinate is not finite",
      expected: "finite numbers",
      got: `${data[bad]} at position ${bad}`,
      try: "remove the point, or give it a place",
    });
  }
  return { data: Float64Array.from(data), axes: shape[1] ?? 1, count, starts: startsOf(where, batch, count) };
}

function startsOf(where: string, batch: FieldInput | undefined, count: number): number[] {
  if (batch === undefined) return [0, count];
  const { data: event, shape } = graphArray("batch", batch);
  if (shape.length !== 1 || event.length !== count) {
    throw new ShapeError({
      where: `${where}, batch`,
      problem: "there must be one event number for each point",
      expected: `[${count}]`,
      got: `[${shape.join(", ")}]`,
      try: "pass the batch of the points",
    });
  }
  const starts = [0];
  for (let i = 1; i < count; i++) {
    if (event[i]! > event[i - 1]!) starts.push(i);
    if (event[i]! >= event[i - 1]!) continue;
    throw new DataError({
      where: `${where}, batch`,
      problem: "the points of an event do not stand together",
      expected: "event numbers in ascending order",
      got: `${event[i]} after ${event[i - 1]} at position ${i}`,
      try: "sort the points by their event",
    });
  }
  return [...starts, count];
}

/** Edges between every point and what is found for it within its event, points in order, nearest neighbours first. */
export function searchEvents(
  points: Points,
  most: number,
  { loop, flow, limit }: { loop: boolean; flow: Flow; limit?: number },
): EdgeIndex {
  const { data, axes, count, starts } = points;
  const room = Math.min(most, count);
  const found: Found = { count: 0, index: new Int32Array(room), distance: new Float64Array(room) };
  // Trees are walked leaf by leaf; the edges are put in the order of the points afterwards.
  const size = new Int32Array(count + 1);
  const list = new Int32Array(count * room);
  for (let e = 0; e + 1 < starts.length; e++) {
    const tree = new KdTree(data, axes, starts[e]!, starts[e + 1]!);
    for (const p of tree.order) {
      tree.search(data, p * axes, found, loop ? -1 : p, limit);
      size[p] = found.count;
      for (let i = 0; i < found.count; i++) list[p * room + i] = found.index[i]!;
    }
  }
  const edges = size.reduce((a, b) => a + b, 0);
  const centre = new Int32Array(edges);
  const neighbour = new Int32Array(edges);
  let at = 0;
  for (let p = 0; p < count; p++) {
    for (let i = 0; i < size[p]!; i++) {
      centre[at] = p;
      neighbour[at++] = list[p * room + i]!;
    }
  }
  return new EdgeIndex(flow === "sourceToTarget" ? [neighbour, centre] : [centre, neighbour], count);
}

/** Throws UsageError unless `value` is a whole number of 1 or more. */
export function checkCount(where: string, name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new UsageError({
    where,
    problem: `${name} makes no sense`,
    expected: "a whole number of 1 or more",
    got: String(value),
    try: `${name} = 8`,
  });
}
