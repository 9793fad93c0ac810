/** What an operation accepts where a Tensor is meant, and the types in which operands meet. */
import type { DType, TypedArray } from "../ir/dtype.ts";
import { arrayOf, promote, toTyped } from "../ir/dtype.ts";
import { DTypeError, ShapeError } from "../ir/errors.ts";
import type { Shape } from "../ir/size.ts";
import { countOf, showShape } from "../ir/size.ts";
import { castTo } from "./ops/convert.ts";
import { constant } from "./ops/source.ts";
import { placeOf } from "./scope.ts";
import { checkShape } from "./shape.ts";
import { Tensor } from "./tensor.ts";
import { Variable } from "./variable.ts";

/** Numbers in brackets, as deep as the rank. */
export type Nested = number | boolean | readonly Nested[];
/** A Tensor, or whatever stands for one. Plain numbers take the type of what they meet. */
export type Operand = Tensor | Variable | Nested | TypedArray | Float64Array;

function isTyped(x: unknown): x is TypedArray | Float64Array {
  return ArrayBuffer.isView(x) && !(x instanceof DataView);
}

/** The shape of brackets, all rows equally long. */
export function nestedShape(op: string, values: Nested): number[] {
  const shape: number[] = [];
  let level: Nested = values;
  while (Array.isArray(level)) {
    shape.push(level.length);
    level = level[0] as Nested;
    if (level === undefined) break;
  }
  const ragged = (at: Nested, depth: number): boolean =>
    Array.isArray(at)
      ? at.length !== shape[depth] || at.some((x: Nested) => ragged(x, depth + 1))
      : depth !== shape.length;
  if (ragged(values, 0)) {
    throw new ShapeError({
      where: placeOf(op),
      problem: "the nested arrays are ragged",
      expected: `every row like the first one, ${showShape(shape)}`,
      got: "rows of different lengths or depths",
      try: "pad the rows to one length",
    });
  }
  return shape;
}

function leaves(values: Nested, into: (number | boolean)[] = []): (number | boolean)[] {
  if (Array.isArray(values)) for (const v of values) leaves(v as Nested, into);
  else into.push(values as number | boolean);
  return into;
}

const int32Range = (x: number): boolean => Number.isInteger(x) && x >= -(2 ** 31) && x < 2 ** 31;

/** The element type of values of JavaScript: what the array is made for, else float32 for numbers and bool for truth. */
function naturalType(values: TypedArray | Float64Array | readonly (number | boolean)[]): DType {
  if (values instanceof Int32Array) return "int32";
  if (values instanceof Uint8Array || values instanceof Uint8ClampedArray) return "uint8";
  if (isTyped(values)) return "float32";
  return values.length > 0 && values.every((v) => typeof v === "boolean") ? "bool" : "float32";
}

function checkWhole(op: string, values: ArrayLike<number | boolean>, dtype: DType): void {
  if (dtype === "float32" || dtype === "bool") return;
  const fits = dtype === "int32" ? int32Range : (x: number) => Number.isInteger(x) && x >= 0 && x <= 255;
  for (let i = 0; i < values.length; i++) {
    const v = Number(values[i]);
    if (fits(v)) continue;
    throw new DTypeError({
      where: placeOf(op),
      problem: `a value does not fit ${dtype}`,
      expected: dtype === "int32" ? "whole numbers from -2^31 to 2^31 - 1" : "whole numbers from 0 to 255",
      got: `${v} at position ${i}`,
      try: "use float32, or round the values first",
      details: { index: i },
    });
  }
}

/** Options of `tensor`. */
export interface TensorOptions {
  dtype?: DType;
  shape?: Shape;
}

/**
 * A Tensor with the given content, which is copied. Numbers make float32 unless `dtype` says otherwise; typed arrays keep
 * their type; `shape` lays flat values out row by row. Throws ShapeError when the count does not fit the shape, DTypeError
 * when a value does not fit the type.
 */
