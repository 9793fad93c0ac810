import type { Logs } from "../progress.ts";
import { Progress } from "../progress.ts";
import { Callback } from "./callback.ts";

/** Prints the progress of a pass (Keras's ProgbarLogger); inside `fit`, validation is silent. */
export class ProgbarLogger extends Callback {
  #progress: Progress | undefined;
  #inFit = false;
  #target: number | undefined;
  #seen = 0;

  #begin(prefix = ""): void {
    const { params, context } = this;
    this.#target ??= params.steps;
    this.#progress = new Progress({
      printer: context.printer,
      verbose: params.verbose,
      target: this.#target,
      clock: context.clock,
      prefix,
    });
  }

  #update(batch: number, logs: Logs): void {
    this.#seen = batch + 1;
    this.#progress?.update(this.#seen, logs);
  }

  #finish(logs: Logs): void {
    this.#target ??= this.#seen;
    this.#progress?.finish(logs);
    this.#progress = undefined;
  }

  override onTrainBegin(): void {
    this.#inFit = true;
  }

  override onEpochResume(epoch: number): void {
    this.onEpochBegin(epoch);
  }

  override onEpochBegin(epoch: number): void {
    const { epochs, verbose } = this.params;
    const title = epochs > 1 ? `Epoch ${epoch + 1}/${epochs}` : "";
    const ownLine = verbose === 2 || this.context.printer.interactive;
    if (verbose > 0 && title && ownLine) this.print(title);
    this.#begin(title && !ownLine ? `${title} - ` : "");
  }

  override onTrainBatchEnd(batch: number, logs: Logs): void {
    this.#update(batch, logs);
  }

  override onEpochEnd(_epoch: number, logs: Logs): void {
    this.#finish(logs);
  }

  override onTestBegin(): void {
    if (!this.#inFit) this.#begin();
  }

  override onTestBatchEnd(batch: number, logs: Logs): void {
    if (!this.#inFit) this.#update(batch, logs);
  }

  override onTestEnd(logs: Logs = {}): void {
    if (!this.#inFit) this.#finish(logs);
  }

  override onPredictBegin(): void {
    this.#begin();
  }

  override onPredictBatchEnd(batch: number): void {
    this.#update(batch, {});
  }

  override onPredictEnd(): void {
    this.#finish({});
  }
}
