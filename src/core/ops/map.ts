/** Makers of elementwise operations: broadcast the inputs, then apply one scalar function. */
import type { DType } from "../../ir/dtype.ts";
import type { ScalarExpr, ScalarOp } from "../../ir/scalar.ts";
import { apply, arg, scalarOps } from "../../ir/scalar.ts";
import type { Op } from "../op.ts";
import { defineOp } from "../op.ts";
import type { Operand } from "../operand.ts";
import { meet, toBool, toCompute, toFloat } from "../operand.ts";
import { broadcastShapes } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { broadcast } from "./move.ts";

/** Gradient of an elementwise function: for each input, given the output's gradient, the inputs and the output. */
export type MapGradient = (g: Tensor, x: readonly Tensor[], y: Tensor) => readonly (Tensor | undefined)[];

const noAttrs = {};
type NoAttrs = typeof noAttrs;

/** The element type an expression over arguments of these types has. */
function resultType(op: ScalarOp, types: readonly DType[]): DType {
  const { result } = scalarOps[op];
  return result === "same" ? types[types.length - 1]! : result;
}

/** The primitive: inputs of one shape and ready types. */
export function mapOp(name: string, op: ScalarOp, gradient?: MapGradient): Op<NoAttrs> {
  return defineOp<NoAttrs>({
    name,
    kind: "map",
    infer: (inputs) => ({
      shape: inputs[0]!.shape,
      dtype: resultType(
        op,
        inputs.map((t) => t.dtype),
      ),
    }),
    lower: (_, inputs) => ({
      kind: "map",
      expr: apply(op, ...inputs.map<ScalarExpr>((v, i) => arg(i, v.dtype))),
    }),
    ...(gradient && { gradient: (g, x, y) => gradient(g, x, y) }),
  });
}

/** In which type a function computes. `float`: integers become float32. `number`: as they are, uint8 and bool as int32. */
export type Domain = "float" | "number" | "bool";

const unaryDomain: Record<Domain, (x: Operand) => Tensor> = {
  float: toFloat,
  number: toCompute,
  bool: toBool,
};

interface Entry {
  name: string;
  scalar: ScalarOp;
  domain: Domain;
  gradient?: MapGradient;
}

/** A function of one value. `identityOnIntegers`: int32 is returned as it is (floor, ceil, …). */
export function unary(entry: Entry & { identityOnIntegers?: boolean }): (x: Operand) => Tensor {
  const op = mapOp(entry.name, entry.scalar, entry.gradient);
  return (x) => {
    const t = unaryDomain[entry.domain](x);
    return entry.identityOnIntegers && t.dtype === "int32" ? t : op([t], noAttrs);
  };
}

/** Operands in one type and shape. */
export function align(name: string, domain: Domain, operands: readonly Operand[]): Tensor[] {
  const typed = domain === "number" ? meet(name, operands) : operands.map(unaryDomain[domain]);
  const shape = broadcastShapes(name, ...typed.map((t) => t.shape));
  return typed.map((t) => broadcast(t, shape, name));
}

/** A function of two values that broadcast together. Throws ShapeError where they do not. */
export function binary(entry: Entry): (a: Operand, b: Operand) => Tensor {
  const op = mapOp(entry.name, entry.scalar, entry.gradient);
  return (a, b) => op(align(entry.name, entry.domain, [a, b]), noAttrs);
}
