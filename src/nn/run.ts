/**
 * A run of training as a stepper: each `step()` does one thing and returns one event. `fit` is a loop over it, callbacks
 * and everything printed are made from its events, and pausing is not calling `step`.
 */
import { deviceArray, permutationHost } from "../core/index.ts";
import type { DType, TypedArray } from "../ir/dtype.ts";
import { DataError, TendrilError, UsageError } from "../ir/errors.ts";
import type { EpochLogs } from "./callbacks/callback.ts";
import type { CompiledState } from "./compile-options.ts";
import type { FitOptions, Rows, StreamInput, ValidationData } from "./data-adapter.ts";
import {
  classWeights,
  isStream,
  openStream,
  outputsOf,
  readRows,
  sliceRows,
  splitRows,
  unpack,
} from "./data-adapter.ts";
import { takeRows } from "./host-array.ts";
import type { Model } from "./model.ts";
import { nonFiniteError, type StepPlace } from "./non-finite.ts";
import type { Resident } from "./stepper.ts";
import { allArrays, Stepper } from "./stepper.ts";
import { Turn } from "./turn.ts";

export type { EpochLogs };

/** What happened in one step of a run. Epochs and batches are counted from 0. */
export type RunEvent =
  | { readonly type: "trainBegin"; readonly epochs: number; readonly steps: number | undefined }
  | { readonly type: "epochBegin"; readonly epoch: number }
  | { readonly type: "batchBegin"; readonly epoch: number; readonly batch: number }
  /** `logs` are means over the epoch so far. `committed` is false where the loss was not finite and nothing changed. */
  | {
      readonly type: "batchEnd";
      readonly epoch: number;
      readonly batch: number;
      readonly rows: number;
      readonly logs: EpochLogs;
      readonly committed: boolean;
    }
  | { readonly type: "validationBegin"; readonly epoch: number }
  /** `batch` is the last one done: several may go at once. */
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

/** The options of `fit` that concern the run itself, and what its driver asks for. */
export interface RunOptions extends Omit<FitOptions, "verbose" | "callbacks" | "print"> {
  /** Report the beginning of every batch too. */
  batchBegin?: boolean;
  /** Report a step that is not finite as an event instead of throwing. */
  reportNonFinite?: boolean;
}

/** Largest data set kept in the memory of the backend; larger ones go over batch by batch. */
const residentLimit = 2 ** 30;
/** Rows that evaluation and prediction take at once where batches are smaller. */
const rowsAtOnce = 256;

/** The training of a compiled model, one step at a time. */
export class Run {
  readonly model: Model;
  readonly options: RunOptions;
  /** True once `trainEnd` was reported, or a step threw. */
  done = false;
  readonly #data: RunData;
  readonly #events: AsyncGenerator<RunEvent, void>;
  #stopping = false;

