/** The three options that a weight has: how it begins, its penalty, and what it is held to. */
import { type ConstraintOption, type ConstraintSpec, constraintField } from "./constraints.ts";
import type { Field } from "./fields.ts";
import {
  type InitializerName,
  type InitializerOption,
  type InitializerSpec,
  initializerField,
} from "./initializers.ts";
import { type RegularizerOption, type RegularizerSpec, regularizerField } from "./regularizers.ts";

type WeightFields<N extends string> = {
  readonly [K in `${N}Initializer`]: Field<InitializerOption, InitializerSpec, true>;
} & {
  readonly [K in `${N}Regularizer`]: Field<RegularizerOption, RegularizerSpec | null, true>;
} & { readonly [K in `${N}Constraint`]: Field<ConstraintOption, ConstraintSpec | null, true> };

/** `kernelInitializer`, `kernelRegularizer` and `kernelConstraint` for `kernel`; made into a weight by `configured`. */
export function weightFields<N extends string>(name: N, initial: InitializerName): WeightFields<N> {
  return {
    [`${name}Initializer`]: initializerField(initial),
    [`${name}Regularizer`]: regularizerField,
    [`${name}Constraint`]: constraintField,
  } as WeightFields<N>;
}
