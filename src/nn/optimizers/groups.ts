/** Parameter groups: weights, by the pattern of their path, with a learning rate or decay of their own. */
import { UsageError } from "../../ir/errors.ts";
import type { LearningRateSchedule } from "../schedules/index.ts";
import { isSchedule } from "../schedules/index.ts";

/** What differs for some of the weights. */
export interface ParameterGroup {
  /**
   * Patterns of paths, `*` standing for any letters: `conv1/*`, `*bias`. The path of a weight (`model/conv1/kernel`) or
   * an end of it after a slash must fit. Of several groups the first that fits holds.
   */
  readonly match: string | readonly string[];
  /** Instead of the optimizer's. */
  readonly learningRate?: number | LearningRateSchedule;
  /** Instead of the optimizer's; 0 for none. */
  readonly weightDecay?: number;
}

/** The number of the first group that a path belongs to, or -1. Throws UsageError for groups that are not understood. */
export function readGroups(
  type: string,
  groups: readonly ParameterGroup[] | undefined,
): (path: string) => number {
  const tests = (groups ?? []).map((group, i) => {
    checkGroup(`${type}: groups[${i}]`, group);
    return [group.match].flat().map(pattern);
  });
  return (path) => tests.findIndex((any) => any.some((test) => test.test(path)));
}

/** A pattern with `*` as an expression that an end of a path after a slash must fit. */
function pattern(text: string): RegExp {
  const parts = text.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`(^|/)${parts.join(".*")}$`);
}

function checkGroup(where: string, { match, learningRate, weightDecay, ...rest }: ParameterGroup): void {
  const refuse = (expected: string, got: unknown): never => {
    throw new UsageError({
      where,
      problem: "the group is not understood",
      expected,
      got: String(got),
      try: '{ match: "conv1/*", learningRate: 1e-4, weightDecay: 0 }',
    });
  };
  const strange = Object.keys(rest)[0];
  if (strange !== undefined) refuse("match, learningRate and weightDecay", strange);
  const patterns = [match].flat();
  if (patterns.length === 0 || patterns.some((m) => typeof m !== "string" || m === ""))
    refuse("a pattern of paths, or several", match);
  if (learningRate !== undefined && !isSchedule(learningRate) && !(learningRate >= 0))
    refuse("a learning rate of 0 or more, or a schedule", learningRate);
  if (weightDecay !== undefined && !(weightDecay >= 0)) refuse("a decay of 0 or more", weightDecay);
}
