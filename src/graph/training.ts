/** Where the steps of a run over graphs come from: one graph, again and again, or batches of many. */
import { permutationHost } from "../core/index.ts";
import type { TypedArray } from "../ir/dtype.ts";
import { makeResident, type Opener, type TrainStep } from "../nn/batches.ts";
import { checkLabels, checkWhole } from "../nn/checks.ts";
import type { Rows } from "../nn/data-adapter.ts";
import type { RunInput } from "../nn/run.ts";
import { arraysOf, type Stepper, type Trainer } from "../nn/stepper.ts";
import type { Trainable } from "../nn/trainable.ts";
import { Batch } from "./batch.ts";
import { Data } from "./data.ts";
import { GraphDataset } from "./dataset.ts";
import type { Form } from "./form.ts";
import { DataLoader } from "./loader.ts";

/** What graph models take: one graph, many, or a loader of batches. */
export type GraphInput = Data | GraphDataset | readonly Data[] | DataLoader;

/** Options of a run over graphs. */
export interface GraphRunOptions {
  readonly batchSize?: number | undefined;
  readonly shuffle?: boolean | undefined;
  readonly seed?: number | undefined;
}

/** Graphs of a batch unless said otherwise. */
const usualBatch = 32;

/** One graph alone is trained on as it is, in one step an epoch. */
export function isSingle(input: GraphInput): input is Data {
  return input instanceof Data;
}

/** A graph to find out from what graphs of the input are like. */
export function exampleOf(input: GraphInput): Data {
  if (isSingle(input)) return input;
  const first = input instanceof DataLoader ? input.dataset.at(0) : datasetOf(input).at(0);
  return new Batch([first]);
}

function datasetOf(input: GraphDataset | readonly Data[]): GraphDataset {
  return input instanceof GraphDataset ? input : new GraphDataset("graphs", input);
}

/** The input in batches, as they come. */
export function* batchesOf(input: GraphInput, batchSize: number = usualBatch): Generator<Data> {
  if (isSingle(input)) yield input;
  else if (input instanceof DataLoader) yield* input;
  else {
    const graphs = datasetOf(input);
    for (let from = 0; from < graphs.length; from += batchSize) {
      yield new Batch([...graphs.slice(from, from + batchSize)]);
    }
  }
}

/** Batches of one epoch: the loader's, or in an order that depends on seed and epoch alone. */
function* epochOf(
  input: Exclude<GraphInput, Data>,
  epoch: number,
  { batchSize = usualBatch, shuffle = true, seed = 0 }: GraphRunOptions,
): Generator<Batch> {
  if (input instanceof DataLoader) {
    yield* input;
    return;
  }
  const graphs = datasetOf(input);
  const order = shuffle
    ? permutationHost(seed, "shuffle", epoch, graphs.length)
    : Int32Array.from({ length: graphs.length }, (_, i) => i);
  for (let from = 0; from < order.length; from += batchSize) {
    yield new Batch(Array.from(order.subarray(from, from + batchSize), (i) => graphs.at(i)));
  }
}

/** Graphs, how they stand in plans, and which of their labels count. */
export interface FormedInput {
  readonly input: GraphInput;
  readonly form: Form;
  readonly mask?: string | null | undefined;
}

/** Training and validation over graphs. Arrays of a single graph go to the backend once. */
export function graphRun(
  model: Trainable,
  train: FormedInput,
  validation: FormedInput | undefined,
  options: GraphRunOptions,
): RunInput {
  checkWhole("fit", "batchSize", options.batchSize, 1);
  const opener = isSingle(train.input)
    ? singleGraph(model, train, train.input, options)
    : manyGraphs(model, train, train.input, options);
  if (validation === undefined) return { train: opener, validation: undefined, warning: undefined };
  const { batchSize = usualBatch } = options;
  const { input, form, mask } = validation;
  // A single graph stays the same: its arrays are read once.
  const kept = isSingle(input) ? form.rows(input, mask) : undefined;
  const batches = function* (): Generator<Rows> {
    if (kept) yield kept;
    else for (const batch of batchesOf(input, batchSize)) yield form.rows(batch, mask);
  };
  return { train: opener, validation: { batches, batchSize, steps: undefined }, warning: undefined };
}

function singleGraph(
  model: Trainable,
  { form, mask }: FormedInput,
  data: Data,
  { seed = 0 }: GraphRunOptions,
): Opener {
  const rows = form.rows(data, mask);
  checkLabels(model, rows, "fit");
  return {
    conditions: { nodes: data.numNodes, edges: data.numEdges, labels: rows.count, seed },
    open(stepper) {
      const resident = makeResident(rows, stepper);
      let train: Trainer | undefined;
      let closed = false;
      return {
        steps: 1,
        exhausted: false,
        warning: undefined,
        *epoch(_epoch, _turn, from) {
          if (from > 0) return;
          train ??= stepper.trainer(rows, resident);
          const step = train;
          yield {
            count: rows.count,
            train: () => step(form.draw(data), rows.count),
            rows: () => rows,
            place: {},
          };
        },
        close() {
          if (!closed) resident.release();
          closed = true;
        },
      };
    },
  };
}

function manyGraphs(
  model: Trainable,
  { form, mask }: FormedInput,
  input: Exclude<GraphInput, Data>,
  options: GraphRunOptions,
): Opener {
  const loader = input instanceof DataLoader ? input : undefined;
  const graphs = loader?.dataset ?? datasetOf(input as GraphDataset);
  const batchSize = loader?.batchSize ?? options.batchSize ?? usualBatch;
  const steps = loader?.length ?? Math.ceil(graphs.length / batchSize);
  const { shuffle = true, seed = 0 } = options;
  return {
    conditions: { graphs: graphs.length, batchSize, shuffle, seed },
    open: (stepper: Stepper) => ({
      steps,
      exhausted: false,
      warning: undefined,
      *epoch(epoch, _turn, from): Generator<TrainStep, void> {
        let train: Trainer | undefined;
        let at = 0;
        for (const batch of epochOf(input, epoch, { ...options, batchSize })) {
          if (at++ < from) continue;
          const rows = form.rows(batch, mask);
          checkLabels(model, rows, `fit: epoch ${epoch + 1}, batch ${at}`);
          train ??= stepper.trainer(rows);
          const step = train;
          const arrays = (): TypedArray[] => [...arraysOf(rows), ...form.draw(batch)];
          yield { count: rows.count, train: () => step(arrays(), rows.count), rows: () => rows, place: {} };
        }
      },
      close() {},
    }),
  };
}
