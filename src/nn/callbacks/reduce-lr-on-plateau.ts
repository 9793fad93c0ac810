import { UsageError } from "../../ir/errors.ts";
import { pythonFloat } from "../number-format.ts";
import type { StateTree } from "../resume/state-tree.ts";
import type { EpochLogs } from "./callback.ts";
import type { MonitorOptions } from "./monitor.ts";
import { MonitorCallback } from "./monitor.ts";

export interface ReduceLROnPlateauOptions extends MonitorOptions {
  /** The learning rate is multiplied by it; below 1. */
  factor?: number;
  patience?: number;
  verbose?: 0 | 1;
  minDelta?: number;
  /** Epochs to wait after a reduction before counting again. */
  cooldown?: number;
  minLr?: number;
}

/** Lowers the learning rate when a value stops improving (Keras's ReduceLROnPlateau); adds `learning_rate` to the logs. */
export class ReduceLROnPlateau extends MonitorCallback {
  readonly options: ReduceLROnPlateauOptions;
  wait = 0;
  #cooldown = 0;

  /** Throws UsageError for a factor of 1 or more. */
  constructor(options: ReduceLROnPlateauOptions = {}) {
    super(options, undefined, options.minDelta ?? 1e-4);
    this.options = options;
    if ((options.factor ?? 0.1) >= 1) {
      throw new UsageError({
        where: "ReduceLROnPlateau",
        problem: "the factor would not lower the learning rate",
        expected: "a factor below 1",
        got: String(options.factor),
        try: "factor: 0.1",
      });
    }
  }

  override onTrainBegin(): void {
    this.best = undefined;
    this.#cooldown = 0;
    this.wait = 0;
  }

  override state(): StateTree {
    return { best: this.best, wait: this.wait, cooldown: this.#cooldown };
  }

  override restoreState(state: StateTree): void {
    const { wait, cooldown } = state as { wait: number; cooldown: number };
    super.restoreState(state);
    this.wait = wait;
    this.#cooldown = cooldown;
  }

  override onEpochEnd(epoch: number, logs: EpochLogs): void {
    const { patience = 10 } = this.options;
    this.direction();
    const { optimizer } = this;
    if (optimizer) logs.learning_rate = optimizer.learningRate;
    const current = logs[this.monitor];
    if (current === undefined) {
      this.print(
        `Learning rate reduction is conditioned on metric \`${this.monitor}\` which is not available. ` +
          `Available metrics are: ${Object.keys(logs).join(",")}.`,
      );
      return;
    }
    if (this.#cooldown > 0) {
      this.#cooldown--;
      this.wait = 0;
    }
    if (this.improves(current, this.best)) {
      this.best = current;
      this.wait = 0;
    } else if (this.#cooldown === 0) {
      this.wait++;
      if (this.wait >= patience && this.#reduce(epoch)) {
        this.#cooldown = this.options.cooldown ?? 0;
        this.wait = 0;
      }
    }
  }

  #reduce(epoch: number): boolean {
    const { factor = 0.1, minLr = 0, verbose = 0 } = this.options;
    const { optimizer } = this;
    const old = optimizer?.learningRate ?? 0;
    if (!optimizer || old <= Math.fround(minLr)) return false;
    const next = Math.max(old * factor, minLr);
    optimizer.learningRate = next;
    if (verbose > 0) {
      this.print(`\nEpoch ${epoch + 1}: ReduceLROnPlateau reducing learning rate to ${pythonFloat(next)}.`);
    }
    return true;
  }
}
