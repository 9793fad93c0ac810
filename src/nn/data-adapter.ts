/** Data as `fit`, `evaluate` and `predict` take them, and their options. */
import { type DeviceArray, Tensor } from "../core/index.ts";
import { DataError, UsageError } from "../ir/errors.ts";
import type { ValueSpec } from "../ir/program.ts";
import type { Shape } from "../ir/size.ts";
import type { Callback } from "./callbacks/callback.ts";
import type { CallContext } from "./context.ts";
import type { ArrayLikeInput, HostArray } from "./host-array.ts";
import { checkRows, hostArray, isArrayInput, isTyped, rowSize, rows as rowsOf } from "./host-array.ts";
import type { PrintOption } from "./progress.ts";
import type { Trainable } from "./trainable.ts";

/** One array per input or output: the array itself, a list, or a record by name. */
export type ArraysInput =
  | ArrayLikeInput
  | readonly ArrayLikeInput[]
  | { readonly [name: string]: ArrayLikeInput };
/** A batch of a stream: `[x, y]`, `[x, y, sampleWeight]` or a record. For `predict` also just x. */
export type BatchInput =
  | readonly [ArraysInput, ArraysInput]
  | readonly [ArraysInput, ArraysInput, ArrayLikeInput]
  | { readonly x: ArraysInput; readonly y?: ArraysInput; readonly sampleWeight?: ArrayLikeInput };
type Batches = Iterable<BatchInput> | AsyncIterable<BatchInput>;
/**
 * Batches, one after the other. A function, or the method `pass` of a Dataset, is called for each new pass with its number
 * (from 0): what it gives must depend on that number alone if a run is to be resumed.
 */
export type StreamInput = Batches | ((pass: number) => Batches) | { pass(number: number): Batches };

/** Data for validation: arrays or a stream. */
export type ValidationData =
  | readonly [ArraysInput, ArraysInput]
  | readonly [ArraysInput, ArraysInput, ArrayLikeInput]
  | { readonly x: ArraysInput; readonly y?: ArraysInput; readonly sampleWeight?: ArrayLikeInput }
  | StreamInput;

/** Options shared by everything that goes over data. */
export interface PassOptions {
  /** Rows per step; 32 unless given. */
  batchSize?: number;
  /** 0 silent, 1 progress, 2 one line per epoch; `auto` is 1. */
  verbose?: 0 | 1 | 2 | "auto";
  callbacks?: readonly Callback[] | Callback;
  /** Seconds to wait for a batch of a stream before it counts as stalled, a DataError; 300 unless given. */
  stallLimit?: number;
  /** Ends the pass with a CancelledError; the model keeps the weights of the last finished step. */
  signal?: AbortSignal;
  /** Where lines go; the standard output unless given. */
  print?: PrintOption;
}

/** Options of `fit` (Keras's arguments). */
export interface FitOptions extends PassOptions {
  epochs?: number;
  /** The last fraction of the rows is kept for validation, before any shuffling. */
  validationSplit?: number;
  /** Used instead of `validationSplit`. */
  validationData?: ValidationData;
  /** A new order of the rows in every epoch; true unless given. */
  shuffle?: boolean;
  /** Factors of the loss by class number. */
  classWeight?: Readonly<Record<number, number>> | ReadonlyMap<number, number>;
  /** One factor per row. */
  sampleWeight?: ArrayLikeInput;
  /** Number of the first epoch, for going on with an earlier training. */
  initialEpoch?: number;
  /** Steps of an epoch; by default as many as the data give. */
  stepsPerEpoch?: number;
  validationSteps?: number;
  validationBatchSize?: number;
  /** Validate every so many epochs, or after the epochs listed (from 1). */
  validationFreq?: number | readonly number[];
  /** Seed of the order of rows and of dropout. Same seed, same bits. */
  seed?: number;
  /** Largest data set, in bytes, that is kept in the memory of the backend (1 GiB); larger ones go over batch by batch. */
  residentLimit?: number;
}

/** Options of `evaluate`. */
export interface EvaluateOptions extends PassOptions {
  sampleWeight?: ArrayLikeInput;
  steps?: number;
}

/** Options of `predict`. */
export interface PredictOptions extends PassOptions {
  steps?: number;
}

/** Options of `trainOnBatch` and `testOnBatch`. */
export interface StepOptions {
  sampleWeight?: ArrayLikeInput;
  classWeight?: FitOptions["classWeight"];
  /** Seed of dropout. */
  seed?: number;
}

/** How arrays stand in a plan that do not all have the same rows: those of graphs. */
export interface Layout {
  /** Tells apart what plans are made for. */
  readonly key: string;
  /** The type of every array, inputs before labels. */
  readonly specs: readonly ValueSpec[];
  /** Arrays that are handed over anew at each step of training, behind the others: masks of dropout. */
  readonly drawn: readonly ValueSpec[];
  /** The outputs, from the inputs in their order. */
  forward(xs: readonly Tensor[], ctx: CallContext, drawn: readonly Tensor[]): Tensor[];
}

