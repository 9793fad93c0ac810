import { UsageError } from "../../ir/errors.ts";
import { fillTemplate, fixed } from "../number-format.ts";
import type { Logs } from "../progress.ts";
import type { StateTree } from "../resume/state-tree.ts";
import type { MonitorOptions } from "./monitor.ts";
import { MonitorCallback } from "./monitor.ts";

export interface ModelCheckpointOptions extends MonitorOptions {
  /** May hold `{epoch:02d}` (from 1), `{batch}` and keys of the logs such as `{val_loss:.2f}`. */
  filepath: string;
  verbose?: 0 | 1;
  /** Save only where the watched value improves. */
  saveBestOnly?: boolean;
  /** Save weights (`.weights.h5`) instead of the whole model (`.h5` or `.keras`). */
  saveWeightsOnly?: boolean;
  /** `epoch`, or a number of batches. */
  saveFreq?: "epoch" | number;
  /** A value that the first save must beat. */
  initialValueThreshold?: number;
}

/** Saves the model while it trains (Keras's ModelCheckpoint). */
export class ModelCheckpoint extends MonitorCallback {
  readonly options: ModelCheckpointOptions;
  #epoch = 0;
  #sinceSaving = 0;
  #lastBatch: number | undefined;

  /** Throws UsageError for a file name that does not end as its kind must, or another `saveFreq`. */
  constructor(options: ModelCheckpointOptions) {
    super(options, options.initialValueThreshold);
    this.options = options;
    const { filepath, saveFreq = "epoch", saveWeightsOnly = false } = options;
    if (saveFreq !== "epoch" && !(Number.isInteger(saveFreq) && saveFreq > 0)) {
      throw new UsageError({
        where: "ModelCheckpoint",
        problem: "saveFreq is not understood",
        expected: '"epoch" or a number of batches',
        got: String(saveFreq),
        try: "leave it out to save after each epoch",
      });
    }
    const endings = saveWeightsOnly ? [".weights.h5"] : [".keras", ".h5"];
    if (typeof filepath !== "string" || !endings.some((e) => filepath.endsWith(e))) {
      throw new UsageError({
        where: "ModelCheckpoint",
        problem: saveWeightsOnly
          ? "a file of weights must end in .weights.h5"
          : "a file of a model must end in .keras or .h5",
        expected: `a file name ending in ${endings.join(" or ")}`,
        got: String(filepath),
        try: saveWeightsOnly ? 'filepath: "best.weights.h5"' : 'filepath: "best.h5"',
      });
    }
  }

  override state(): StateTree {
    const [epoch, sinceSaving, lastBatch] = [this.#epoch, this.#sinceSaving, this.#lastBatch];
    return { best: this.best, epoch, sinceSaving, lastBatch };
  }

  override restoreState(state: StateTree): void {
    const saved = state as { epoch: number; sinceSaving: number; lastBatch?: number };
    super.restoreState(state);
    this.#epoch = saved.epoch;
    this.#sinceSaving = saved.sinceSaving;
    this.#lastBatch = saved.lastBatch;
  }

  override onEpochBegin(epoch: number): void {
    this.#epoch = epoch;
  }

  override async onTrainBatchEnd(batch: number, logs: Logs): Promise<void> {
    const { saveFreq = "epoch" } = this.options;
    if (saveFreq === "epoch") return;
    const again = this.#lastBatch === undefined || batch <= this.#lastBatch;
    this.#sinceSaving += again ? batch + 1 : batch - this.#lastBatch!;
    this.#lastBatch = batch;
    if (this.#sinceSaving < saveFreq) return;
    this.#sinceSaving = 0;
    await this.#save(this.#epoch, logs, batch);
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    if (this.options.saveBestOnly) this.direction();
    if ((this.options.saveFreq ?? "epoch") === "epoch") await this.#save(epoch, logs);
  }

  async #save(epoch: number, logs: Logs, batch?: number): Promise<void> {
    const { filepath, saveWeightsOnly, verbose = 0 } = this.options;
    const values = new Map([["epoch", epoch + 1], ...Object.entries(logs)]);
    if (batch !== undefined && !values.has("batch")) values.set("batch", batch + 1);
    const path = fillTemplate(filepath, values);
    if (!this.#wanted(epoch, logs, path)) return;
    await (saveWeightsOnly ? this.model.saveWeights(path) : this.model.save(path));
    if (verbose > 0) this.print(`\nEpoch ${epoch + 1}: finished saving model to ${path}`);
  }

  #wanted(epoch: number, logs: Logs, path: string): boolean {
    const { saveBestOnly, verbose = 0 } = this.options;
    const say = (text: string) => {
      if (verbose > 0) this.print(`\nEpoch ${epoch + 1}: ${text}`);
    };
    if (!saveBestOnly) {
      say(`saving model to ${path}`);
      return true;
    }
    const current = logs[this.monitor];
    if (current === undefined) {
      this.print(`Can save best model only with ${this.monitor} available.`);
      return true;
    }
    const best = this.best === undefined ? "None" : fixed(this.best, 5);
    if (!this.improves(current, this.best)) {
      say(`${this.monitor} did not improve from ${best}`);
      return false;
    }
    say(`${this.monitor} improved from ${best} to ${fixed(current, 5)}, saving model to ${path}`);
    this.best = current;
    return true;
  }
}
