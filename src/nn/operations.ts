/**
 * The operations that Keras records beside layers, `x + 1` or `ops.mean(x, axis=1)`: its names, and what they compute here.
 * To add one: a row, with the module in which Keras has the class.
 */
import { concat, stack, type Tensor, tensor } from "../core/index.ts";
import { activations } from "./activations.ts";

/** An argument as a file has it, with tensors in the places of tensors. */
export type Operand =
  | Tensor
  | number
  | boolean
  | string
  | null
  | { readonly [key: string]: Operand }
  | readonly Operand[];

/** What the class was made with, by Keras's names. */
export type OperationOptions = Readonly<Record<string, unknown>>;

export interface Operation {
  /** The last part of `keras.src.ops.…`. */
  readonly module: "numpy" | "nn" | "core";
  compute(args: readonly Operand[], options: OperationOptions): Tensor;
}

const float = (x: Tensor): Tensor => (x.dtype === "float32" ? x : x.cast("float32"));

type Unary = (x: Tensor) => Tensor;
const unary = (fn: Unary, module: Operation["module"] = "numpy"): Operation => ({
  module,
  compute: ([x]) => fn(x as Tensor),
});

type Number = Tensor | number;
/** One of the two may be a number; the first is then made a tensor. */
const binary = (fn: (a: Tensor, b: Number) => Tensor): Operation => ({
  module: "numpy",
  compute: ([a, b]) => {
    const first = typeof a === "number" ? tensor(a, { dtype: "float32" }) : (a as Tensor);
    return fn(first, b as Number);
  },
});

type Axes = number | readonly number[] | null;
const reduction = (
  fn: (x: Tensor, axis: Axes, options: { readonly keepdims: boolean }) => Tensor,
): Operation => ({
  module: "numpy",
  compute: ([x], { axis = null, keepdims = false }) =>
    fn(x as Tensor, axis as Axes, { keepdims: keepdims === true }),
});

const activation = (fn: Unary): Operation => unary((x) => fn(float(x)), "nn");

/** By Keras's class names. */
export const operations: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ["Add", binary((a, b) => a.add(b))],
  ["Subtract", binary((a, b) => a.sub(b))],
  ["Multiply", binary((a, b) => a.mul(b))],
  ["TrueDivide", binary((a, b) => float(a).div(b))],
  ["Divide", binary((a, b) => float(a).div(b))],
  ["FloorDivide", binary((a, b) => a.floorDiv(b))],
  ["Mod", binary((a, b) => a.mod(b))],
  ["Power", binary((a, b) => a.pow(b))],
  ["Maximum", binary((a, b) => a.maximum(b))],
  ["Minimum", binary((a, b) => a.minimum(b))],
  ["Matmul", binary((a, b) => a.matmul(b))],

  ["Negative", unary((x) => x.neg())],
  ["Absolute", unary((x) => x.abs())],
  ["Square", unary((x) => x.square())],
  ["Sqrt", unary((x) => float(x).sqrt())],
  ["Reciprocal", unary((x) => float(x).reciprocal())],
  ["Exp", unary((x) => float(x).exp())],
  ["Expm1", unary((x) => float(x).expm1())],
  ["Log", unary((x) => float(x).log())],
  ["Log1p", unary((x) => float(x).log1p())],
  ["Sin", unary((x) => float(x).sin())],
  ["Cos", unary((x) => float(x).cos())],
  ["Tanh", unary((x) => float(x).tanh())],
  ["Sign", unary((x) => x.sign())],
  ["Floor", unary((x) => x.floor())],
  ["Ceil", unary((x) => x.ceil())],
  ["Trunc", unary((x) => x.trunc())],

  ["Relu", activation(activations.relu)],
  ["Relu6", activation(activations.relu6)],
  ["Sigmoid", activation(activations.sigmoid)],
  ["Softplus", activation(activations.softplus)],
  ["Softsign", activation(activations.softsign)],
  ["Silu", activation(activations.silu)],
  ["Selu", activation(activations.selu)],
  ["HardSigmoid", activation(activations.hardSigmoid)],
  [
    "LeakyRelu",
    {
      module: "nn",
      compute: ([x], { negative_slope: slope = 0.2 }) =>
        (x as Tensor).maximum(0).add((x as Tensor).minimum(0).mul(slope as number)),
    },
  ],
  [
    "Softmax",
    { module: "nn", compute: ([x], { axis = -1 }) => float(x as Tensor).softmax((axis ?? -1) as number) },
  ],

  ["Sum", reduction((x, axis, options) => x.sum(axis, options))],
  ["Mean", reduction((x, axis, options) => float(x).mean(axis, options))],
  ["Max", reduction((x, axis, options) => x.max(axis, options))],
  ["Min", reduction((x, axis, options) => x.min(axis, options))],
  ["Prod", reduction((x, axis, options) => x.prod(axis, options))],
  ["Var", reduction((x, axis, options) => float(x).variance(axis, options))],
  ["Std", reduction((x, axis, options) => float(x).std(axis, options))],

  [
    "Clip",
    {
      module: "numpy",
      compute: ([x], { x_min: low, x_max: high }) => (x as Tensor).clip(low as number, high as number),
    },
  ],
  [
    "Reshape",
    {
      module: "numpy",
      compute: ([x], { newshape }) => (x as Tensor).reshape([newshape].flat() as number[]),
    },
  ],
  [
    "Transpose",
    {
      module: "numpy",
      compute: ([x], { axes }) => (x as Tensor).transpose((axes ?? undefined) as number[] | undefined),
    },
  ],
  ["ExpandDims", { module: "numpy", compute: ([x], { axis }) => (x as Tensor).expandDims(axis as number) }],
  [
    "Squeeze",
    {
      module: "numpy",
      compute: ([x], { axis }) => (x as Tensor).squeeze((axis ?? undefined) as number | undefined),
    },
  ],
  [
    "Concatenate",
    { module: "numpy", compute: ([xs], { axis = 0 }) => concat(xs as Tensor[], (axis ?? 0) as number) },
  ],
  ["Stack", { module: "numpy", compute: ([xs], { axis = 0 }) => stack(xs as Tensor[], axis as number) }],
  ["Cast", { module: "core", compute: ([x], { dtype }) => (x as Tensor).cast(dtype as "float32") }],
  ["GetItem", { module: "numpy", compute: ([x, index]) => item(x as Tensor, index as Operand) }],
]);

/** `x[index]` as Python reads it: numbers, slices, an ellipsis, new axes. */
function item(x: Tensor, index: Operand): Tensor {
  const items = (Array.isArray(index) ? index : [index]) as readonly Operand[];
  let [found, axis] = [x, 0];
  items.forEach((entry, i) => {
    if (entry === null) found = found.expandDims(axis++);
    else if (typeof entry === "number") found = found.at(entry, axis);
    else if ((entry as { class_name?: string }).class_name === "__ellipsis__") {
      axis = found.rank - items.slice(i + 1).filter((e) => e !== null).length;
    } else {
      const { start, stop, step } = (entry as { config: Record<string, number | null> }).config;
      const before = Array.from({ length: axis }, () => null);
      const steps = [...before.map(() => 1), step ?? 1];
      found = found.slice([...before, start ?? null], [...before, stop ?? null], steps);
      axis++;
    }
  });
  return found;
}
