/**
 * Penalties on weights and outputs: Keras's regularizers as plain data (`R = l1·Σ|x| + l2·Σx²`, no factor ½).
 */
import { eye, type Tensor } from "../core/index.ts";
import { ShapeError } from "../ir/errors.ts";
import { showShape, staticSize } from "../ir/size.ts";
import { choice, type Field, type Fields, optional, orNull, readNumber } from "./fields.ts";
import { readSpec, type SpecKind, writeSpec } from "./specs.ts";

/** A regularizer as plain data: its class name and factors. */
export interface RegularizerSpec {
  readonly type: string;
  readonly [parameter: string]: unknown;
}

interface Regularizer {
  readonly fields: Fields;
  penalty(x: Tensor, spec: RegularizerSpec): Tensor;
}

const factor = (initial: number) => optional<number>(initial, readNumber(0));

/** `Σ|x|` weighted; a factor of 0 adds no term. */
function elastic(x: Tensor, l1: number, l2: number): Tensor {
  const absolute = x.abs().sum().mul(l1);
  const squared = x.square().sum().mul(l2);
  return l2 === 0 ? absolute : l1 === 0 ? squared : absolute.add(squared);
}

/** The mean of |cos| between the rows (or columns) of a matrix, over all pairs. */
function orthogonal(x: Tensor, spec: RegularizerSpec): Tensor {
  if (x.rank !== 2) {
    throw new ShapeError({
      where: "OrthogonalRegularizer",
      problem: "only the rows or columns of a matrix can be compared",
      expected: "2 axes",
      got: showShape(x.shape),
      try: "use L1 or L2 for this weight",
    });
  }
  const rows = spec.mode === "rows" ? x : x.transpose();
  const unit = rows.div(rows.square().sum(1, { keepdims: true }).maximum(1e-12).sqrt());
  const n = staticSize(unit.shape[0]!, "OrthogonalRegularizer");
  const others = unit.matmul(unit.transpose()).mul(eye(n).neg().add(1));
  const pairs = (n * (n - 1)) / 2;
  return others
    .abs()
    .sum()
    .mul(((spec.factor as number) * 0.5) / pairs);
}

const table: Record<string, Regularizer> = {
  L1: { fields: { l1: factor(0.01) }, penalty: (x, s) => elastic(x, s.l1 as number, 0) },
  L2: { fields: { l2: factor(0.01) }, penalty: (x, s) => elastic(x, 0, s.l2 as number) },
  L1L2: {
    fields: { l1: factor(0), l2: factor(0) },
    penalty: (x, s) => elastic(x, s.l1 as number, s.l2 as number),
  },
  OrthogonalRegularizer: {
    fields: { factor: factor(0.01), mode: choice(["rows", "columns"], "rows") },
    penalty: orthogonal,
  },
};

/** Every regularizer, by Keras's class name. */
export const regularizers: ReadonlyMap<string, Regularizer> = new Map(Object.entries(table));

const kind: SpecKind = {
  what: "regularizer",
  module: "keras.regularizers",
  types: regularizers,
  aliases: { l1_l2: "L1L2" },
};

/** What may be given: a name (then with Keras's default factor), or a spec such as `l2(0.001)`; null is none. */
export type RegularizerOption = "l1" | "l2" | (string & {}) | RegularizerSpec | null;

export const regularizerField: Field<RegularizerOption, RegularizerSpec | null, true> = optional(
  null,
  orNull((value, at) => readSpec<RegularizerSpec>(kind, value, at)),
  (spec) => (spec === null ? null : writeSpec(kind, spec)),
);

/** The penalty on `x`, a scalar. */
export function penaltyOf(spec: RegularizerSpec, x: Tensor): Tensor {
  return regularizers.get(spec.type)!.penalty(x, spec);
}

/** `l1·Σ|x|`. */
export function l1(factor = 0.01): RegularizerSpec {
  return readSpec(kind, { type: "L1", l1: factor }, "l1");
}

/** `l2·Σx²`. */
export function l2(factor = 0.01): RegularizerSpec {
  return readSpec(kind, { type: "L2", l2: factor }, "l2");
}

/** `l1·Σ|x| + l2·Σx²`. */
export function l1l2(factors: { l1?: number; l2?: number } = {}): RegularizerSpec {
  return readSpec(kind, { type: "L1L2", ...factors }, "l1l2");
}
