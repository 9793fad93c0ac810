/** Arithmetic, elementwise and broadcasting, with NumPy's meaning. */
import { apply, arg } from "../../ir/scalar.ts";
import { defineOp } from "../op.ts";
import type { Operand } from "../operand.ts";
import { meet, toBool, toCompute, toFloat, toTensor } from "../operand.ts";
import { broadcastShapes } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { castTo } from "./convert.ts";
import { align, binary, unary } from "./map.ts";
import { broadcast } from "./move.ts";
import { scalarConstant } from "./source.ts";

/** a + b. Throws ShapeError where the shapes do not broadcast. */
export const add = binary({ name: "add", scalar: "add", domain: "number", gradient: (g) => [g, g] });

/** a - b. */
export const sub = binary({ name: "sub", scalar: "sub", domain: "number", gradient: (g) => [g, g.neg()] });

/** a · b, elementwise. */
export const mul = binary({
  name: "mul",
  scalar: "mul",
  domain: "number",
  gradient: (g, [a, b]) => [g.mul(b!), g.mul(a!)],
});

/** a / b; integers are divided as float32. */
export const div = binary({
  name: "div",
  scalar: "div",
  domain: "float",
  gradient: (g, [, b], y) => [g.div(b!), g.mul(y).div(b!).neg()],
});

/** The largest whole number not above a / b. Division of an integer by 0 gives 0. No gradient. */
export const floorDiv = binary({
  name: "floorDiv",
  scalar: "floorDiv",
  domain: "number",
  gradient: () => [undefined, undefined],
});

/** a - floor(a / b) · b: the remainder with the sign of b. */
export const mod = binary({
  name: "mod",
  scalar: "mod",
  domain: "number",
  gradient: (g, [a, b]) => [g, g.mul(floorDiv(a!, b!)).neg()],
});

/** The smaller of a and b; NaN if either is. Where they are equal each gets half of the gradient. */
export const minimum = binary({
  name: "minimum",
  scalar: "min",
  domain: "number",
  gradient: (g, [a, b]) => [share(g, a!.less(b!), a!.equal(b!)), share(g, b!.less(a!), a!.equal(b!))],
});

/** The larger of a and b; NaN if either is. Where they are equal each gets half of the gradient. */
export const maximum = binary({
  name: "maximum",
  scalar: "max",
  domain: "number",
  gradient: (g, [a, b]) => [share(g, a!.greater(b!), a!.equal(b!)), share(g, b!.greater(a!), a!.equal(b!))],
});

function share(g: Tensor, wins: Tensor, ties: Tensor): Tensor {
  return where(wins, g, where(ties, g.mul(0.5), 0));
}

/** -x. */
export const neg = unary({ name: "neg", scalar: "neg", domain: "number", gradient: (g) => [g.neg()] });

/** |x|; the gradient at 0 is 0. */
export const abs = unary({
  name: "abs",
  scalar: "abs",
  domain: "number",
  gradient: (g, [x]) => [g.mul(sign(x!))],
});

/** -1, 0 or 1; NaN stays. The gradient is 0. */
export const sign = unary({ name: "sign", scalar: "sign", domain: "number", gradient: () => [undefined] });

const rounding = (name: "floor" | "ceil" | "round" | "trunc") =>
  unary({
    name,
    scalar: name,
    domain: "number",
    identityOnIntegers: true,
    gradient: () => [undefined],
  });

/** The largest whole number not above x. The gradient is 0. */
export const floor = rounding("floor");
/** The smallest whole number not below x. The gradient is 0. */
export const ceil = rounding("ceil");
/** The nearest whole number, halves to the even one. The gradient is 0. */
export const round = rounding("round");
/** x without its fraction. The gradient is 0. */
export const trunc = rounding("trunc");

/** x². */
export function square(x: Operand): Tensor {
  const t = toCompute(x);
  return mul(t, t);
}

