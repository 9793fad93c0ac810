/** Learning rates that follow the step. */
import { UsageError } from "../../ir/errors.ts";

/**
 * A learning rate as a function of the number of optimizer steps taken. It is evaluated on the host before each step and
 * enters the plan as a number, so that no schedule ever makes a plan anew.
 */
export interface LearningRateSchedule {
  /** Keras's class name, as saved files have it. */
  readonly type: string;
  /** Keras's configuration (snake case), as saved files have it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The learning rate of step `step` (the first step is 0). */
  at(step: number): number;
}

/** True for anything that can be asked for a learning rate at a step. */
export function isSchedule(value: unknown): value is LearningRateSchedule {
  return typeof value === "object" && value !== null && "at" in value && typeof value.at === "function";
}

/** Throws UsageError unless `value` is above zero. */
export function positive(where: string, name: string, value: number): number {
  if (value > 0) return value;
  throw new UsageError({
    where,
    problem: `${name} must be above 0`,
    expected: "a number above 0",
    got: String(value),
    try: `give ${name} in optimizer steps: steps per epoch times epochs`,
  });
}
