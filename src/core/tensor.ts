/**
 * Tensor: a lazy, immutable value. Operating on it checks shapes and types at once and records; reading it compiles and
 * runs what was recorded. Every method is the function of the same name with the tensor as first argument, and is
 * documented there. Longer than other files because it is the list of them.
 */
import type { DType, TypedArray } from "../ir/dtype.ts";
import type { Shape, Size } from "../ir/size.ts";
import { showShape } from "../ir/size.ts";
import type { BackendName } from "./backend.ts";
import { evaluate } from "./evaluate.ts";
import type { OpDef, Recorded } from "./op.ts";
import { recorder } from "./op.ts";
import type { Nested, Operand } from "./operand.ts";
import * as arithmetic from "./ops/arithmetic.ts";
import * as conversion from "./ops/cast.ts";
import * as compare from "./ops/compare.ts";
import type { ConvOptions, ConvTransposeOptions } from "./ops/conv.ts";
import * as convolution from "./ops/conv.ts";
import * as custom from "./ops/custom.ts";
import * as indexing from "./ops/gather.ts";
import * as linear from "./ops/linear.ts";
import * as math from "./ops/math.ts";
import type { PoolOptions } from "./ops/pool.ts";
import * as pooling from "./ops/pool.ts";
import type { Axis, ReduceOptions, VarianceOptions } from "./ops/reduce.ts";
import * as reduce from "./ops/reduce.ts";
import type { Bound, PadWidths } from "./ops/shape.ts";
import * as shaping from "./ops/shape.ts";
import type { CumsumOptions, SortOptions } from "./ops/sort.ts";
import * as order from "./ops/sort.ts";
import { formatArray, nest } from "./print.ts";
import { placeOf } from "./scope.ts";

/** Where to compute a value that is read. */
export interface ReadOptions {
  backend?: BackendName;
}

export class Tensor {
  readonly shape: Shape;
  readonly dtype: DType;
  /** How the value comes about. */
  readonly def: OpDef;
  readonly attrs: unknown;
  readonly inputs: readonly Tensor[];
  /** The operation and where it was called (`dense/matmul`). */
  readonly label: string;

  constructor(record: Recorded) {
    this.shape = record.shape;
    this.dtype = record.dtype;
    this.def = record.def;
    this.attrs = record.attrs;
    this.inputs = record.inputs;
    this.label = placeOf(record.op);
  }

  /** The number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** A copy of the elements in row-major order. Throws UsageError inside a compiled function. */
  async data(options: ReadOptions = {}): Promise<TypedArray> {
    return this.dataSync(options);
  }

  /** `data` at once, where the engine lives in this thread (Node, workers). */
  dataSync(options: ReadOptions = {}): TypedArray {
    return evaluate([this], options.backend)[0]!.slice();
  }

  /** The only element as a number. Throws ShapeError when there are several. */
  async item(): Promise<number> {
    const one = this.reshape([]);
    return one.dataSync()[0]!;
  }

  /** The elements as nested arrays; a number for a scalar, truth values for bool. */
  async toArray(): Promise<Nested> {
    return nest(this.dataSync(), this.shape as readonly number[], this.dtype);
  }

  /** The elements as text, laid out as NumPy does; long axes are shortened. */
  print(): string {
    return formatArray(this.dataSync(), this.shape as readonly number[], this.dtype);
  }

  /** `float32[2, 3]`: what is known without computing. */
  toString(): string {
    return `${this.dtype}${showShape(this.shape)}`;
  }

