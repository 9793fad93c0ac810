/** Values that exist before anything is computed: constants, inputs and variables of a trace, counters, sizes. */
import type { DType, TypedArray } from "../../ir/dtype.ts";
import type { Shape, Size } from "../../ir/size.ts";
import { defineOp } from "../op.ts";
import type { Tensor } from "../tensor.ts";
import type { Variable } from "../variable.ts";

interface Typed {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Data known when the operation is recorded. */
export const constantOp = defineOp<Typed & { data: TypedArray }>({
  name: "constant",
  kind: "source",
  infer: (_, a) => a,
  lower: (a) => ({ kind: "source", source: "constant", data: a.data }),
});

/** Handed in at each call of a compiled function; `trace` is the trace it belongs to. */
export const inputOp = defineOp<Typed & { index: number; trace: object }>({
  name: "input",
  kind: "source",
  infer: (_, a) => a,
  lower: (a) => ({ kind: "source", source: "input", index: a.index }),
});

/** The value that a variable has when a call of a compiled function begins. */
export const variableOp = defineOp<Typed & { variable: Variable; trace: object }>({
  name: "variable",
  kind: "source",
  infer: (_, a) => a,
  lower: (a, _, __, context) => context.variable(a.variable),
});

/** The value of a variable outside any trace; it stays what it was when the variable changes. */
export const snapshotOp = defineOp<Typed & { variable: Variable }>({
  name: "variable",
  kind: "source",
  infer: (_, a) => a,
  lower: (a, _, __, context) => context.variable(a.variable),
});

export const iotaOp = defineOp<{ size: Size }>({
  name: "arange",
  kind: "source",
  infer: (_, a) => ({ shape: [a.size], dtype: "int32" }),
  lower: () => ({ kind: "source", source: "iota" }),
});

export const sizeOp = defineOp<{ size: Size }>({
  name: "sizeOf",
  kind: "source",
  infer: () => ({ shape: [], dtype: "int32" }),
  lower: (a) => ({ kind: "source", source: "size", size: a.size }),
});

/** A Tensor around `data`, which must not change afterwards. */
export function constant(data: TypedArray, shape: Shape, dtype: DType): Tensor {
  return constantOp([], { data, shape, dtype });
}

/** A scalar constant of a type that computes. */
export function scalarConstant(value: number, dtype: DType): Tensor {
  const data = dtype === "float32" ? new Float32Array([value]) : new Int32Array([value]);
  return constant(data, [], dtype);
}

/** The content of a constant tensor, if it is one. */
export function constantData(t: Tensor): TypedArray | undefined {
  return t.def === constantOp.def ? (t.attrs as { data: TypedArray }).data : undefined;
}

/** 0, 1, 2, … as int32; `size` may be symbolic. */
export function iota(size: Size): Tensor {
  return iotaOp([], { size });
}
