/**
 * Indexing by integers. Positions that are known when the operation is recorded are checked, and negative ones count
 * from the end; positions computed in a program read 0 where they are out of range, and write nowhere.
 */
import { ShapeError } from "../../ir/errors.ts";
import type { Shape, Size } from "../../ir/size.ts";
import { sameSize, showShape } from "../../ir/size.ts";
import type { Op } from "../op.ts";
import { defineOp } from "../op.ts";
import type { Operand } from "../operand.ts";
import { toCompute, toIndices, toTensor } from "../operand.ts";
import { placeOf } from "../scope.ts";
import { axisOf, broadcastShapes } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { castTo } from "./convert.ts";
import { broadcast, reshapeTo } from "./move.ts";
import { segmentIdsOp } from "./rows.ts";
import { segmentSum } from "./segment.ts";
import { constant, constantData, iota } from "./source.ts";

interface TakeAttrs {
  readonly axis: number;
}

const takeOp: Op<TakeAttrs> = defineOp<TakeAttrs>({
  name: "take",
  kind: "gather",
  infer: ([x, i], { axis }) => ({
    shape: [...x!.shape.slice(0, axis), ...i!.shape, ...x!.shape.slice(axis + 1)],
    dtype: x!.dtype,
  }),
  lower: ({ axis }) => ({ kind: "gather", fn: "take", axis }),
  gradient: (g, [x, i], _, { axis }) => [scatter(g, i!, axis, x!.shape), undefined],
});

const takeAddOp = defineOp<TakeAttrs & { shape: Shape }>({
  name: "scatterAdd",
  kind: "gather",
  infer: ([u], { shape }) => ({ shape, dtype: u!.dtype }),
  lower: ({ axis }) => ({ kind: "gather", fn: "takeAdd", axis }),
  gradient: (g, [, i], _, { axis }) => [takeOp([g, i!], { axis }), undefined],
});

/** The adjoint of `take`. Positions that number compressed rows make it a sum over rows, which needs no scatter. */
function scatter(g: Tensor, indices: Tensor, axis: number, shape: Shape): Tensor {
  return axis === 0 && indices.def === segmentIdsOp.def
    ? segmentSum(g, indices.inputs[0]!)
    : takeAddOp([g, indices], { axis, shape });
}

const alongOp: Op<TakeAttrs> = defineOp<TakeAttrs>({
  name: "takeAlongAxis",
  kind: "gather",
  infer: ([x, i]) => ({ shape: i!.shape, dtype: x!.dtype }),
  lower: ({ axis }) => ({ kind: "gather", fn: "along", axis }),
  gradient: (g, [x, i], _, { axis }) => [alongAddOp([g, i!], { axis, shape: x!.shape }), undefined],
});

const alongAddOp = defineOp<TakeAttrs & { shape: Shape }>({
  name: "takeAlongAxis",
  kind: "gather",
  infer: ([u], { shape }) => ({ shape, dtype: u!.dtype }),
  lower: ({ axis }) => ({ kind: "gather", fn: "alongAdd", axis }),
  gradient: (g, [, i], _, { axis }) => [alongOp([g, i!], { axis }), undefined],
});

/** Positions along an axis of `size`: checked, and negative ones counted from the end, where they are known. */
function positions(op: string, indices: Operand, size: Size): Tensor {
  const t = toIndices(op, indices);
  const data = constantData(t);
  if (data === undefined || typeof size !== "number") return t;
  const bad = data.findIndex((i) => i < -size || i >= size);
  if (bad >= 0) {
    throw new ShapeError({
      where: placeOf(op),
      problem: "an index is out of range",
      expected: size === 0 ? "no index, the axis is empty" : `indices from ${-size} to ${size - 1}`,
      got: `${data[bad]} at position ${bad}`,
      try: "indices count from 0",
      details: { index: bad },
    });
  }
  if (!data.some((i) => i < 0)) return t;
  return constant(
    Int32Array.from(data, (i) => (i < 0 ? i + size : i)),
    t.shape,
    "int32",
  );
}

/**
 * The parts of `x` at `indices` along `axis` (0), which is replaced by the axes of `indices`. Throws ShapeError when a
 * known index is out of range, DTypeError when indices are floats.
 */
export function take(x: Operand, indices: Operand, axis = 0): Tensor {
  const t = toTensor(x);
  const a = axisOf("take", axis, t.rank);
  return takeOp([t, positions("take", indices, t.shape[a]!)], { axis: a });
}

/** The rows of `x` at `indices`, as `take` along the first axis; a position out of range reads 0, also where it is known. */
export function takeOrZero(x: Operand, indices: Operand): Tensor {
  const t = toTensor(x);
  axisOf("takeOrZero", 0, t.rank);
  return takeOp([t, toIndices("takeOrZero", indices)], { axis: 0 });
}

/** `take` by its other name. */
export const gather = take;

/** out[…, k, …] = x[…, indices[…, k, …], …] on `axis`; the other axes broadcast. */
export function takeAlongAxis(x: Operand, indices: Operand, axis = -1): Tensor {
  const op = "takeAlongAxis";
  const t = toTensor(x);
  const a = axisOf(op, axis, t.rank);
  const i = positions(op, indices, t.shape[a]!);
  if (i.rank !== t.rank) {
    throw new ShapeError({
      where: placeOf(op),
      problem: "the indices have another rank than the values",
      expected: `rank ${t.rank}`,
      got: showShape(i.shape),
      try: "add the axis with expandDims, or use take",
    });
  }
  const drop = (s: Shape): Shape => s.map((n, k) => (k === a ? 1 : n));
  const others = broadcastShapes(op, drop(t.shape), drop(i.shape));
  const fit = (v: Tensor): Tensor =>
    broadcast(
      v,
      others.map((n, k) => (k === a ? v.shape[a]! : n)),
      op,
    );
  return alongOp([fit(t), fit(i)], { axis: a });
}

/** 1 at the position given by each index and 0 elsewhere, along a new last axis of `depth`. Out of range: all 0. */
export function oneHot(indices: Operand, depth: number): Tensor {
  const i = toIndices("oneHot", indices);
  return castTo(reshapeTo(i, [...i.shape, 1]).equal(iota(depth)), "float32");
}

/** Options of `scatterAdd`. */
export interface ScatterOptions {
  /** The size of the new axis. */
  size: Size;
  /** Where the axes of the indices stand in `updates`; 0 unless given. */
  axis?: number;
}

/**
 * Zeros with `updates` added at `indices` along `axis` of size `size`: the adjoint of `take`. Equal indices add up, in
 * their order. Throws ShapeError when the axes of `updates` are not those of `indices` at that place.
 */
export function scatterAdd(indices: Operand, updates: Operand, { size, axis = 0 }: ScatterOptions): Tensor {
  const u = toCompute(updates);
  const i = positions("scatterAdd", indices, size);
  const a = axisOf("scatterAdd", axis, Math.max(u.rank - i.rank + 1, 1));
  const own = u.shape.slice(a, a + i.rank);
  if (own.length !== i.rank || own.some((s, k) => !sameSize(s, i.shape[k]!))) {
    throw new ShapeError({
      where: placeOf("scatterAdd"),
      problem: "the updates do not fit the indices",
      expected: `updates with the axes ${showShape(i.shape)} from axis ${a} on`,
      got: showShape(u.shape),
      try: "give one update for each index",
    });
  }
  return takeAddOp([u, i], { axis: a, shape: [...u.shape.slice(0, a), size, ...u.shape.slice(a + i.rank)] });
}