export function tensor(values: Operand, options: TensorOptions = {}): Tensor {
  if (values instanceof Tensor || values instanceof Variable) {
    const t = values instanceof Tensor ? values : values.value;
    const typed = options.dtype === undefined ? t : castTo(t, options.dtype);
    return options.shape === undefined ? typed : typed.reshape(options.shape);
  }
  const flat = isTyped(values) ? values : leaves(values);
  const natural = isTyped(values) ? [values.length] : nestedShape("tensor", values);
  const shape = options.shape ?? natural;
  checkShape("tensor", shape);
  if (countOf(shape) !== flat.length) {
    throw new ShapeError({
      where: placeOf("tensor"),
      problem: "the number of values does not fit the shape",
      expected: `${countOf(shape)} values for ${showShape(shape)}`,
      got: `${flat.length} values`,
      try: "check the shape; sizes multiply to the number of values",
    });
  }
  const dtype = options.dtype ?? naturalType(flat);
  if (dtype !== naturalType(flat)) checkWhole("tensor", flat as ArrayLike<number>, dtype);
  return constant(toTyped(dtype, flat as ArrayLike<number>), shape, dtype);
}

/** A scalar Tensor. Error: DTypeError when the value does not fit `dtype` (float32 unless given). */
export function scalar(
  value: number | boolean,
  dtype: DType = typeof value === "boolean" ? "bool" : "float32",
): Tensor {
  return tensor(value, { dtype });
}

/** One operand as a Tensor; plain numbers become float32, truth values bool. */
export function toTensor(x: Operand): Tensor {
  return x instanceof Tensor ? x : x instanceof Variable ? x.value : tensor(x);
}

function isWeak(x: Operand): x is Nested {
  return !(x instanceof Tensor) && !(x instanceof Variable) && !isTyped(x);
}

/**
 * Operands in their common type for arithmetic: float32 if any is float32, else int32. Plain numbers are weak: they join
 * int32 when they are whole, and make the result float32 when they are not.
 */
export function meet(op: string, operands: readonly Operand[]): Tensor[] {
  const strong = operands.filter((x) => !isWeak(x)).map((x) => toTensor(x).dtype);
  const strongType = strong.length === 0 ? undefined : strong.reduce<DType>(promote, strong[0]!);
  const common: DType =
    strongType === undefined
      ? "float32"
      : strongType === "float32"
        ? "float32"
        : operands.filter(isWeak).every((x) => leaves(x).every((v) => int32Range(Number(v))))
          ? "int32"
          : "float32";
  return operands.map((x) => (isWeak(x) ? weakTensor(op, x, common) : castTo(toTensor(x), common)));
}

function weakTensor(op: string, x: Nested, dtype: DType): Tensor {
  const flat = leaves(x).map(Number);
  const data = arrayOf[dtype](flat.length);
  data.set(flat);
  return constant(data, nestedShape(op, x), dtype);
}

/** An operand as float32. */
export function toFloat(x: Operand): Tensor {
  return castTo(toTensor(x), "float32");
}

/** An operand in a type that computes: uint8 and bool become int32. */
export function toCompute(x: Operand): Tensor {
  const t = toTensor(x);
  return t.dtype === "uint8" || t.dtype === "bool" ? castTo(t, "int32") : t;
}

/** An operand as truth values: a number is true where it is not 0. */
export function toBool(x: Operand): Tensor {
  return castTo(toTensor(x), "bool");
}

/** Positions as int32; floats are refused unless they are plain whole numbers. */
export function toIndices(op: string, x: Operand): Tensor {
  if (isWeak(x)) {
    checkWhole(op, leaves(x).map(Number), "int32");
    return weakTensor(op, x, "int32");
  }
  const t = toTensor(x);
  if (t.dtype === "float32") {
    throw new DTypeError({
      where: placeOf(op),
      problem: "indices must be integers",
      expected: "int32 or uint8",
      got: t.dtype,
      try: 'use .cast("int32")',
    });
  }
  return castTo(t, "int32");
}
