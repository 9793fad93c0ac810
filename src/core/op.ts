/**
 * Operations: how a Tensor comes about from others. An entry says how to infer the result, how to say it to the
 * compiler (one node of a Program), and its gradient in terms of Tensor methods.
 */
import type { DType } from "../ir/dtype.ts";
import { internal } from "../ir/errors.ts";
import type { NodeSpec, ValueSpec } from "../ir/program.ts";
import type { Shape } from "../ir/size.ts";
import { checkShape } from "./shape.ts";
import type { Tensor } from "./tensor.ts";

/** What a source needs to be numbered in the program being made. */
export interface LowerContext {
  /** The spec of state held by a variable. */
  variable(variable: object): NodeSpec;
}

/** One entry of the table of primitive operations. `A` is plain data. */
export interface OpDef<A = unknown> {
  readonly name: string;
  /** `alias`: no node of its own, the value of its first input. */
  readonly kind: NodeSpec["kind"] | "alias";
  /** Shape and type of the result; throws ShapeError or DTypeError. */
  infer(inputs: readonly Tensor[], attrs: A): ValueSpec;
  lower(attrs: A, inputs: readonly ValueSpec[], output: ValueSpec, context: LowerContext): NodeSpec;
  /** For each input the gradient, given `g` for the output; undefined is zero. Absent: not differentiable. */
  gradient?(g: Tensor, inputs: readonly Tensor[], output: Tensor, attrs: A): readonly (Tensor | undefined)[];
}

/** A primitive as a function that records. */
export interface Op<A> {
  (inputs: readonly Tensor[], attrs: A, label?: string): Tensor;
  readonly def: OpDef<A>;
}

/** Everything that a Tensor is made from. */
export interface Recorded {
  readonly def: OpDef;
  readonly attrs: unknown;
  readonly inputs: readonly Tensor[];
  readonly shape: Shape;
  readonly dtype: DType;
  /** The name of the operation that the user called. */
  readonly op: string;
}

/**
 * Makes the Tensor of a record. The class fills this in: it has the operations as methods, so they cannot import it
 * before they exist.
 */
export const recorder = {
  record: (recorded: Recorded): Tensor => {
    return internal(`${recorded.op} was recorded before the class Tensor was loaded`);
  },
};

/** Makes a table entry callable. `label` replaces the operation's own name in messages and printed programs. */
export function defineOp<A>(def: OpDef<A>): Op<A> {
  const record = (inputs: readonly Tensor[], attrs: A, label = def.name): Tensor => {
    const { shape, dtype } = def.infer(inputs, attrs);
    return recorder.record({ def, attrs, inputs, shape: checkShape(label, shape), dtype, op: label });
  };
  return Object.assign(record, { def });
}
