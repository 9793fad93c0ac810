/**
 * The operations that Keras records beside layers, `x + 1` or `ops.mean(x, axis=1)`: its names, and what they compute here.
 * To add one: a row, with the module in which Keras has the class, and a case in test/reference/make_keras_operations.py.
 */
import { concat, einsum, stack, type Tensor, tensor, where } from "../core/index.ts";
import { activations } from "./activations.ts";
import { refuse } from "./fields.ts";
import { type IndexEntry, type OperationArguments, readIndex } from "./operation-arguments.ts";

export interface Operation {
  /** The last part of `keras.src.ops.…`. */
  readonly module: "numpy" | "nn" | "core" | "math" | "linalg";
  /** Throws UsageError for arguments that make no sense. */
  compute(given: OperationArguments): Tensor;
}

type Module = Operation["module"];

const numpy = (compute: Operation["compute"]): Operation => ({ module: "numpy", compute });

const float = (x: Tensor): Tensor => (x.dtype === "float32" ? x : x.cast("float32"));

/** Of a tensor, whose type stays. */
const unary = (fn: (x: Tensor) => Tensor, module: Module = "numpy"): Operation => ({
  module,
  compute: (given) => fn(given.tensor(0)),
});

/** Of float32 numbers. */
const real = (fn: (x: Tensor, given: OperationArguments) => Tensor, module: Module = "numpy"): Operation => ({
  module,
  compute: (given) => fn(float(given.tensor(0)), given),
});

const activation = (fn: (x: Tensor, given: OperationArguments) => Tensor): Operation => real(fn, "nn");

/** Either may be a number; the first is then made a tensor. */
const binary = (fn: (a: Tensor, b: Tensor | number) => Tensor): Operation =>
  numpy((given) => {
    const [a, b] = [given.tensorOrNumber(0), given.tensorOrNumber(1)];
    return fn(typeof a === "number" ? tensor(a, { dtype: "float32" }) : a, b);
  });

type Axes = number | readonly number[] | null;
interface Keep {
  readonly keepdims: boolean;
}

/** Over some axes, or all. */
const reduction = (
  fn: (x: Tensor, axis: Axes, options: Keep) => Tensor,
  module: Module = "numpy",
): Operation => ({
  module,
  compute: (given) => fn(given.tensor(0), given.axes("axis"), { keepdims: given.flag("keepdims") }),
});

