/** `evaluate`: loss and metrics over data, without training. */

import { Turn } from "../core/turn.ts";
import { callbackFiles } from "./callback-files.ts";
import { CallbackList } from "./callbacks/callback-list.ts";
import { checkLabels, checkWhole, compiledState } from "./checks.ts";
import type { EvaluateOptions } from "./data-adapter.ts";
import { isStream, readRows } from "./data-adapter.ts";
import { type EvaluationData, evaluation, evaluationSteps } from "./evaluation.ts";
import type { FitInput, FitTarget } from "./fit.ts";
import { seconds, verbosity } from "./fit.ts";
import type { Model } from "./model.ts";
import { printerFrom } from "./progress.ts";
import { Stepper } from "./stepper.ts";

/** Asks for a record by key instead of a list. */
export interface DictOption {
  returnDict: true;
}

/** Loss and metrics as a record by key. */
export function evaluate(
  model: Model,
  x: FitInput,
  y: FitTarget,
  options: EvaluateOptions & DictOption,
): Promise<Record<string, number>>;
/**
 * `[loss, ...metrics]` in the order of `compile`; the penalties of regularizers are in the loss. Throws DataError,
 * ShapeError and UsageError before the first batch, NumericError where the loss is not finite, CancelledError.
 */
export function evaluate(
  model: Model,
  x: FitInput,
  y?: FitTarget,
  options?: EvaluateOptions,
): Promise<number[]>;
export async function evaluate(
  model: Model,
  x: FitInput,
  y?: FitTarget,
  options: EvaluateOptions & Partial<DictOption> = {},
): Promise<number[] | Record<string, number>> {
  const state = compiledState(model, "evaluate");
  const { batchSize = 32, steps, sampleWeight } = options;
  checkWhole("evaluate", "batchSize", batchSize, 1);
  checkWhole("evaluate", "steps", steps, 1);
  let data: EvaluationData;
  if (isStream(x)) data = { stream: x, batchSize, steps };
  else {
    const rows = await readRows(model, { x, y, sampleWeight }, "evaluate");
    checkLabels(model, rows, "evaluate");
    data = { rows, batchSize, steps };
  }
  const params = { verbose: verbosity(options), epochs: 1, steps: evaluationSteps(data) };
  const context = {
    model,
    params,
    printer: printerFrom(options.print),
    files: callbackFiles,
    clock: seconds,
  };
  const callbacks = new CallbackList(options.callbacks, context);
  const turn = new Turn("evaluate", options);
  const stepper = new Stepper(model, state, 0, turn);
  stepper.sums.reset();
  await callbacks.call("onTestBegin", "evaluation");
  for await (const { begin, batch } of evaluation(data, stepper, turn, { call: "evaluate" })) {
    const place = `batch ${batch + 1}`;
    if (begin) await callbacks.call("onTestBatchBegin", place, batch);
    else await callbacks.call("onTestBatchEnd", place, batch, stepper.sums.logs());
  }
  const logs = stepper.sums.logs();
  await callbacks.call("onTestEnd", "evaluation", logs);
  return options.returnDict ? logs : stepper.sums.keys().map((k) => logs[k]!);
}
