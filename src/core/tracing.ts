/** The trace in progress, if any: `compile` runs a function once on symbols and notes what it does to variables. */
import { UsageError } from "../ir/errors.ts";
import type { Operand } from "./operand.ts";
import { toBool } from "./operand.ts";
import type { Tensor } from "./tensor.ts";
import type { Variable } from "./variable.ts";

/** What a trace has seen so far. */
export class Trace {
  /** The first value of each variable that was read. */
  readonly first = new Map<Variable, Tensor>();
  /** The last value assigned to each variable. */
  readonly assigned = new Map<Variable, Tensor>();
  /** All conditions given to `guard`. */
  readonly guards: Tensor[] = [];
}

let active: Trace | undefined;

/** The trace that is being made at this moment. */
export function activeTrace(): Trace | undefined {
  return active;
}

/** Runs `fn` with `trace` as the trace in progress. */
export function withTrace<T>(trace: Trace | undefined, fn: () => T): T {
  const before = active;
  active = trace;
  try {
    return fn();
  } finally {
    active = before;
  }
}

/** Runs `fn` as `compile` would trace it, and forgets what it assigned. */
export function rehearse<T>(fn: () => T): T {
  return withTrace(new Trace(), fn);
}

/**
 * Inside a compiled function: its assignments are carried out only where `condition` (a scalar) is true; with several
 * guards, where all are. The function must return a record; the result tells in `committed` what happened. Throws
 * UsageError outside a compiled function.
 */
export function guard(condition: Operand): void {
  if (active === undefined) {
    throw new UsageError({
      where: "guard",
      problem: "a guard makes sense inside a compiled function only",
      expected: "a call inside the function given to compile",
      got: "a call outside",
      try: "use an ordinary if on a value that was read",
    });
  }
  active.guards.push(toBool(condition).reshape([]));
}
