/**
 * A run of training as a stepper: each `step()` does one thing and returns one event. `fit` is a loop over it, callbacks
 * and everything printed are made from its events, and pausing is not calling `step`.
 *
 * Over 400 lines: a run is one walk through its events, and what is read before the first of them.
 */

import { Turn } from "../core/turn.ts";
import { DataError, UsageError } from "../ir/errors.ts";
import { type Opener, rowsSource, type Source, streamSource } from "./batches.ts";
import type { EpochLogs } from "./callbacks/callback.ts";
import { checkLabels, checkWhole, compiledState, orderedLabels, withClassWeights } from "./checks.ts";
import type { FitOptions, StreamInput, ValidationData } from "./data-adapter.ts";
import { isStream, readRows, splitRows, unpack } from "./data-adapter.ts";
import { type EvaluationData, evaluation } from "./evaluation.ts";
import { nonFiniteError, type StepPlace } from "./non-finite.ts";
import type { RunPosition, RunState } from "./resume/run-state.ts";
import {
  checkConditions,
  restoreOptimizers,
  restoreWeights,
  runStateVersion,
  saveArrays,
} from "./resume/run-state.ts";
import type { StateTree } from "./resume/state-tree.ts";
import { Stepper } from "./stepper.ts";
import type { Trainable } from "./trainable.ts";

export type { EpochLogs };

/** What happened in one step of a run. Epochs and batches are counted from 0. */
export type RunEvent =
  | { readonly type: "trainBegin"; readonly epochs: number; readonly steps: number | undefined }
  | { readonly type: "epochBegin"; readonly epoch: number }
  /** A restored run goes on inside an epoch: `batch` comes next. */
  | { readonly type: "epochResume"; readonly epoch: number; readonly batch: number }
  | { readonly type: "batchBegin"; readonly epoch: number; readonly batch: number }
  /** `logs` are means over the epoch so far. `committed` is false where the loss was not finite and nothing changed. */
  | {
      readonly type: "batchEnd";
      readonly epoch: number;
      readonly batch: number;
      readonly rows: number;
      readonly logs: EpochLogs;
      readonly committed: boolean;
      /** How long the step took. */
      readonly seconds: number;
    }
  | { readonly type: "validationBegin"; readonly epoch: number }
  /** Batches of validation go several at once: `batch` is the first of them here, and the last at their end. */
  | { readonly type: "validationBatchBegin"; readonly epoch: number; readonly batch: number }
  | {
      readonly type: "validationBatchEnd";
      readonly epoch: number;
      readonly batch: number;
      readonly logs: EpochLogs;
    }
  | { readonly type: "validationEnd"; readonly epoch: number; readonly logs: EpochLogs }
  /** Listeners may add to `logs`. */
  | { readonly type: "epochEnd"; readonly epoch: number; readonly logs: EpochLogs }
  | { readonly type: "trainEnd"; readonly logs: EpochLogs; readonly reason: "completed" | "stopped" }
  /** Something the user should know, in words. */
  | { readonly type: "warning"; readonly message: string };

/** What to train on: arrays or a stream of batches. */
export interface RunData {
  readonly x: unknown;
  readonly y?: unknown;
  readonly sampleWeight?: unknown;
}

/** Training and validation data, read. */
export interface RunInput {
  readonly train: Opener;
  readonly validation: EvaluationData | undefined;
  readonly warning: string | undefined;
}

/** The options of `fit` that concern the run itself, and what its driver asks for. */
export interface RunOptions extends Omit<FitOptions, "verbose" | "callbacks" | "print"> {
  /** Report the beginning of every batch too. */
  batchBegin?: boolean;
  /**
   * Report the end of every batch of training; true unless given. Without, the batches of an epoch are one step of the run, and
   * small ones take less time.
   */
  batchEnd?: boolean;
  /** Asked after batches that are not reported: whether to stop. */
  stops?: () => boolean;
  /** Report a step that is not finite as an event instead of throwing. */
  reportNonFinite?: boolean;
}