  constructor(model: Model, data: RunData, options: RunOptions = {}) {
    this.model = model;
    this.#data = data;
    this.options = options;
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

  /** Frees the memory of a run that is given up. */
  async close(): Promise<void> {
    this.done = true;
    await this.#events.return();
  }

  async *#run(): AsyncGenerator<RunEvent, void> {
    const state = compiledState(this.model, "fit");
    const options = checkOptions(this.options);
    const turn = new Turn("fit", options.signal);
    const { train, validation, warning } = await this.#readData(options, turn);
    const stepper = new Stepper(this.model, state, options.seed ?? 0);
    const source = train.open(stepper);
    try {
      const { epochs, initialEpoch } = options;
      yield { type: "trainBegin", epochs, steps: source.steps };
      if (warning) yield { type: "warning", message: warning };
      let logs: EpochLogs = {};
      for (let epoch = initialEpoch; epoch < epochs; epoch++) {
        stepper.reset();
        yield { type: "epochBegin", epoch };
        yield* this.#trainEpoch(epoch, source, stepper, turn);
        logs = stepper.logs();
        if (validation && isDue(epoch, options.validationFreq)) {
          stepper.reset();
          yield { type: "validationBegin", epoch };
          const place = { call: "fit: validation", epoch: epoch + 1 };
          yield* this.#validate(epoch, validation, stepper, turn, place);
          const found = stepper.logs();
          yield { type: "validationEnd", epoch, logs: found };
          for (const [key, value] of Object.entries(found)) logs[`val_${key}`] = value;
        }
        yield { type: "epochEnd", epoch, logs };
        if (this.#stopping || source.exhausted) break;
      }
      source.close();
      this.done = true;
      yield { type: "trainEnd", logs, reason: this.#stopping ? "stopped" : "completed" };
    } finally {
      source.close();
    }
  }

  async *#trainEpoch(
    epoch: number,
    source: Source,
    stepper: Stepper,
    turn: Turn,
  ): AsyncGenerator<RunEvent, void> {
    let batch = 0;
    for await (const step of source.epoch(epoch, turn)) {
      if (this.options.batchBegin) yield { type: "batchBegin", epoch, batch };
      await turn.take();
      const { committed } = await step.train();
      if (!committed && !this.options.reportNonFinite) {
        const place: StepPlace = { call: "fit", epoch: epoch + 1, step: batch + 1, ...step.place };
        throw await nonFiniteError(stepper, step.rows(), place, true);
      }
      const logs = stepper.logs();
      if (!committed) logs.loss = Number.NaN;
      yield { type: "batchEnd", epoch, batch, rows: step.count, logs, committed };
      if (this.#stopping) return;
      batch++;
    }
    if (batch === 0) emptyEpoch(epoch);
    if (source.warning) yield { type: "warning", message: source.warning };
  }

  async *#validate(
    epoch: number,
    validation: EvaluationData,
    stepper: Stepper,
    turn: Turn,
    place: Omit<StepPlace, "step">,
  ): AsyncGenerator<RunEvent, void> {
    const strict = !this.options.reportNonFinite;
    for await (const batch of evaluation(validation, stepper, turn, strict ? place : undefined)) {
      yield { type: "validationBatchEnd", epoch, batch, logs: stepper.logs() };
    }
  }

  /** Reads and checks everything that can be checked before the first step. */
  async #readData(options: CheckedOptions, turn: Turn) {
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

/** The compiled state of a model. Throws UsageError before `compile`. */
export function compiledState(model: Model, call: string): CompiledState {
  if (model.compiled) return model.compiled;
  throw new UsageError({
    where: call,
    problem: "You must call compile() before using the model",
    expected: "a compiled model",
    got: `${model.name}, not compiled`,
    try: `model.compile({ optimizer: "adam", loss: "categoricalCrossentropy", metrics: ["accuracy"] })`,
  });
}

type CheckedOptions = RunOptions & { epochs: number; initialEpoch: number };

/** Throws UsageError unless `value` is a whole number of at least `least`. */
export function checkWhole(call: string, name: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least)) return;
  throw new UsageError({
    where: `${call}: ${name}`,
    problem: `${name} must be a whole number, at least ${least}`,
    expected: `a whole number >= ${least}`,
    got: String(value),
    try: `leave ${name} out to get the default`,
  });
}

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

/** Looks at the labels of all outputs. Throws DataError, ShapeError or NumericError where a loss cannot take them. */
export function checkLabels(model: Model, rows: Rows, call: string): void {
  const outputs = outputsOf(model);
  const state = compiledState(model, call);
  const { losses, metrics } = state.objective(
    outputs.map((o, i) => ({
      name: o.name,
      labels: rows.ys[i]?.shape ?? [],
      predictions: [rows.count, ...o.shape],
    })),
  );
  for (const { output, loss } of [
    ...losses,
    ...metrics.map((m) => ({ output: m.output, loss: undefined })),
  ]) {
    const labels = rows.ys[output];
    if (!labels) missingLabels(call, outputs[output]!.name);
    loss?.check(
      labels,
      outputs[output]!.shape,
      `${call}: y${outputs.length > 1 ? ` (${outputs[output]!.name})` : ""}`,
    );
  }
}

function missingLabels(call: string, output: string): never {
  throw new DataError({
    where: `${call}: y`,
    problem: "labels are needed for the loss and the metrics",
    expected: `labels for ${output}`,
    got: "none",
    try: `${call}(x, y)`,
  });
}

function withClassWeights(all: Rows, given: NonNullable<FitOptions["classWeight"]>): Rows {
  if (all.ys.length !== 1) {
    throw new UsageError({
      where: "fit: classWeight",
      problem: "classWeight is for models with a single output",
      expected: "one output",
      got: `${all.ys.length} outputs`,
      try: "pass sampleWeight",
    });
  }
  return { ...all, weight: classWeights(all.ys[0]!, given) };
}

