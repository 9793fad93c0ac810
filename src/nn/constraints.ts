/**
 * What weights are held to after each step of training: Keras's constraints as plain data.
 *
 * `axis` names the axes over which a norm is taken: 0 for each unit of a Dense layer, [0, 1, 2] for each filter of a
 * convolution.
 */
import type { Tensor } from "../core/index.ts";
import { axesField, type Field, type Fields, optional, orNull, real } from "./fields.ts";
import { readSpec, type SpecKind, writeSpec } from "./specs.ts";

/** A constraint as plain data: its class name and parameters. */
export interface ConstraintSpec {
  readonly type: string;
  readonly [parameter: string]: unknown;
}

interface Constraint {
  readonly fields: Fields;
  apply(weight: Tensor, spec: ConstraintSpec): Tensor;
}

/** Keeps a division by a norm finite. */
const epsilon = 1e-7;

const bound = (initial: number) => real(initial, 0);
const axis = axesField(0);

function norms(weight: Tensor, spec: ConstraintSpec): Tensor {
  return weight
    .square()
    .sum(spec.axis as number | number[], { keepdims: true })
    .sqrt();
}

function scaledTo(weight: Tensor, norm: Tensor, wanted: Tensor): Tensor {
  return weight.mul(wanted.div(norm.add(epsilon)));
}

function betweenNorms(weight: Tensor, spec: ConstraintSpec): Tensor {
  const norm = norms(weight, spec);
  const rate = spec.rate as number;
  const inside = norm.clip(spec.minValue as number, spec.maxValue as number);
  return scaledTo(weight, norm, inside.mul(rate).add(norm.mul(1 - rate)));
}

const table: Record<string, Constraint> = {
  MaxNorm: {
    fields: { maxValue: bound(2), axis },
    apply: (w, s) => {
      const norm = norms(w, s);
      return scaledTo(w, norm, norm.minimum(s.maxValue as number));
    },
  },
  MinMaxNorm: {
    fields: {
      minValue: bound(0),
      maxValue: bound(1),
      rate: real(1, 0, 1),
      axis,
    },
    apply: betweenNorms,
  },
  NonNeg: { fields: {}, apply: (w) => w.maximum(0) },
  UnitNorm: { fields: { axis }, apply: (w, s) => w.div(norms(w, s).add(epsilon)) },
};

/** Every constraint, by Keras's class name. */
export const constraints: ReadonlyMap<string, Constraint> = new Map(Object.entries(table));

const kind: SpecKind = {
  what: "constraint",
  module: "keras.constraints",
  types: constraints,
  aliases: { non_negative: "NonNeg" },
};

/** What may be given: a name (then with Keras's default parameters), or a spec such as `maxNorm(3)`; null is none. */
export type ConstraintOption =
  | "maxNorm"
  | "minMaxNorm"
  | "nonNeg"
  | "unitNorm"
  | (string & {})
  | ConstraintSpec
  | null;

export const constraintField: Field<ConstraintOption, ConstraintSpec | null, true> = optional(
  null,
  orNull((value, at) => readSpec<ConstraintSpec>(kind, value, at)),
  (spec) => (spec === null ? null : writeSpec(kind, spec)),
);

/** The weight as the constraint wants it. */
export function constrain(spec: ConstraintSpec, weight: Tensor): Tensor {
  return constraints.get(spec.type)!.apply(weight, spec);
}

/** Vectors longer than `maxValue` are made that long (Srivastava et al., 2014). */
export function maxNorm(maxValue = 2, axis: number | readonly number[] = 0): ConstraintSpec {
  return readSpec(kind, { type: "MaxNorm", maxValue, axis }, "maxNorm");
}

/** The length of each vector is moved into [minValue, maxValue], all the way for a rate of 1. */
export function minMaxNorm(
  options: { minValue?: number; maxValue?: number; rate?: number; axis?: number | readonly number[] } = {},
): ConstraintSpec {
  return readSpec(kind, { type: "MinMaxNorm", ...options }, "minMaxNorm");
}

/** Negative elements become 0. */
export function nonNeg(): ConstraintSpec {
  return readSpec(kind, { type: "NonNeg" }, "nonNeg");
}

/** Each vector has length 1. */
export function unitNorm(axis: number | readonly number[] = 0): ConstraintSpec {
  return readSpec(kind, { type: "UnitNorm", axis }, "unitNorm");
}