/** Over one axis, or over all elements in a row. */
const position = (fn: (x: Tensor, axis: number | null, options: Keep) => Tensor): Operation =>
  numpy((given) => fn(given.tensor(0), given.integerOrNull("axis"), { keepdims: given.flag("keepdims") }));

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
  ["Logaddexp", binary((a, b) => a.maximum(b).add(a.sub(b).abs().neg().exp().log1p()))],
  ["Einsum", numpy((given) => einsum(given.text("subscripts"), ...given.allTensors()))],

  ["Equal", binary((a, b) => a.equal(b))],
  ["NotEqual", binary((a, b) => a.notEqual(b))],
  ["Less", binary((a, b) => a.less(b))],
  ["LessEqual", binary((a, b) => a.lessEqual(b))],
  ["Greater", binary((a, b) => a.greater(b))],
  ["GreaterEqual", binary((a, b) => a.greaterEqual(b))],
  ["LogicalAnd", binary((a, b) => a.logicalAnd(b))],
  ["LogicalOr", binary((a, b) => a.logicalOr(b))],
  ["LogicalNot", unary((x) => x.logicalNot())],
  ["Where", numpy((given) => where(given.tensor(0), given.tensorOrNumber(1), given.tensorOrNumber(2)))],

  ["Negative", unary((x) => x.neg())],
  ["Absolute", unary((x) => x.abs())],
  ["Square", unary((x) => x.square())],
  ["Sign", unary((x) => x.sign())],
  ["Floor", unary((x) => x.floor())],
  ["Ceil", unary((x) => x.ceil())],
  ["Trunc", unary((x) => x.trunc())],
  ["Round", numpy(rounded)],
  ["Clip", numpy((given) => given.tensor(0).clip(given.number("x_min"), given.number("x_max")))],
  ["Sqrt", real((x) => x.sqrt())],
  ["Rsqrt", real((x) => x.rsqrt(), "math")],
  ["Reciprocal", real((x) => x.reciprocal())],
  ["Exp", real((x) => x.exp())],
  ["Expm1", real((x) => x.expm1())],
  ["Log", real((x) => x.log())],
  ["Log1p", real((x) => x.log1p())],
  ["Log2", real((x) => x.log().mul(Math.LOG2E))],
  ["Log10", real((x) => x.log().mul(Math.LOG10E))],
  ["Sin", real((x) => x.sin())],
  ["Cos", real((x) => x.cos())],
  ["Tan", real((x) => x.sin().div(x.cos()))],
  ["Tanh", real((x) => x.tanh())],
  ["Erf", real((x) => x.erf(), "math")],
  ["Cast", { module: "core", compute: (given) => given.tensor(0).cast(given.text("dtype") as "float32") }],
  ["StopGradient", unary((x) => x.stopGradient(), "core")],

  ["Relu", activation((x) => activations.relu(x))],
  ["Relu6", activation((x) => activations.relu6(x))],
  ["Sigmoid", activation((x) => activations.sigmoid(x))],
  ["Softplus", activation((x) => activations.softplus(x))],
  ["Softsign", activation((x) => activations.softsign(x))],
  ["Silu", activation((x) => activations.silu(x))],
  ["Selu", activation((x) => activations.selu(x))],
  ["HardSigmoid", activation((x) => activations.hardSigmoid(x))],
  ["HardSilu", activation((x) => activations.hardSilu(x))],
  ["HardTanh", activation((x) => activations.hardTanh(x))],
  ["LogSigmoid", activation((x) => activations.logSigmoid(x))],
  ["TanhShrink", activation((x) => activations.tanhShrink(x))],
  ["Elu", activation((x, given) => activations.elu(x, { alpha: given.number("alpha", 1) }))],
  ["Celu", activation((x, given) => activations.celu(x, { alpha: given.number("alpha", 1) }))],
  ["Gelu", activation((x, given) => activations.gelu(x, { approximate: given.flag("approximate", true) }))],
  ["HardShrink", activation((x, given) => activations.hardShrink(x, { threshold: thresholdOf(given) }))],
  ["SoftShrink", activation((x, given) => activations.softShrink(x, { threshold: thresholdOf(given) }))],
  ["Squareplus", activation((x, given) => activations.squareplus(x, { b: given.number("b", 4) }))],
  [
    "LeakyRelu",
    activation((x, given) =>
      activations.leakyRelu(x, { negativeSlope: given.number("negative_slope", 0.2) }),
    ),
  ],
  ["Softmax", activation((x, given) => activations.softmax(x, { axis: given.integer("axis", -1) }))],
  ["LogSoftmax", activation((x, given) => x.logSoftmax(given.integer("axis", -1)))],

  ["Sum", reduction((x, axis, options) => x.sum(axis, options))],
  ["Mean", reduction((x, axis, options) => float(x).mean(axis, options))],
  ["Average", real((x, given) => x.mean(given.axes("axis")))],
  ["Max", reduction((x, axis, options) => x.max(axis, options))],
  ["Min", reduction((x, axis, options) => x.min(axis, options))],
  ["Amax", reduction((x, axis, options) => x.max(axis, options))],
  ["Amin", reduction((x, axis, options) => x.min(axis, options))],
  ["Prod", reduction((x, axis, options) => x.prod(axis, options))],
  ["Var", reduction((x, axis, options) => float(x).variance(axis, options))],
  ["Std", reduction((x, axis, options) => float(x).std(axis, options))],
  ["All", reduction((x, axis, options) => x.all(axis, options))],
  ["Any", reduction((x, axis, options) => x.any(axis, options))],
  ["Logsumexp", reduction((x, axis, options) => float(x).logSumExp(axis, options), "math")],
  ["Norm", reduction((x, axis, options) => float(x).norm(axis, options), "linalg")],
  ["Argmax", position((x, axis, options) => x.argmax(axis, options))],
  ["Argmin", position((x, axis, options) => x.argmin(axis, options))],
  ["Cumsum", numpy((given) => given.tensor(0).cumsum(given.integerOrNull("axis")))],

  ["Reshape", numpy((given) => given.tensor(0).reshape([given.axes("newshape") ?? -1].flat()))],
  ["Transpose", numpy(transposed)],
  ["Swapaxes", numpy(swapped)],
  ["Moveaxis", numpy(moved)],
  ["ExpandDims", numpy((given) => given.tensor(0).expandDims(given.integer("axis")))],
  ["Squeeze", numpy((given) => given.tensor(0).squeeze(given.axes("axis") ?? undefined))],
  ["Concatenate", numpy((given) => concat(given.tensors(0), given.integer("axis", 0)))],
  ["Stack", numpy((given) => stack(given.tensors(0), given.integer("axis", 0)))],
  ["Roll", numpy((given) => given.tensor(0).roll(given.integer("shift"), given.integerOrNull("axis")))],
  ["Flip", numpy((given) => given.tensor(0).flip(given.axes("axis")))],
  ["Tile", numpy((given) => given.tensor(0).tile(given.axes("repeats") ?? 1))],
  ["Repeat", numpy((given) => given.tensor(0).repeat(given.integer("repeats"), given.integerOrNull("axis")))],
  ["Pad", numpy(padded)],
  ["Take", numpy((given) => given.tensor(0).take(given.tensorOrIntegers(1), given.integer("axis")))],
  ["GetItem", numpy((given) => item(given.tensor(0), readIndex(given.at(1), "GetItem")))],
]);

const thresholdOf = (given: OperationArguments): number => given.number("threshold", 0.5);

function rounded(given: OperationArguments): Tensor {
  const scale = 10 ** given.integer("decimals", 0);
  return given.tensor(0).mul(scale).round().div(scale);
}

function transposed(given: OperationArguments): Tensor {
  const axes = given.axes("axes");
  return given.tensor(0).transpose(axes === null ? undefined : [axes].flat());
}

function axisOf({ rank }: Tensor, axis: number): number {
  return axis < 0 ? axis + rank : axis;
}

function swapped(given: OperationArguments): Tensor {
  const x = given.tensor(0);
  const [a, b] = [axisOf(x, given.integer("axis1")), axisOf(x, given.integer("axis2"))];
  return x.transpose(x.shape.map((_, i) => (i === a ? b : i === b ? a : i)));
}

function moved(given: OperationArguments): Tensor {
  const x = given.tensor(0);
  const from = axisOf(x, given.integer("source"));
  const order = [...x.shape.keys()].filter((i) => i !== from);
  order.splice(axisOf(x, given.integer("destination")), 0, from);
  return x.transpose(order);
}

function padded(given: OperationArguments): Tensor {
  const mode = given.text("mode");
  if (mode !== "constant") refuse("Pad `mode`", '"constant"', mode);
  return given.tensor(0).pad(given.pairs("pad_width"));
}

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