/** The training of a compiled model, one step at a time. */
export class Run {
  readonly model: Trainable;
  readonly options: RunOptions;
  /** True once `trainEnd` was reported, or a step threw. */
  done = false;
  readonly #data: RunData;
  readonly #events: AsyncGenerator<RunEvent, void>;
  #stopping = false;
  #position: RunPosition;
  #now:
    | { readonly stepper: Stepper; readonly source: Source; readonly conditions: RunState["conditions"] }
    | undefined;
  /** What the source held before a validation that is under way: a run that is restored goes through all of it. */
  #beforeValidation: StateTree | undefined;
  #restored: RunState | undefined;

  constructor(model: Trainable, data: RunData, options: RunOptions = {}) {
    this.model = model;
    this.#data = data;
    this.options = options;
    this.#position = { epoch: options.initialEpoch ?? 0, next: "epoch", batch: 0, logs: {}, over: false };
    this.#events = this.#run();
  }

  /**
   * Does the next thing and reports it. Throws typed errors: DataError, ShapeError and UsageError before the first step,
   * NumericError at a step that is not finite (the weights are those of the last finite one), CancelledError.
   */
  async step(): Promise<RunEvent> {
    if (!this.done) {
      try {
        const next = await this.#events.next();
        if (next.value) return next.value;
      } catch (e) {
        this.done = true;
        throw e;
      }
    }
    throw new UsageError({
      where: "Run.step",
      problem: "the run is over",
      expected: "a run that is not done",
      got: "done",
      try: "make a new Run; look at run.done before each step",
    });
  }

  /** Ends the run after the batch under way; validation and the end of the epoch are still reported. */
  stop(): void {
    this.#stopping = true;
  }