/** Arrays in the memory of the backend, in the order of the plan's inputs. */
export interface Resident {
  readonly arrays: readonly DeviceArray[];
  /** Frees the memory; a second call does nothing. */
  release(): void;
}

/** Data in memory: one array per input and output, all with the same number of rows unless there is a layout. */
export interface Rows {
  readonly layout?: Layout | undefined;
  /** The same arrays where they stand on the backend already. */
  readonly resident?: Resident | undefined;
  readonly xs: readonly HostArray[];
  readonly ys: readonly HostArray[];
  readonly weight: HostArray | undefined;
  readonly count: number;
}

/** True for batches that come one by one. */
export function isStream(x: unknown): x is StreamInput {
  if (typeof x === "function") return true;
  if (typeof x !== "object" || x === null || isArrayInput(x) || isTyped(x)) return false;
  return Symbol.iterator in x || Symbol.asyncIterator in x || hasPasses(x);
}

function hasPasses(x: object): x is { pass(number: number): Batches } {
  return "pass" in x && typeof x.pass === "function";
}

interface RawRows {
  readonly x: unknown;
  readonly y?: unknown;
  readonly sampleWeight?: unknown;
}

/**
 * Arrays in memory, checked against the model, which is built on them if it is not yet. Throws DataError, ShapeError,
 * DTypeError or UsageError naming `where`.
 */
export async function readRows(model: Trainable, raw: RawRows, where: string): Promise<Rows> {
  const ports = model.inputs;
  const names = ports.map((p) => p.name);
  const givenXs = entries(raw.x, names, `${where}: x`);
  const xs: HostArray[] = [];
  for (const [i, x] of givenXs.entries())
    xs.push(await hostArray(x, label(where, "x", names, i), ports[i]?.shape));
  const count = xs[0]!.shape[0]!;
  if (count === 0) noRows(where);
  xs.forEach((x, i) => {
    if (ports[i]) checkRows(x, ports[i].shape, label(where, "x", names, i));
  });
  buildModel(model, xs);
  const ys = raw.y === undefined || raw.y === null ? [] : await readLabels(model, raw.y, count, where);
  const weight =
    raw.sampleWeight === undefined || raw.sampleWeight === null
      ? undefined
      : await hostArray(raw.sampleWeight, `${where}: sampleWeight`);
  const all = [...xs, ...ys, ...(weight ? [weight] : [])];
  if (all.some((a) => a.shape[0] !== count)) unequalRows(where, xs, ys, weight);
  return {
    xs,
    ys,
    weight: weight && { ...weight, data: Float32Array.from(weight.data), dtype: "float32" },
    count,
  };
}

async function readLabels(model: Trainable, y: unknown, count: number, where: string): Promise<HostArray[]> {
  const outputs = outputsOf(model);
  const names = outputs.map((o) => o.name);
  const ys: HostArray[] = [];
  for (const [i, value] of entries(y, names, `${where}: y`).entries()) {
    // A flat array with a number per row is a column of labels; a longer one is cut by the shape of the output.
    const flat = isTyped(value) && value.length !== count ? outputs[i]?.shape : undefined;
    ys.push(await hostArray(value, label(where, "y", names, i), flat));
  }
  return ys;
}

/** Name and shape (rows left out) of every output of a built model. */
export function outputsOf(model: Trainable): { name: string; shape: Shape }[] {
  if (model.outputs.length > 0) return model.outputs.map((o) => ({ name: o.name, shape: o.shape }));
  return (model.outputShapes ?? []).map((s, i) => ({ name: `output_${i}`, shape: s.slice(1) }));
}

function buildModel(model: Trainable, xs: readonly HostArray[]): void {
  model.buildOn(xs.map((x) => [x.shape[0]!, ...x.shape.slice(1)]));
}

function label(where: string, what: string, names: readonly string[], i: number): string {
  return names.length > 1 ? `${where}: ${what} (${names[i]})` : `${where}: ${what}`;
}

function isPlainRecord(x: unknown): x is Record<string, unknown> {
  return (
    typeof x === "object" && x !== null && !isArrayInput(x) && Object.getPrototypeOf(x) === Object.prototype
  );
}

/** The arrays for `names`, from a list or record; a model with one of them also takes the array itself. */
function entries(value: unknown, names: readonly string[], where: string): unknown[] {
  const single = names.length <= 1;
  const listed = Array.isArray(value) && value.every((v) => isArrayInput(v));
  if (isPlainRecord(value)) {
    const missing = names.find((n) => !(n in value));
    if (missing === undefined && names.length > 0) return names.map((n) => value[n]);
    wrongEntries(where, names, `a record with ${Object.keys(value).join(", ")}`);
  }
  if (single) {
    const wrapped = listed && (value as unknown[]).length === 1 && !Array.isArray((value as unknown[])[0]);
    const inner = wrapped ? (value as unknown[])[0] : undefined;
    return [inner instanceof Tensor || (inner !== undefined && !isTyped(inner)) ? inner : value];
  }
  if (listed && (value as unknown[]).length === names.length) return value as unknown[];
  return wrongEntries(where, names, Array.isArray(value) ? `a list of ${value.length}` : typeof value);
}

