/** `compile`, `fit` and single steps: loops over the stepper, with callbacks told of its events. */
import { CancelledError, UsageError } from "../ir/errors.ts";
import { callbackFiles } from "./callback-files.ts";
import { CallbackList } from "./callbacks/callback-list.ts";
import { checkLabels, compiledState } from "./checks.ts";
import type { CompileOptions } from "./compile-options.ts";
import { CompiledState } from "./compile-options.ts";
import type { ArraysInput, FitOptions, PassOptions, StepOptions, StreamInput } from "./data-adapter.ts";
import { classWeights, readRows } from "./data-adapter.ts";
import type { History } from "./history.ts";
import { nonFiniteError } from "./non-finite.ts";
import { printerFrom } from "./progress.ts";
import type { RunState } from "./resume/run-state.ts";
import type { RunEvent } from "./run.ts";
import { Run } from "./run.ts";
import { arraysOf, Stepper } from "./stepper.ts";
import type { Trainable } from "./trainable.ts";

export { evaluate } from "./evaluate.ts";
export { predict, predictOnBatch } from "./predict.ts";

/** What can be trained on: arrays, or batches one by one. */
export type FitInput = ArraysInput | StreamInput;
/** Labels, one array per output. */
export type FitTarget = ArraysInput | undefined;

/** Sets loss, metrics and optimizer of a model. Throws UsageError for names that are not known. */
export function compileModel(model: Trainable, options: CompileOptions = {}): void {
  const known = new Set(["optimizer", "loss", "lossWeights", "metrics", "weightedMetrics", "backend"]);
  const strange = Object.keys(options).find((k) => !known.has(k));
  if (strange !== undefined) {
    throw new UsageError({
      where: "compile",
      problem: `unknown option ${strange}`,
      expected: `one of ${[...known].join(", ")}`,
      got: strange,
      try: "check the spelling; options are written in camelCase",
    });
  }
  const state = new CompiledState(options);
  model.compiled?.release();
  model.compiled = state;
}

/** `verbose` as a number. Throws UsageError for anything else. */
export function verbosity({ verbose = "auto" }: PassOptions): 0 | 1 | 2 {
  if (verbose === "auto") return 1;
  if (verbose === 0 || verbose === 1 || verbose === 2) return verbose;
  throw new UsageError({
    where: "verbose",
    problem: "there is no such verbosity",
    expected: '0, 1, 2 or "auto"',
    got: String(verbose),
    try: "verbose: 0 for silence, 2 for one line per epoch",
  });
}

/** Seconds since the process or page began. */
export function seconds(): number {
  return performance.now() / 1000;
}

/**
 * Trains for a number of epochs and returns the history. Throws what `Run.step` throws; whatever happens, the model keeps
 * the weights of the last finished step and can be used.
 */
export async function fit(
  model: Trainable,
  x: FitInput,
  y?: FitTarget,
  options: FitOptions = {},
): Promise<History> {
  compiledState(model, "fit");
  const { verbose: _, callbacks: given, print, ...runOptions } = options;
  const verbose = verbosity(options);
  const printer = printerFrom(print);
  model.stopTraining = false;
  const run = new Run(model, { x, y }, { ...runOptions });
  let callbacks: CallbackList | undefined;
  const save = (): RunState => {
    if (model.stopTraining) run.stop();
    return { ...run.save(), callbacks: callbacks!.states() };
  };
  try {
    const first = await run.step();
    const { epochs, steps } = first as Extract<RunEvent, { type: "trainBegin" }>;
    const context = {
      model,
      params: { verbose, epochs, steps },
      printer,
      files: callbackFiles,
      clock: seconds,
    };
    callbacks = new CallbackList(given, context);
    run.options.batchBegin = callbacks.listens("onTrainBatchBegin") || callbacks.listens("onTestBatchBegin");
    run.options.stops = () => model.stopTraining;
    run.options.reportNonFinite = callbacks.handlesNonFinite;
    await dispatch(callbacks, first);
    run.options.batchEnd = callbacks.listens("onTrainBatchEnd") || callbacks.keepsRuns;
    const saved = await callbacks.restoreRun();
    if (saved) {
      run.restore(saved);
      callbacks.restoreStates(saved.callbacks);
    }
    while (!run.done) {
      if (model.stopTraining) run.stop();
      const event = await run.step();
      if (event.type === "warning") {
        if (verbose > 0) printer.write(`${event.message}\n`);
      } else await dispatch(callbacks, event);
      await callbacks.keepRun(event, save);
    }
    return callbacks.history;
  } catch (error) {
    if (error instanceof CancelledError) await callbacks?.keepInterrupted(save);
    throw error;
  } finally {
    await run.close();
    await callbacks?.release();
  }
}

