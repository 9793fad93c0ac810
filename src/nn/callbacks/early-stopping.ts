import type { Logs } from "../progress.ts";
import type { StateTree } from "../resume/state-tree.ts";
import type { MonitorOptions } from "./monitor.ts";
import { MonitorCallback } from "./monitor.ts";

export interface EarlyStoppingOptions extends MonitorOptions {
  /** An improvement must be larger than this. */
  minDelta?: number;
  /** Epochs without improvement after which training ends. */
  patience?: number;
  verbose?: 0 | 1;
  /** Epochs that do not beat this value never reset the count. */
  baseline?: number;
  /** Put back the weights of the best epoch when training ends, for whatever reason; otherwise the last ones stay. */
  restoreBestWeights?: boolean;
  /** The first epoch that counts. */
  startFromEpoch?: number;
}

/** Ends training when a value stops improving (Keras's EarlyStopping). */
export class EarlyStopping extends MonitorCallback {
  readonly options: EarlyStoppingOptions;
  /** The epoch after which training was stopped, or 0. */
  stoppedEpoch = 0;
  bestEpoch = 0;
  bestWeights: Float32Array[] | undefined;
  wait = 0;

  constructor(options: EarlyStoppingOptions = {}) {
    super(options, undefined, options.minDelta);
    this.options = options;
  }

  override onTrainBegin(): void {
    this.wait = 0;
    this.stoppedEpoch = 0;
    this.best = undefined;
    this.bestEpoch = 0;
    this.bestWeights = undefined;
  }

  override state(): StateTree {
    const { best, bestEpoch, bestWeights, stoppedEpoch, wait } = this;
    return { best, bestEpoch, bestWeights, stoppedEpoch, wait };
  }

  override restoreState(state: StateTree): void {
    const saved = state as Pick<
      EarlyStopping,
      "best" | "bestEpoch" | "bestWeights" | "stoppedEpoch" | "wait"
    >;
    super.restoreState(state);
    this.bestEpoch = saved.bestEpoch;
    this.bestWeights = saved.bestWeights;
    this.stoppedEpoch = saved.stoppedEpoch;
    this.wait = saved.wait;
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    const { restoreBestWeights, startFromEpoch = 0, baseline, patience = 0 } = this.options;
    this.direction();
    const current = logs[this.monitor];
    if (current === undefined) {
      this.print(
        `Early stopping conditioned on metric \`${this.monitor}\` which is not available. ` +
          `Available metrics are: ${Object.keys(logs).join(",")}`,
      );
      return;
    }
    if (epoch < startFromEpoch) return;
    if (restoreBestWeights && this.bestWeights === undefined) {
      this.bestWeights = this.model.getWeights();
      this.bestEpoch = epoch;
    }
    this.wait++;
    if (this.improves(current, this.best)) {
      this.best = current;
      this.bestEpoch = epoch;
      if (restoreBestWeights) this.bestWeights = this.model.getWeights();
      if (baseline === undefined || this.improves(current, baseline)) this.wait = 0;
      return;
    }
    if (this.wait >= patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      this.model.stopTraining = true;
    }
  }

  override onTrainEnd(): void {
    const { verbose = 0, restoreBestWeights } = this.options;
    if (this.stoppedEpoch > 0 && verbose > 0) this.print(`Epoch ${this.stoppedEpoch + 1}: early stopping`);
    if (!restoreBestWeights || this.bestWeights === undefined) return;
    if (verbose > 0) {
      this.print(`Restoring model weights from the end of the best epoch: ${this.bestEpoch + 1}.`);
    }
    this.model.setWeights(this.bestWeights);
  }
}