/** 1 / x. */
export function reciprocal(x: Operand): Tensor {
  return div(1, x);
}

const powOp = binary({
  name: "pow",
  scalar: "pow",
  domain: "float",
  gradient: (g, [a, b], y) => [
    g.mul(where(b!.equal(0), 0, b!.mul(pow(a!, b!.sub(1))))),
    g.mul(where(a!.greater(0), y.mul(where(a!.greater(0), a!, 1).log()), where(a!.equal(0), 0, Number.NaN))),
  ],
});

/**
 * a to the power b. Whole exponents 0 to 8 given as plain numbers are multiplications, and keep integers integers;
 * anything else computes in float32. At a = 0 the gradient with respect to b is 0, below 0 it is NaN.
 */
export function pow(a: Operand, b: Operand): Tensor {
  if (typeof b === "number") {
    if (Number.isInteger(b) && b >= 0 && b <= 8) return wholePower(toCompute(a), b);
    if (b === 0.5) return toFloat(a).sqrt();
    if (b === -1) return reciprocal(a);
  }
  return powOp(a, b);
}

function wholePower(x: Tensor, exponent: number): Tensor {
  if (exponent === 0) return broadcast(scalarConstant(1, x.dtype), x.shape);
  if (exponent === 1) return x;
  const half = wholePower(x, exponent >> 1);
  const even = mul(half, half);
  return exponent % 2 === 0 ? even : mul(even, x);
}

const clipOp = defineOp<object>({
  name: "clip",
  kind: "map",
  infer: ([x]) => x!,
  lower: (_, [x, low, high]) => ({
    kind: "map",
    expr: apply("min", apply("max", arg(0, x!.dtype), arg(1, low!.dtype)), arg(2, high!.dtype)),
  }),
  gradient: (g, [x, low, high]) => [
    where(x!.greaterEqual(low!).logicalAnd(x!.lessEqual(high!)), g, 0),
    where(x!.less(low!), g, 0),
    where(x!.greater(high!), g, 0),
  ],
});

/**
 * x limited to the range from `low` to `high`; NaN stays NaN. The gradient passes inside the range, its ends included.
 * Either limit may be null.
 */
export function clip(x: Operand, low: Operand | null, high: Operand | null): Tensor {
  const t = toCompute(x);
  if (low === null && high === null) return t;
  const least = low ?? scalarConstant(t.dtype === "float32" ? Number.NEGATIVE_INFINITY : -(2 ** 31), t.dtype);
  const most =
    high ?? scalarConstant(t.dtype === "float32" ? Number.POSITIVE_INFINITY : 2 ** 31 - 1, t.dtype);
  return clipOp(align("clip", "number", [t, least, most]), {});
}

const selectOp = defineOp<object>({
  name: "where",
  kind: "map",
  infer: ([, a]) => a!,
  lower: (_, [c, a, b]) => ({
    kind: "map",
    expr: apply("select", arg(0, c!.dtype), arg(1, a!.dtype), arg(2, b!.dtype)),
  }),
  gradient: (g, [c]) => [undefined, where(c!, g, 0), where(c!, 0, g)],
});

/** `a` where the condition holds, else `b`; all three broadcast. Two operands of one storage type keep it. */
export function where(condition: Operand, a: Operand, b: Operand): Tensor {
  const [x, y] = meet("where", [a, b]);
  const c = toBool(condition);
  const shape = broadcastShapes("where", c.shape, x!.shape, y!.shape);
  const chosen = selectOp(
    [c, x!, y!].map((t) => broadcast(t, shape, "where")),
    {},
  );
  const kept = storageType(a, b);
  return kept === undefined ? chosen : castTo(chosen, kept);
}

function storageType(a: Operand, b: Operand): "uint8" | "bool" | undefined {
  const x = toTensor(a).dtype;
  return (x === "uint8" || x === "bool") && x === toTensor(b).dtype ? x : undefined;
}
