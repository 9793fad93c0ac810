/**
 * Reductions over compressed rows: `values` [n, …] and `ptr` int32 [rows + 1], ascending from 0 to n; row r holds the
 * values ptr[r] … ptr[r + 1] - 1. An empty row gives 0 (PyTorch Geometric's choice).
 */
import { ShapeError } from "../../ir/errors.ts";
import type { SegmentSpec } from "../../ir/program.ts";
import type { Size } from "../../ir/size.ts";
import { addSize, showShape } from "../../ir/size.ts";
import { defineOp } from "../op.ts";
import type { Operand } from "../operand.ts";
import { toCompute, toFloat, toIndices } from "../operand.ts";
import { placeOf } from "../scope.ts";
import type { Tensor } from "../tensor.ts";
import { maximum, where } from "./arithmetic.ts";
import { castTo } from "./convert.ts";
import { stopGradient } from "./custom.ts";
import { take } from "./gather.ts";
import { exp } from "./math.ts";
import { reshapeTo, sliceTo } from "./move.ts";
import { segmentIdsOp } from "./rows.ts";

function segmentOp(
  name: string,
  fn: Exclude<SegmentSpec["fn"], "ids">,
  rule: (g: Tensor, x: Tensor, ptr: Tensor, y: Tensor) => Tensor,
) {
  return defineOp<object>({
    name,
    kind: "segment",
    infer: ([x, ptr]) => ({ shape: [addSize(ptr!.shape[0]!, -1), ...x!.shape.slice(1)], dtype: x!.dtype }),
    lower: () => ({ kind: "segment", fn }),
    gradient: (g, [x, ptr], y) => [rule(g, x!, ptr!, y), undefined],
  });
}

/** The value of its row, for each value. */
function spread(rows: Tensor, ptr: Tensor, size: Size): Tensor {
  return take(rows, segmentIdsOp([ptr], { size }), 0);
}

/** Equal extreme values of a row share the gradient evenly. */
function shareEvenly(g: Tensor, x: Tensor, ptr: Tensor, y: Tensor): Tensor {
  const size = x.shape[0]!;
  const winners = stopGradient(castTo(x.equal(spread(y, ptr, size)), "float32"));
  return spread(g.div(maximum(segmentSum(winners, ptr), 1)), ptr, size).mul(winners);
}

/** The product of the other values of the row, also where values are 0. */
function shareOfProduct(g: Tensor, x: Tensor, ptr: Tensor): Tensor {
  const size = x.shape[0]!;
  const zero = stopGradient(x.equal(0));
  const rest = segmentProd(where(zero, 1, x), ptr);
  const zeros = stopGradient(segmentSum(castTo(zero, "float32"), ptr));
  const whole = spread(where(zeros.equal(0), g.mul(rest), 0), ptr, size).div(where(zero, 1, x));
  return where(zero, spread(where(zeros.equal(1), g.mul(rest), 0), ptr, size), whole);
}

const sumOp = segmentOp("segmentSum", "sum", (g, x, ptr) => spread(g, ptr, x.shape[0]!));
const maxOp = segmentOp("segmentMax", "max", shareEvenly);
const minOp = segmentOp("segmentMin", "min", shareEvenly);
const prodOp = segmentOp("segmentProd", "prod", shareOfProduct);

function rowPointers(op: string, ptr: Operand, values?: Tensor): Tensor {
  const p = toIndices(op, ptr);
  if (p.rank !== 1 || p.shape[0] === 0 || values?.rank === 0) {
    throw new ShapeError({
      where: placeOf(op),
      problem: "the rows are not understood",
      expected: "values [n, …] and ptr [rows + 1]",
      got: `${values === undefined ? "" : `values ${showShape(values.shape)}, `}ptr ${showShape(p.shape)}`,
      try: "ptr begins with 0 and ends with the number of values",
    });
  }
  return p;
}

/** The sum of each row: [n, …] → [rows, …]. Throws ShapeError when `ptr` is not one row of pointers. */
export function segmentSum(values: Operand, ptr: Operand): Tensor {
  const t = toCompute(values);
  return sumOp([t, rowPointers("segmentSum", ptr, t)], {});
}

/** The product of each row; 1 for an empty one. */
export function segmentProd(values: Operand, ptr: Operand): Tensor {
  const t = toCompute(values);
  return prodOp([t, rowPointers("segmentProd", ptr, t)], {});
}

/** The largest value of each row; 0 for an empty one. */
export function segmentMax(values: Operand, ptr: Operand): Tensor {
  const t = toCompute(values);
  return maxOp([t, rowPointers("segmentMax", ptr, t)], {});
}

/** The smallest value of each row; 0 for an empty one. */
export function segmentMin(values: Operand, ptr: Operand): Tensor {
  const t = toCompute(values);
  return minOp([t, rowPointers("segmentMin", ptr, t)], {});
}

/** The mean of each row in float32; 0 for an empty one. */
export function segmentMean(values: Operand, ptr: Operand): Tensor {
  const t = toFloat(values);
  const p = rowPointers("segmentMean", ptr, t);
  const rows = addSize(p.shape[0]!, -1);
  const count = sliceTo(p, [rows], [1], [1]).sub(sliceTo(p, [rows], [0], [1]));
  const each = reshapeTo(castTo(maximum(count, 1), "float32"), [rows, ...t.shape.slice(1).map(() => 1)]);
  return segmentSum(t, p).div(each);
}

/** exp(v) / Σ exp(v) within each row, without overflow: [n, …] → [n, …]. */
export function segmentSoftmax(values: Operand, ptr: Operand): Tensor {
  const t = toFloat(values);
  const p = rowPointers("segmentSoftmax", ptr, t);
  const size = t.shape[0]!;
  const e = exp(t.sub(stopGradient(spread(segmentMax(t, p), p, size))));
  return e.div(spread(segmentSum(e, p), p, size));
}

/** The number of its row for each of `n` values: int32 [n]. */
export function segmentIds(ptr: Operand, n: Size): Tensor {
  return segmentIdsOp([rowPointers("segmentIds", ptr)], { size: n });
}
