/** Tensors from nothing: constants, counters, sizes. */
import type { DType } from "../../ir/dtype.ts";
import { ShapeError } from "../../ir/errors.ts";
import type { Shape, Size } from "../../ir/size.ts";
import { staticSize } from "../../ir/size.ts";
import type { Operand } from "../operand.ts";
import { toTensor } from "../operand.ts";
import { placeOf } from "../scope.ts";
import { checkShape, wholeNumber } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { castTo } from "./convert.ts";
import { broadcast, reshapeTo } from "./move.ts";
import { constant, iota, scalarConstant, sizeOp } from "./source.ts";

/** `shape` filled with `value`; float32 unless `dtype` is given, bool for a truth value. */
export function full(
  shape: Shape,
  value: number | boolean,
  dtype: DType = typeof value === "boolean" ? "bool" : "float32",
): Tensor {
  checkShape("full", shape);
  const compute = dtype === "float32" ? "float32" : "int32";
  return castTo(broadcast(scalarConstant(Number(value), compute), shape, "full"), dtype);
}

/** `shape` filled with 0. */
export function zeros(shape: Shape, dtype: DType = "float32"): Tensor {
  return full(shape, 0, dtype);
}

/** `shape` filled with 1. */
export function ones(shape: Shape, dtype: DType = "float32"): Tensor {
  return full(shape, 1, dtype);
}

/** Zeros of the shape and type of `x`. */
export function zerosLike(x: Operand): Tensor {
  const t = toTensor(x);
  return zeros(t.shape, t.dtype);
}

/** Ones of the shape and type of `x`. */
export function onesLike(x: Operand): Tensor {
  const t = toTensor(x);
  return ones(t.shape, t.dtype);
}

/** A size, symbolic or not, as an int32 scalar. */
export function sizeOf(size: Size): Tensor {
  return typeof size === "number" ? scalarConstant(size, "int32") : sizeOp([], { size });
}

/**
 * Evenly spaced numbers from `start` (0 when only one number is given) up to but not including `stop`. int32 where all
 * three are whole, else float32. One symbolic size alone counts from 0. Throws ShapeError when `step` is 0.
 */
export function arange(start: Size, stop?: number, step = 1, dtype?: DType): Tensor {
  if (typeof start !== "number") return dtype === undefined ? iota(start) : castTo(iota(start), dtype);
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (step === 0 || ![from, to, step].every(Number.isFinite)) {
    throw new ShapeError({
      where: placeOf("arange"),
      problem: "the numbers do not describe a range",
      expected: "finite numbers and a step that is not 0",
      got: `start ${from}, stop ${to}, step ${step}`,
      try: "arange(stop), arange(start, stop) or arange(start, stop, step)",
    });
  }
  const n = wholeNumber("arange", "the number of elements", Math.max(0, Math.ceil((to - from) / step)), 0);
  const whole = [from, to, step].every(Number.isInteger);
  const type = dtype ?? (whole ? "int32" : "float32");
  const values = Float64Array.from({ length: n }, (_, i) => from + i * step);
  const data = type === "float32" ? Float32Array.from(values) : Int32Array.from(values);
  return castTo(constant(data, [n], type === "float32" ? "float32" : "int32"), type);
}

/** `count` evenly spaced float32 numbers from `start` to `stop`, both included. */
export function linspace(start: number, stop: number, count = 50): Tensor {
  const n = wholeNumber("linspace", "count", count, 0);
  const at = (i: number): number =>
    i === n - 1 && n > 1 ? stop : start + (i * (stop - start)) / Math.max(n - 1, 1);
  return constant(
    Float32Array.from({ length: n }, (_, i) => at(i)),
    [n],
    "float32",
  );
}

/** Ones where column - row = `k`, zeros elsewhere: the identity matrix for k = 0. Square unless `columns` is given. */
export function eye(rows: number, columns: number = rows, k = 0, dtype: DType = "float32"): Tensor {
  return diagonalMask("eye", rows, columns, dtype, (offset) => offset.equal(k));
}

/** Ones where column - row <= `k`, zeros elsewhere: a lower triangle. Square unless `columns` is given. */
export function tri(rows: number, columns: number = rows, k = 0, dtype: DType = "float32"): Tensor {
  return diagonalMask("tri", rows, columns, dtype, (offset) => offset.lessEqual(k));
}

function diagonalMask(
  op: string,
  rows: number,
  columns: number,
  dtype: DType,
  test: (columnMinusRow: Tensor) => Tensor,
): Tensor {
  checkShape(op, [rows, columns]);
  const row = reshapeTo(iota(staticSize(rows, op)), [rows, 1]);
  const column = iota(staticSize(columns, op));
  return castTo(test(column.sub(row)), dtype);
}