  add(b: Operand): Tensor {
    return arithmetic.add(this, b);
  }
  sub(b: Operand): Tensor {
    return arithmetic.sub(this, b);
  }
  mul(b: Operand): Tensor {
    return arithmetic.mul(this, b);
  }
  div(b: Operand): Tensor {
    return arithmetic.div(this, b);
  }
  floorDiv(b: Operand): Tensor {
    return arithmetic.floorDiv(this, b);
  }
  mod(b: Operand): Tensor {
    return arithmetic.mod(this, b);
  }
  pow(b: Operand): Tensor {
    return arithmetic.pow(this, b);
  }
  minimum(b: Operand): Tensor {
    return arithmetic.minimum(this, b);
  }
  maximum(b: Operand): Tensor {
    return arithmetic.maximum(this, b);
  }
  neg(): Tensor {
    return arithmetic.neg(this);
  }
  abs(): Tensor {
    return arithmetic.abs(this);
  }
  sign(): Tensor {
    return arithmetic.sign(this);
  }
  floor(): Tensor {
    return arithmetic.floor(this);
  }
  ceil(): Tensor {
    return arithmetic.ceil(this);
  }
  round(): Tensor {
    return arithmetic.round(this);
  }
  trunc(): Tensor {
    return arithmetic.trunc(this);
  }
  square(): Tensor {
    return arithmetic.square(this);
  }
  reciprocal(): Tensor {
    return arithmetic.reciprocal(this);
  }
  clip(low: Operand | null, high: Operand | null): Tensor {
    return arithmetic.clip(this, low, high);
  }
  /** `a` where this is true, else `b`. */
  where(a: Operand, b: Operand): Tensor {
    return arithmetic.where(this, a, b);
  }

  exp(): Tensor {
    return math.exp(this);
  }
  expm1(): Tensor {
    return math.expm1(this);
  }
  log(): Tensor {
    return math.log(this);
  }
  log1p(): Tensor {
    return math.log1p(this);
  }
  sqrt(): Tensor {
    return math.sqrt(this);
  }
  rsqrt(): Tensor {
    return math.rsqrt(this);
  }
  sin(): Tensor {
    return math.sin(this);
  }
  cos(): Tensor {
    return math.cos(this);
  }
  tanh(): Tensor {
    return math.tanh(this);
  }
  sigmoid(): Tensor {
    return math.sigmoid(this);
  }
  erf(): Tensor {
    return math.erf(this);
  }
  softplus(): Tensor {
    return math.softplus(this);
  }
  relu(): Tensor {
    return math.relu(this);
  }

  less(b: Operand): Tensor {
    return compare.less(this, b);
  }
  lessEqual(b: Operand): Tensor {
    return compare.lessEqual(this, b);
  }
  greater(b: Operand): Tensor {
    return compare.greater(this, b);
  }
  greaterEqual(b: Operand): Tensor {
    return compare.greaterEqual(this, b);
  }
  equal(b: Operand): Tensor {
    return compare.equal(this, b);
  }
  notEqual(b: Operand): Tensor {
    return compare.notEqual(this, b);
  }
  logicalAnd(b: Operand): Tensor {
    return compare.logicalAnd(this, b);
  }
  logicalOr(b: Operand): Tensor {
    return compare.logicalOr(this, b);
  }
  logicalXor(b: Operand): Tensor {
    return compare.logicalXor(this, b);
  }
  logicalNot(): Tensor {
    return compare.logicalNot(this);
  }
  isNaN(): Tensor {
    return compare.isNaN(this);
  }
  isFinite(): Tensor {
    return compare.isFinite(this);
  }
  cast(dtype: DType): Tensor {
    return conversion.cast(this, dtype);
  }
  stopGradient(): Tensor {
    return custom.stopGradient(this);
  }

  sum(axis: Axis = null, options: ReduceOptions = {}): Tensor {
    return reduce.sum(this, axis, options);
  }
  mean(axis: Axis = null, options: ReduceOptions = {}): Tensor {
    return reduce.mean(this, axis, options);
  }
  max(axis: Axis = null, options: ReduceOptions = {}): Tensor {
    return reduce.max(this, axis, options);
  }
  min(axis: Axis = null, options: ReduceOptions = {}): Tensor {
    return reduce.min(this, axis, options);
  }
  prod(axis: Axis = null, options: ReduceOptions = {}): Tensor {
    return reduce.prod(this, axis, options);
  }
  argmax(axis: number | null = null, options: ReduceOptions = {}): Tensor {
    return reduce.argmax(this, axis, options);
  }
  argmin(axis: number | null = null, options: ReduceOptions = {}): Tensor {
    return reduce.argmin(this, axis, options);
  }
  all(axis: Axis = null, options: ReduceOptions = {}): Tensor {
    return reduce.all(this, axis, options);
  }
  any(axis: Axis = null, options: ReduceOptions = {}): Tensor {
    return reduce.any(this, axis, options);
  }
  logSumExp(axis: Axis = null, options: ReduceOptions = {}): Tensor {
    return reduce.logSumExp(this, axis, options);
  }
  variance(axis: Axis = null, options: VarianceOptions = {}): Tensor {
    return reduce.variance(this, axis, options);
  }
  std(axis: Axis = null, options: VarianceOptions = {}): Tensor {
    return reduce.std(this, axis, options);
  }
  norm(axis: Axis = null, options: ReduceOptions = {}): Tensor {
    return reduce.norm(this, axis, options);
  }
  softmax(axis = -1): Tensor {
    return reduce.softmax(this, axis);
  }
  logSoftmax(axis = -1): Tensor {
    return reduce.logSoftmax(this, axis);
  }
  cumsum(axis: number | null = null, options: CumsumOptions = {}): Tensor {
    return order.cumsum(this, axis, options);
  }

