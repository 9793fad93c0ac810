/**
 * A Plan: a Program made ready to run, as plain data. A row per kernel call; nothing in it depends on the values of
 * symbolic sizes, so one plan serves every batch size.
 */
import type { DType } from "./dtype.ts";
import type { Kernel } from "./kernel.ts";
import { printKernel } from "./kernel.ts";
import type { ValueSpec } from "./program.ts";
import type { Size } from "./size.ts";
import { showShape } from "./size.ts";

/** Where a buffer of the plan lives. */
export type SlotKind =
  /** Memory of the plan, live from the row `first` to the row `last`; slots that never live together share bytes. */
  | { readonly kind: "scratch"; readonly first: number; readonly last: number }
  /** Like scratch, but its content is part of the plan. */
  | { readonly kind: "constant"; readonly data: ArrayBufferView }
  | { readonly kind: "input"; readonly index: number }
  | { readonly kind: "variable"; readonly index: number }
  /** Live to the end of the run, then copied out. */
  | { readonly kind: "output"; readonly first: number };

export interface Slot {
  readonly where: SlotKind;
  readonly dtype: DType;
  readonly count: Size;
}

/** The value of one kernel parameter: the address of a slot, or a size. */
export type Arg = { readonly slot: number } | { readonly size: Size };

export interface Row {
  readonly kernel: Kernel;
  readonly args: readonly Arg[];
  /** How many tasks; 0 is allowed. Cut by shape, never by the number of threads. */
  readonly tasks: Size;
  /** For the profile: floating-point operations and bytes read and written. */
  readonly flops: Size;
  readonly bytes: Size;
  readonly label: string;
}

export interface Plan {
  readonly slots: readonly Slot[];
  readonly rows: readonly Row[];
  readonly inputs: readonly ValueSpec[];
  readonly variables: readonly ValueSpec[];
  /** The slot of each output, with its shape and type. */
  readonly outputs: readonly { readonly slot: number; readonly value: ValueSpec }[];
  /** Before row `at`, look at the byte in `slot`: where it is 0, skip the rest and report it. */
  readonly guard?: { readonly at: number; readonly slot: number };
}

/** One line per row: name, output, tasks. */
export function printPlan(p: Plan, withKernels = false): string {
  const lines = p.rows.map((r, i) => {
    const args = r.args.map((a) => ("slot" in a ? `@${a.slot}` : String(a.size))).join(" ");
    return `${String(i).padStart(3)}  ${r.kernel.name.padEnd(36)} tasks ${String(r.tasks).padEnd(14)} ${args}  ${r.label}`;
  });
  const slots = p.slots.map((s, i) => `@${i}  ${s.where.kind.padEnd(9)} ${s.dtype}${showShape([s.count])}`);
  const kernels = withKernels
    ? [...new Map(p.rows.map((r) => [r.kernel.key, r.kernel])).values()].map(printKernel)
    : [];
  return [...lines, ...slots, ...kernels].join("\n");
}
