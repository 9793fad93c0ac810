import { UsageError } from "../../ir/errors.ts";
import { pythonFloat } from "../number-format.ts";
import type { EpochLogs } from "./callback.ts";
import { Callback } from "./callback.ts";

export interface LearningRateSchedulerOptions {
  verbose?: 0 | 1;
}

/** Sets the learning rate of each epoch by a function (Keras's LearningRateScheduler); adds `learning_rate` to the logs. */
export class LearningRateScheduler extends Callback {
  readonly schedule: (epoch: number, learningRate: number) => number;
  readonly verbose: 0 | 1;

  constructor(
    schedule: (epoch: number, learningRate: number) => number,
    options: LearningRateSchedulerOptions = {},
  ) {
    super();
    this.schedule = schedule;
    this.verbose = options.verbose ?? 0;
  }

  /** Throws UsageError where the function does not return a number. */
  override onEpochBegin(epoch: number): void {
    const { optimizer } = this;
    if (!optimizer) return;
    const rate = this.schedule(epoch, optimizer.learningRate);
    if (typeof rate !== "number" || Number.isNaN(rate)) {
      throw new UsageError({
        where: "LearningRateScheduler",
        problem: "the schedule did not return a number",
        expected: "a learning rate",
        got: String(rate),
        try: "return a number from (epoch, learningRate) => …",
      });
    }
    optimizer.learningRate = rate;
    if (this.verbose > 0) {
      this.print(
        `\nEpoch ${epoch + 1}: LearningRateScheduler setting learning rate to ${pythonFloat(rate)}.`,
      );
    }
  }

  override onEpochEnd(_epoch: number, logs: EpochLogs): void {
    const { optimizer } = this;
    if (optimizer) logs.learning_rate = optimizer.learningRate;
  }
}