  matmul(b: Operand): Tensor {
    return linear.matmul(this, b);
  }
  dot(b: Operand): Tensor {
    return linear.dot(this, b);
  }
  outer(b: Operand): Tensor {
    return linear.outer(this, b);
  }
  conv(kernel: Operand, options: ConvOptions = {}): Tensor {
    return convolution.conv(this, kernel, options);
  }
  convTranspose(kernel: Operand, options: ConvTransposeOptions = {}): Tensor {
    return convolution.convTranspose(this, kernel, options);
  }
  maxPool(options: PoolOptions = {}): Tensor {
    return pooling.maxPool(this, options);
  }
  averagePool(options: PoolOptions = {}): Tensor {
    return pooling.averagePool(this, options);
  }
  sumPool(options: PoolOptions = {}): Tensor {
    return pooling.sumPool(this, options);
  }

  reshape(shape: readonly (Size | -1)[]): Tensor {
    return shaping.reshape(this, shape);
  }
  transpose(axes?: readonly number[]): Tensor {
    return shaping.transpose(this, axes);
  }
  permute(axes: readonly number[]): Tensor {
    return shaping.permute(this, axes);
  }
  expandDims(axis: number | readonly number[]): Tensor {
    return shaping.expandDims(this, axis);
  }
  squeeze(axis?: number | readonly number[]): Tensor {
    return shaping.squeeze(this, axis);
  }
  broadcastTo(shape: Shape): Tensor {
    return shaping.broadcastTo(this, shape);
  }
  flatten(fromAxis = 0): Tensor {
    return shaping.flatten(this, fromAxis);
  }
  slice(
    starts: Bound | readonly Bound[],
    stops: Bound | readonly Bound[] = null,
    steps: number | readonly number[] = 1,
  ): Tensor {
    return shaping.slice(this, starts, stops, steps);
  }
  at(index: number, axis = 0): Tensor {
    return shaping.at(this, index, axis);
  }
  flip(axis: number | readonly number[] | null = null): Tensor {
    return shaping.flip(this, axis);
  }
  pad(widths: PadWidths, value = 0): Tensor {
    return shaping.pad(this, widths, value);
  }
  split(parts: number | readonly Size[], axis = 0): Tensor[] {
    return shaping.split(this, parts, axis);
  }
  roll(shift: number, axis: number | null = null): Tensor {
    return shaping.roll(this, shift, axis);
  }
  tile(times: number | readonly number[]): Tensor {
    return shaping.tile(this, times);
  }
  repeat(times: number, axis: number | null = null): Tensor {
    return shaping.repeat(this, times, axis);
  }

  take(indices: Operand, axis = 0): Tensor {
    return indexing.take(this, indices, axis);
  }
  gather(indices: Operand, axis = 0): Tensor {
    return indexing.take(this, indices, axis);
  }
  takeAlongAxis(indices: Operand, axis = -1): Tensor {
    return indexing.takeAlongAxis(this, indices, axis);
  }
  oneHot(depth: number): Tensor {
    return indexing.oneHot(this, depth);
  }
  sort(axis = -1, options: SortOptions = {}): Tensor {
    return order.sort(this, axis, options);
  }
  argsort(axis = -1, options: SortOptions = {}): Tensor {
    return order.argsort(this, axis, options);
  }
  topK(k: number): { values: Tensor; indices: Tensor } {
    return order.topK(this, k);
  }
}

recorder.record = (recorded) => new Tensor(recorded);