function wrongEntries(where: string, names: readonly string[], got: string): never {
  throw new UsageError({
    where,
    problem: "the arrays do not fit the model",
    expected: `one array for each of ${names.join(", ")}`,
    got,
    try: "give a list in this order, or a record by these names",
  });
}

function noRows(where: string): never {
  throw new DataError({
    where,
    problem: "there are no rows",
    expected: "at least one row",
    got: "0 rows",
    try: "check what the data were read from",
  });
}

function unequalRows(
  where: string,
  xs: readonly HostArray[],
  ys: readonly HostArray[],
  weight: HostArray | undefined,
): never {
  const sizes = (arrays: readonly HostArray[]) => arrays.map((a) => a.shape[0]).join(", ");
  throw new DataError({
    where,
    problem: "the arrays have different numbers of rows",
    expected: "as many labels (and weights) as rows of x",
    got: `x ${sizes(xs)}, y ${sizes(ys)}${weight ? `, sampleWeight ${weight.shape[0]}` : ""}`,
    try: "check that x and y belong together",
  });
}

/** Rows `from` to `to`, without copying. */
export function sliceRows(r: Rows, from: number, to: number): Rows {
  const cut = (a: HostArray) => rowsOf(a, from, to);
  return { xs: r.xs.map(cut), ys: r.ys.map(cut), weight: r.weight && cut(r.weight), count: to - from };
}

/** The rows for training and the last fraction of them for validation. Throws DataError where one part would be empty. */
export function splitRows(all: Rows, fraction: number): { train: Rows; validation: Rows } {
  const at = Math.floor(all.count * (1 - fraction));
  if (!(fraction > 0 && fraction < 1) || at === 0 || at === all.count) {
    throw new DataError({
      where: "fit: validationSplit",
      problem:
        `Training data contains ${all.count} samples, which is not sufficient to split it into a validation and ` +
        `training set as specified by \`validationSplit=${fraction}\``,
      expected: "a fraction that leaves at least one row on either side",
      got: `${at} rows to train on, ${all.count - at} to validate`,
      try: "give more data, another fraction, or validationData",
    });
  }
  return { train: sliceRows(all, 0, at), validation: sliceRows(all, at, all.count) };
}

/** One weight per row from factors by class. Labels are class numbers or one-hot; classes not named have weight 1. */
export function classWeights(y: HostArray, given: NonNullable<FitOptions["classWeight"]>): HostArray {
  const factors = new Map<number, number>();
  for (const [key, factor] of given instanceof Map ? given : Object.entries(given)) {
    if (!Number.isInteger(Number(key)) || typeof factor !== "number") {
      throw new UsageError({
        where: "fit: classWeight",
        problem: "an entry is not a factor of a class",
        expected: "class numbers and numbers, e.g. { 0: 1, 1: 5 }",
        got: `${key}: ${factor}`,
        try: "name classes by their number",
      });
    }
    factors.set(Number(key), factor);
  }
  const width = rowSize(y);
  const data = new Float32Array(y.shape[0]!);
  for (let i = 0; i < data.length; i++) {
    const row = y.data.subarray(i * width, (i + 1) * width);
    let label = Math.round(row[0]!);
    if (width > 1) label = row.indexOf(Math.max(...row));
    data[i] = factors.get(label) ?? 1;
  }
  return { data, shape: [data.length], dtype: "float32" };
}

/** The parts of a batch of a stream, or of validation data given as a tuple or record. */
export function unpack(batch: unknown, where: string, labels: boolean): RawRows {
  if (isPlainRecord(batch) && "x" in batch)
    return { x: batch.x, y: batch.y, sampleWeight: batch.sampleWeight };
  const tuple = Array.isArray(batch) && batch.length >= 1 && batch.length <= 3 && isArrayInput(batch[0]);
  if (tuple && (labels || batch[0] instanceof Tensor || !Array.isArray(batch[0]))) {
    return { x: batch[0], y: batch[1], sampleWeight: batch[2] };
  }
  if (!labels) return { x: batch };
  throw new DataError({
    where,
    problem: "this is not a batch of data and labels",
    expected: "[x, y], [x, y, sampleWeight] or { x, y }",
    got: Array.isArray(batch) ? `a list of ${batch.length}` : typeof batch,
    try: "let the iterable yield pairs [x, y]",
  });
}

/** Pass number `pass` over a stream. */
export function openStream(stream: StreamInput, pass: number): AsyncIterator<unknown> | Iterator<unknown> {
  let source: Batches;
  if (typeof stream === "function") source = stream(pass);
  else source = hasPasses(stream) ? stream.pass(pass) : stream;
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}
