import { UsageError } from "../../ir/errors.ts";
import type { LearningRateSchedule } from "./schedule.ts";

export interface PiecewiseConstantDecayOptions {
  /** Steps at which the value changes, ascending. */
  boundaries: readonly number[];
  /** One more value than boundaries. */
  values: readonly number[];
}

/** `values[i]` where i boundaries lie below the step (Keras's PiecewiseConstantDecay). */
export class PiecewiseConstantDecay implements LearningRateSchedule {
  static readonly type = "PiecewiseConstantDecay";
  readonly type = PiecewiseConstantDecay.type;
  readonly options: PiecewiseConstantDecayOptions;

  /** Throws UsageError unless there is one more value than there are boundaries. */
  constructor(options: PiecewiseConstantDecayOptions) {
    const { boundaries, values } = options;
    if (boundaries.length !== values.length - 1) {
      throw new UsageError({
        where: PiecewiseConstantDecay.type,
        problem: "boundaries and values do not fit together",
        expected: `${values.length - 1} boundaries for ${values.length} values`,
        got: `${boundaries.length} boundaries`,
        try: "give one more value than boundaries: the last value holds for ever",
      });
    }
    this.options = options;
  }

  static fromConfig(c: Readonly<Record<string, never>>): PiecewiseConstantDecay {
    return new PiecewiseConstantDecay({ boundaries: c.boundaries!, values: c.values! });
  }

  get config() {
    return {
      boundaries: [...this.options.boundaries],
      values: [...this.options.values],
      name: "PiecewiseConstant",
    };
  }

  at(step: number): number {
    const { boundaries, values } = this.options;
    return values[boundaries.filter((b) => step > b).length]!;
  }
}