/** A sentence where labels are sorted so that validation has classes that training never sees. */
function orderedLabels(train: Rows, validation: Rows): string | undefined {
  const [a, b] = [train.ys[0], validation.ys[0]];
  if (!a || !b || a.shape.slice(1).some((s) => s !== 1) || a.data.length < 2) return undefined;
  const known = new Set(a.data);
  if (known.size > 1000 || known.size < 2) return undefined;
  for (let i = 1; i < a.data.length; i++) if (a.data[i]! < a.data[i - 1]!) return undefined;
  return b.data.some((v) => !known.has(v))
    ? "The labels are sorted, and validationSplit takes the last rows: validation has classes that training never sees. " +
        "Shuffle x and y together first, or pass validationData."
    : undefined;
}

function validationBatch(options: RunOptions): number {
  return options.validationBatchSize ?? options.batchSize ?? 32;
}

async function readValidation(
  model: Model,
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

/** Data for evaluation: in memory or as a stream. */
export interface EvaluationData {
  readonly rows?: Rows;
  readonly stream?: StreamInput;
  readonly batchSize: number;
  readonly steps: number | undefined;
}

/** The number of batches of an evaluation, where it is known. */
export function evaluationSteps({ rows, batchSize, steps }: EvaluationData): number | undefined {
  if (rows === undefined) return steps;
  const all = Math.ceil(rows.count / batchSize);
  return steps === undefined ? all : Math.min(steps, all);
}

/** Parts of rows in memory, several batches at once, with the number of the last batch of each. */
export function* parts(
  rows: Rows,
  batchSize: number,
  steps: number | undefined,
): Generator<[Rows, number, number]> {
  const end = Math.min(rows.count, (steps ?? Number.POSITIVE_INFINITY) * batchSize);
  const size = batchSize * Math.max(1, Math.floor(rowsAtOnce / batchSize));
  for (let from = 0; from < end; from += size) {
    const to = Math.min(end, from + size);
    yield [sliceRows(rows, from, to), Math.ceil(to / batchSize) - 1, from];
  }
}

/**
 * Goes over data without training; the sums are in the stepper. Yields the number of the last batch done. With `place`, a
 * loss that is not finite throws NumericError.
 */
export async function* evaluation(
  data: EvaluationData,
  stepper: Stepper,
  turn: Turn,
  place: Omit<StepPlace, "step"> | undefined,
): AsyncGenerator<number, void> {
  const check = async (loss: number, rows: Rows, batch: number, rowOf?: (row: number) => number) => {
    if (Number.isFinite(loss) || place === undefined) return;
    throw await nonFiniteError(
      stepper,
      rows,
      { ...place, step: batch + 1, ...(rowOf ? { rowOf } : {}) },
      false,
    );
  };
  if (data.rows) {
    for (const [rows, batch, from] of parts(data.rows, data.batchSize, data.steps)) {
      await turn.take();
      await check(await stepper.test(rows), rows, batch, (row) => from + row);
      yield batch;
    }
    return;
  }
  let batch = 0;
  for await (const rows of streamRows(stepper.model, data.stream!, turn, "evaluate")) {
    await turn.take();
    checkLabels(stepper.model, rows, `evaluate: batch ${batch + 1}`);
    await check(await stepper.test(rows), rows, batch);
    yield batch++;
    if (batch === data.steps) return;
  }
}

/** One step of training, ready to be done. */
interface TrainStep {
  readonly count: number;
  train(): Promise<{ committed: boolean }>;
  /** The rows of the batch, for saying what is wrong with them. */
  rows(): Rows;
  readonly place: Pick<StepPlace, "rowOf">;
}

/** Where batches come from. */
interface Source {
  readonly steps: number | undefined;
  /** True where a stream ended and cannot begin anew. */
  readonly exhausted: boolean;
  readonly warning: string | undefined;
  epoch(epoch: number, turn: Turn): AsyncIterable<TrainStep> | Iterable<TrainStep>;
  close(): void;
}

interface Opener {
  open(stepper: Stepper): Source;
}

/** Rows in memory: kept on the backend in their own type, and picked by index, in a new order each epoch. */
function rowsSource(all: Rows, options: CheckedOptions): Opener {
  const steps = options.stepsPerEpoch;
  const batchSize = options.batchSize ?? (steps === undefined ? 32 : Math.ceil(all.count / steps));
  const perEpoch = Math.min(steps ?? Number.POSITIVE_INFINITY, Math.ceil(all.count / batchSize));
  return {
    open(stepper) {
      const bytes = allArrays(all).reduce((sum, a) => sum + a.data.byteLength, 0);
      const resident = bytes <= residentLimit ? makeResident(all, stepper) : undefined;
      let closed = false;
      const stepOf = (index: Int32Array): TrainStep => {
        const rows = () => pickRows(all, index);
        return {
          count: index.length,
          train: () => (resident ? stepper.trainResident(resident, all, index) : stepper.trainBatch(rows())),
          rows,
          place: { rowOf: (row) => index[row]! },
        };
      };
      return {
        steps: perEpoch,
        exhausted: false,
        warning: undefined,
        *epoch(epoch) {
          const order = orderOf(all.count, options, epoch);
          for (let i = 0; i < perEpoch; i++) {
            yield stepOf(order.slice(i * batchSize, Math.min(all.count, (i + 1) * batchSize)));
          }
        },
        close() {
          if (!closed) resident?.release();
          closed = true;
        },
      };
    },
  };
}

function orderOf(count: number, { shuffle = true, seed = 0 }: CheckedOptions, epoch: number): Int32Array {
  return shuffle
    ? permutationHost(seed, "shuffle", epoch, count)
    : Int32Array.from({ length: count }, (_, i) => i);
}

function pickRows(all: Rows, index: Int32Array): Rows {
  return {
    xs: all.xs.map((x) => takeRows(x, index)),
    ys: all.ys.map((y) => takeRows(y, index)),
    weight: all.weight && takeRows(all.weight, index),
    count: index.length,
  };
}

function makeResident(all: Rows, stepper: Stepper): Resident {
  const backend = stepper.backend === undefined ? {} : { backend: stepper.backend };
  const place = (data: TypedArray, shape: readonly number[], dtype: DType) =>
    deviceArray(data, [...shape], { dtype, ...backend });
  const arrays = allArrays(all).map((a) => place(a.data, a.shape, a.dtype));
  return {
    arrays,
    release() {
      for (const a of arrays) a.release();
    },
  };
}

const ranOut =
  "Your input ran out of data; interrupting training. Make sure that your dataset or generator can generate at least " +
  "`stepsPerEpoch * epochs` batches.";

/** Batches that come one by one. With `stepsPerEpoch` a pass goes on from epoch to epoch. */
function streamSource(model: Model, stream: StreamInput, options: CheckedOptions): Opener {
  return {
    open(stepper) {
      const steps = options.stepsPerEpoch;
      const state = { exhausted: false, warning: undefined as string | undefined };
      let pass: AsyncGenerator<Rows> | undefined;
      return {
        steps,
        get exhausted() {
          return state.exhausted;
        },
        get warning() {
          return state.warning;
        },
        async *epoch(epoch, turn) {
          const begin = () => streamRows(model, stream, turn, `fit: epoch ${epoch + 1}`);
          pass = steps === undefined ? begin() : (pass ?? begin());
          for (let i = 0; i !== steps; i++) {
            const next = await pass.next();
            if (next.done) {
              if (steps !== undefined) Object.assign(state, { exhausted: true, warning: ranOut });
              return;
            }
            let rows = next.value;
            checkLabels(model, rows, `fit: epoch ${epoch + 1}, batch ${i + 1}`);
            if (options.classWeight) rows = withClassWeights(rows, options.classWeight);
            yield { count: rows.count, train: () => stepper.trainBatch(rows), rows: () => rows, place: {} };
          }
        },
        close() {
          void pass?.return(undefined);
        },
      };
    },
  };
}

/** The batches of one pass over a stream. What the stream throws is reported with the number of the batch. */
async function* streamRows(
  model: Model,
  stream: StreamInput,
  turn: Turn,
  call: string,
): AsyncGenerator<Rows> {
  const iterator = openStream(stream);
  try {
    for (let batch = 1; ; batch++) {
      const where = `${call}, batch ${batch}`;
      let next: IteratorResult<unknown>;
      try {
        next = await turn.race(iterator.next());
      } catch (cause) {
        throw cause instanceof TendrilError ? cause : streamFailed(where, cause);
      }
      if (next.done) return;
      yield await readRows(model, unpack(next.value, where, true), where);
    }
  } finally {
    const closing = iterator.return?.();
    if (closing instanceof Promise) closing.catch(() => undefined);
  }
}

function streamFailed(where: string, cause: unknown): DataError {
  return new DataError({
    where,
    problem: `the iterable threw: ${cause instanceof Error ? cause.message : String(cause)}`,
    expected: "a batch [x, y]",
    try: "see the cause; the model has the weights of the last finished step",
    cause,
  });
}