  /**
   * The state after the last event, from which a run with the same model and data goes on as if it had never stopped.
   * Throws UsageError before the first step.
   */
  save(): RunState {
    if (!this.#now) {
      throw new UsageError({
        where: "Run.save",
        problem: "the run has not begun",
        expected: "a run of which one step was taken",
        got: "a new one",
        try: "call step() first",
      });
    }
    const { stepper, source, conditions } = this.#now;
    const position = { ...this.#position, logs: { ...this.#position.logs } };
    return {
      kind: "tendril run",
      version: runStateVersion,
      position: { ...position, over: position.over || this.#stopping },
      conditions,
      ...saveArrays(this.model, stepper.optimizers),
      sums: stepper.sums.save(),
      source: this.#beforeValidation ?? source.state?.(),
      callbacks: {},
    };
  }

  /**
   * Lets the run go on from a saved state; to be called before the second step, which throws CheckpointError where the
   * state does not fit the model, the data or the options. The number of epochs may differ.
   */
  restore(state: RunState): void {
    this.#restored = state;
  }

  /** Frees the memory of a run that is given up. */
  async close(): Promise<void> {
    this.done = true;
    await this.#events.return();
  }

  async *#run(): AsyncGenerator<RunEvent, void> {
    const state = compiledState(this.model, "fit");
    const options = checkOptions(this.options);
    const turn = new Turn("fit", options);
    const { train, validation, warning } = await this.#readData(options, turn);
    const { epochs, initialEpoch } = options;
    const rows = (train.rows ?? 0) * (epochs - initialEpoch);
    const stepper = new Stepper(this.model, state, options.seed ?? 0, turn, rows);
    const source = train.open(stepper);
    try {
      this.#now = { stepper, source, conditions: { ...train.conditions, optimizer: state.optimizer.type } };
      yield { type: "trainBegin", epochs, steps: source.steps };
      if (warning) yield { type: "warning", message: warning };
      if (this.#restored) this.#takeOver(this.#restored, stepper, source);
      while (this.#position.epoch < epochs && !this.#isOver) {
        yield* this.#epoch(source, validation, stepper, turn);
      }
      source.close();
      this.done = true;
      if (epochs > initialEpoch) state.optimizer.finalize();
      const { logs } = this.#position;
      yield { type: "trainEnd", logs, reason: this.#stopping ? "stopped" : "completed" };
    } finally {
      source.close();
    }
  }

  /** Between two epochs: whether there is no other. */
  get #isOver(): boolean {
    return this.#position.next === "epoch" && (this.#position.over || this.#stopping);
  }

  #takeOver(saved: RunState, stepper: Stepper, source: Source): void {
    checkConditions(saved.conditions, this.#now!.conditions);
    restoreWeights(this.model, saved);
    stepper.restoreOptimizers((optimizers) => restoreOptimizers(this.model, optimizers, saved));
    if (saved.source !== undefined) source.restore?.(saved.source);
    this.#position = { ...saved.position, logs: { ...saved.position.logs } };
    if (saved.position.over) this.#stopping = true;
  }

  /** The rest of the epoch at which the run is. What comes next is noted before each event is reported. */
  async *#epoch(
    source: Source,
    validation: EvaluationData | undefined,
    stepper: Stepper,
    turn: Turn,
  ): AsyncGenerator<RunEvent, void> {
    const { epoch, next, batch } = this.#position;
    const go = (change: Partial<RunPosition>) => {
      this.#position = { ...this.#position, ...change };
    };
    if (next === "epoch") {
      stepper.sums.reset();
      go({ next: "batches", batch: 0, logs: {} });
      yield { type: "epochBegin", epoch };
    } else yield { type: "epochResume", epoch, batch };
    if (this.#position.next === "batches") {
      yield* this.#trainEpoch(epoch, source, stepper, turn);
      const validates = validation !== undefined && isDue(epoch, this.options.validationFreq);
      go({ next: validates ? "validation" : "epochEnd", logs: stepper.sums.logs() });
    }
    if (validation && this.#position.next === "validation") {
      stepper.sums.reset();
      this.#beforeValidation = source.state?.();
      yield { type: "validationBegin", epoch };
      const place = { call: "fit: validation", epoch: epoch + 1 };
      yield* this.#validate(epoch, validation, stepper, turn, place);
      const found = stepper.sums.logs();
      const prefixed = Object.entries(found).map(([key, value]): [string, number] => [`val_${key}`, value]);
      go({ next: "epochEnd", logs: { ...this.#position.logs, ...Object.fromEntries(prefixed) } });
      this.#beforeValidation = undefined;
      yield { type: "validationEnd", epoch, logs: found };
    }
    const { logs } = this.#position;
    go({ epoch: epoch + 1, next: "epoch", batch: 0, over: source.exhausted });
    yield { type: "epochEnd", epoch, logs };
  }

  async *#trainEpoch(
    epoch: number,
    source: Source,
    stepper: Stepper,
    turn: Turn,
  ): AsyncGenerator<RunEvent, void> {
    let { batch } = this.#position;
    // The sums of a stream's metrics can only be put back when its first batch has told what they are.
    let sums = batch > 0 ? this.#restored?.sums : undefined;
    this.#restored = undefined;
    const restoreSums = () => {
      if (sums) stepper.sums.restore(sums);
      sums = undefined;
    };
    const steps = source.epoch(epoch, turn, batch);
    while (!this.#stopping || batch === 0) {
      const next = steps.next();
      const { value: step, done } = next instanceof Promise ? await next : next;
      restoreSums();
      if (done) break;
      if (this.options.batchBegin) yield { type: "batchBegin", epoch, batch };
      const turned = turn.take();
      if (turned) await turned;
      const began = performance.now();
      const { committed } = await step.train();
      const seconds = (performance.now() - began) / 1000;
      if (!committed && !this.options.reportNonFinite) {
        const place: StepPlace = { call: "fit", epoch: epoch + 1, step: batch + 1, ...step.place };
        throw await nonFiniteError(stepper, step.rows(), place, true);
      }
      batch++;
      this.#position = { ...this.#position, batch };
      if (this.options.batchEnd ?? true) {
        const logs = stepper.sums.logs();
        if (!committed) logs.loss = Number.NaN;
        yield { type: "batchEnd", epoch, batch: batch - 1, rows: step.count, logs, committed, seconds };
      } else if (this.options.stops?.()) this.stop();
    }
    restoreSums();
    if (batch === 0) emptyEpoch(epoch);
    if (source.warning && !this.#stopping) yield { type: "warning", message: source.warning };
  }

  async *#validate(
    epoch: number,
    validation: EvaluationData,
    stepper: Stepper,
    turn: Turn,
    place: Omit<StepPlace, "step">,
  ): AsyncGenerator<RunEvent, void> {
    const strict = !this.options.reportNonFinite;
    for await (const { begin, batch } of evaluation(validation, stepper, turn, strict ? place : undefined)) {
      if (!begin) yield { type: "validationBatchEnd", epoch, batch, logs: stepper.sums.logs() };
      else if (this.options.batchBegin) yield { type: "validationBatchBegin", epoch, batch };
    }
  }

  /** Reads and checks everything that can be checked before the first step. */
  async #readData(options: CheckedOptions, turn: Turn): Promise<RunInput> {
    if (this.model.openData) return this.model.openData(this.#data, this.options);
    const { x, y, sampleWeight } = this.#data;
    const { validationData, validationSplit, classWeight } = options;
    let validation: EvaluationData | undefined;
    let warning: string | undefined;
    if (isStream(x)) {
      if (y !== undefined || validationSplit) notForStreams(y !== undefined ? "y" : "validationSplit");
      validation = await readValidation(this.model, validationData, options);
      return { train: streamSource(this.model, x, options), validation, warning };
    }
    const weight = options.sampleWeight ?? sampleWeight;
    let all = await readRows(this.model, { x, y, sampleWeight: weight }, "fit");
    turn.check();
    checkLabels(this.model, all, "fit");
    if (classWeight) all = withClassWeights(all, classWeight);
    if (validationSplit && validationData === undefined) {
      const parts = splitRows(all, validationSplit);
      warning = orderedLabels(parts.train, parts.validation);
      // Factors of classes belong to training alone.
      const bare = weight === undefined ? { ...parts.validation, weight: undefined } : parts.validation;
      validation = { rows: bare, batchSize: validationBatch(options), steps: options.validationSteps };
      all = parts.train;
    } else validation = await readValidation(this.model, validationData, options);
    return { train: rowsSource(all, options), validation, warning };
  }
}

type CheckedOptions = RunOptions & { epochs: number; initialEpoch: number };

function checkOptions(options: RunOptions): CheckedOptions {
  const { batchSize, epochs = 1, initialEpoch = 0, validationFreq = 1 } = options;
  checkWhole("fit", "batchSize", batchSize, 1);
  checkWhole("fit", "epochs", epochs, 0);
  checkWhole("fit", "initialEpoch", initialEpoch, 0);
  checkWhole("fit", "stepsPerEpoch", options.stepsPerEpoch, 1);
  checkWhole("fit", "validationSteps", options.validationSteps, 1);
  checkWhole("fit", "validationBatchSize", options.validationBatchSize, 1);
  for (const f of Array.isArray(validationFreq) ? validationFreq : [validationFreq]) {
    checkWhole("fit", "validationFreq", f as number, 1);
  }
  if (options.classWeight && options.sampleWeight) {
    throw new UsageError({
      where: "fit",
      problem: "classWeight and sampleWeight cannot be given together",
      expected: "one of them",
      got: "both",
      try: "multiply the class factors into sampleWeight",
    });
  }
  return { ...options, epochs, initialEpoch };
}

function isDue(epoch: number, freq: FitOptions["validationFreq"] = 1): boolean {
  return typeof freq === "number" ? (epoch + 1) % freq === 0 : freq.includes(epoch + 1);
}

function notForStreams(name: string): never {
  throw new UsageError({
    where: `fit: ${name}`,
    problem: `${name} cannot be used with batches that come one by one`,
    expected: "batches [x, y], and validationData for validation",
    got: `an iterable and ${name}`,
    try: name === "y" ? "let the iterable yield [x, y]" : "pass validationData",
  });
}

function emptyEpoch(epoch: number): never {
  throw new DataError({
    where: `fit: epoch ${epoch + 1}`,
    problem: "there was no batch",
    expected: "at least one batch per epoch",
    got: "none",
    try: "pass a function that makes a new iterable for every epoch, or an iterable that can be gone over again",
  });
}

function validationBatch(options: RunOptions): number {
  return options.validationBatchSize ?? options.batchSize ?? 32;
}

async function readValidation(
  model: Trainable,
  given: ValidationData | undefined,
  options: RunOptions,
): Promise<EvaluationData | undefined> {
  if (given === undefined || given === null) return undefined;
  const limits = { batchSize: validationBatch(options), steps: options.validationSteps };
  const record = typeof given === "object" && !Array.isArray(given) && "x" in given;
  if (!record && !Array.isArray(given) && isStream(given)) return { stream: given as StreamInput, ...limits };
  const rows = await readRows(model, unpack(given, "fit: validationData", true), "fit: validationData");
  checkLabels(model, rows, "fit: validationData");
  return { rows, ...limits };
}
