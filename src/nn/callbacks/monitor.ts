import { UsageError } from "../../ir/errors.ts";
import type { StateTree } from "../resume/state-tree.ts";
import { Callback } from "./callback.ts";

export interface MonitorOptions {
  /** The key of the logs to watch. */
  monitor?: string;
  /** Whether smaller or larger is better; `auto` asks the loss or metric. */
  mode?: "auto" | "min" | "max";
}

/** A callback that watches one value of the logs for improvement. */
export abstract class MonitorCallback extends Callback {
  readonly monitor: string;
  readonly mode: "auto" | "min" | "max";
  readonly minDelta: number;
  /** The best value so far. */
  best: number | undefined;
  #sign: 1 | -1 | undefined;

  /** Throws UsageError for a mode that is not one of the three. */
  constructor(options: MonitorOptions, best?: number, minDelta = 0) {
    super();
    this.monitor = options.monitor ?? "val_loss";
    this.mode = options.mode ?? "auto";
    this.best = best;
    this.minDelta = Math.abs(minDelta);
    if (!["auto", "min", "max"].includes(this.mode)) {
      throw new UsageError({
        where: this.constructor.name,
        problem: "there is no such mode",
        expected: "auto, min or max",
        got: String(this.mode),
        try: 'mode: "min" for losses, "max" for accuracies',
      });
    }
  }

  /** Throws UsageError where `auto` cannot tell. Called once the metrics are known. */
  protected direction(): 1 | -1 {
    this.#sign ??= this.#find();
    return this.#sign;
  }

  #find(): 1 | -1 {
    if (this.mode !== "auto") return this.mode === "max" ? 1 : -1;
    const name = this.monitor.replace(/^val_/, "");
    const found = name === "loss" ? "down" : this.model.compiled?.direction(name);
    if (found) return found === "up" ? 1 : -1;
    throw new UsageError({
      where: this.constructor.name,
      problem: `it is not known whether ${this.monitor} should grow or shrink`,
      expected: 'mode "min" or "max"',
      got: 'mode "auto"',
      try: `say mode: "max" if larger is better, mode: "min" if smaller is`,
    });
  }

  override state(): StateTree {
    return { best: this.best };
  }

  override restoreState(state: StateTree): void {
    this.best = (state as { best?: number }).best;
  }

  /** True where `value` is better than `reference` by more than `minDelta`, or there is nothing to compare with. */
  protected improves(value: number, reference: number | undefined): boolean {
    const sign = this.direction();
    return reference === undefined || (value - sign * this.minDelta) * sign > reference * sign;
  }
}