/** Tells the callbacks of an event. */
async function dispatch(callbacks: CallbackList, event: RunEvent): Promise<void> {
  const place = "epoch" in event ? `epoch ${event.epoch + 1}` : "training";
  switch (event.type) {
    case "trainBegin":
      return callbacks.call("onTrainBegin", place);
    case "epochBegin":
      return callbacks.call("onEpochBegin", place, event.epoch);
    case "epochResume":
      return callbacks.call("onEpochResume", place, event.epoch, event.batch);
    case "batchBegin":
      return callbacks.call("onTrainBatchBegin", `${place}, batch ${event.batch + 1}`, event.batch);
    case "batchEnd":
      return callbacks.call("onTrainBatchEnd", `${place}, batch ${event.batch + 1}`, event.batch, event.logs);
    case "validationBegin":
      return callbacks.call("onTestBegin", place);
    case "validationBatchBegin":
      return callbacks.call("onTestBatchBegin", `${place}, batch ${event.batch + 1}`, event.batch);
    case "validationBatchEnd":
      return callbacks.call("onTestBatchEnd", `${place}, batch ${event.batch + 1}`, event.batch, event.logs);
    case "validationEnd":
      return callbacks.call("onTestEnd", place, event.logs);
    case "epochEnd":
      return callbacks.call("onEpochEnd", place, event.epoch, event.logs);
    case "trainEnd":
      return callbacks.call("onTrainEnd", place, event.logs);
    case "warning":
      return;
  }
}

/**
 * One step of training on one batch; returns `[loss, ...metrics]` of the batch before the step. Throws NumericError where
 * the step is not finite (nothing is changed then).
 */
export async function trainOnBatch(
  model: Trainable,
  x: ArraysInput,
  y?: FitTarget,
  options: StepOptions = {},
): Promise<number[]> {
  return onBatch(model, x, y, options, "trainOnBatch");
}

/** Loss and metrics of one batch: `[loss, ...metrics]`. */
export async function testOnBatch(
  model: Trainable,
  x: ArraysInput,
  y?: FitTarget,
  options: StepOptions = {},
): Promise<number[]> {
  return onBatch(model, x, y, options, "testOnBatch");
}

async function onBatch(
  model: Trainable,
  x: ArraysInput,
  y: FitTarget,
  { sampleWeight, classWeight, seed = 0 }: StepOptions,
  call: "trainOnBatch" | "testOnBatch",
): Promise<number[]> {
  const state = compiledState(model, call);
  let rows = await readRows(model, { x, y, sampleWeight }, call);
  checkLabels(model, rows, call);
  if (classWeight) rows = { ...rows, weight: classWeights(rows.ys[0]!, classWeight) };
  const stepper = new Stepper(model, state, seed);
  stepper.sums.reset();
  const training = call === "trainOnBatch";
  const { committed, loss } = training
    ? await stepper.trainer(rows)(arraysOf(rows), rows.count)
    : { committed: true, loss: await stepper.test(rows) };
  if (!committed || !Number.isFinite(loss)) {
    const step = state.optimizer.iterations + 1;
    throw await nonFiniteError(stepper, rows, { call, step, rowOf: (row) => row }, training);
  }
  const logs = stepper.sums.logs();
  return stepper.sums.keys().map((k) => logs[k]!);
}
