import { NumericError } from "../../ir/errors.ts";
import { pythonFloat } from "../number-format.ts";
import type { Logs } from "../progress.ts";
import { Callback } from "./callback.ts";

export interface TerminateOnNaNOptions {
  /** Throw a NumericError instead of ending quietly. */
  raiseError?: boolean;
}

/** Ends training at a loss that is not finite, without an error (Keras's TerminateOnNaN). */
export class TerminateOnNaN extends Callback {
  override readonly handlesNonFinite: boolean;
  readonly raiseError: boolean;

  constructor(options: TerminateOnNaNOptions = {}) {
    super();
    this.raiseError = options.raiseError ?? false;
    this.handlesNonFinite = !this.raiseError;
  }

  override onTrainBatchEnd(batch: number, logs: Logs): void {
    const { loss } = logs;
    if (loss === undefined || Number.isFinite(loss)) return;
    if (this.raiseError) {
      throw new NumericError({
        where: `batch ${batch}`,
        problem: "NaN or Inf loss encountered",
        expected: "a finite loss",
        got: pythonFloat(loss),
        try: "lower the learning rate, and look at the data of this batch",
        details: { batch },
      });
    }
    this.print(`Batch ${batch}: Invalid loss, terminating training`);
    this.model.stopTraining = true;
  }
}
