/**
 * The operations that Keras records beside layers, `x + 1` or `ops.mean(x, axis=1)`: its names, and what they compute here.
 * To add one: a row, with the module in which Keras has the class.
 */
import { concat, stack, type Tensor, tensor } from "../core/index.ts";
import { activations } from "./activations.ts";
import { type IndexEntry, type OperationArguments, readIndex } from "./operation-arguments.ts";

export interface Operation {
  /** The last part of `keras.src.ops.…`. */
  readonly module: "numpy" | "nn" | "core";
  /** Throws UsageError for arguments that make no sense. */
  compute(given: OperationArguments): Tensor;
}

const float = (x: Tensor): Tensor => (x.dtype === "float32" ? x : x.cast("float32"));

type Unary = (x: Tensor) => Tensor;
const unary = (fn: Unary, module: Operation["module"] = "numpy"): Operation => ({
  module,
  compute: (given) => fn(given.tensor(0)),
});

/** Either may be a number; the first is then made a tensor. */
const binary = (fn: (a: Tensor, b: Tensor | number) => Tensor): Operation => ({
  module: "numpy",
  compute: (given) => {
    const [a, b] = [given.tensorOrNumber(0), given.tensorOrNumber(1)];
    return fn(typeof a === "number" ? tensor(a, { dtype: "float32" }) : a, b);
  },
});

type Axes = number | readonly number[] | null;
const reduction = (
  fn: (x: Tensor, axis: Axes, options: { readonly keepdims: boolean }) => Tensor,
): Operation => ({
  module: "numpy",
  compute: (given) => fn(given.tensor(0), given.axes("axis"), { keepdims: given.flag("keepdims") }),
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
      compute: (given) => {
        const [x, slope] = [given.tensor(0), given.number("negative_slope", 0.2)];
        return x.maximum(0).add(x.minimum(0).mul(slope));
      },
    },
  ],
  [
    "Softmax",
    { module: "nn", compute: (given) => float(given.tensor(0)).softmax(given.integer("axis", -1)) },
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
      compute: (given) => given.tensor(0).clip(given.number("x_min"), given.number("x_max")),
    },
  ],
  [
    "Reshape",
    { module: "numpy", compute: (given) => given.tensor(0).reshape([given.axes("newshape") ?? -1].flat()) },
  ],
  [
    "Transpose",
    {
      module: "numpy",
      compute: (given) => {
        const axes = given.axes("axes");
        return given.tensor(0).transpose(axes === null ? undefined : [axes].flat());
      },
    },
  ],
  ["ExpandDims", { module: "numpy", compute: (given) => given.tensor(0).expandDims(given.integer("axis")) }],
  [
    "Squeeze",
    { module: "numpy", compute: (given) => given.tensor(0).squeeze(given.axes("axis") ?? undefined) },
  ],
  [
    "Concatenate",
    { module: "numpy", compute: (given) => concat(given.tensors(0), given.integer("axis", 0)) },
  ],
  ["Stack", { module: "numpy", compute: (given) => stack(given.tensors(0), given.integer("axis", 0)) }],
  ["Cast", { module: "core", compute: (given) => given.tensor(0).cast(given.text("dtype") as "float32") }],
  [
    "GetItem",
    { module: "numpy", compute: (given) => item(given.tensor(0), readIndex(given.at(1), "GetItem")) },
  ],
]);

/** `x[index]` as Python reads it. */
function item(x: Tensor, index: readonly IndexEntry[]): Tensor {
  let [found, axis] = [x, 0];
  index.forEach((entry, i) => {
    if (entry === null) found = found.expandDims(axis++);
    else if (typeof entry === "number") found = found.at(entry, axis);
    else if (entry === "ellipsis") axis = found.rank - index.slice(i + 1).filter((e) => e !== null).length;
    else {
      const before = Array.from({ length: axis }, () => null);
      const steps = [...before.map(() => 1), entry.step];
      found = found.slice([...before, entry.start], [...before, entry.stop], steps);
      axis++;
    }
  });
  return found;
}
