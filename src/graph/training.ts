/** Where the steps of a run over graphs come from: one graph, again and again, or batches of many. */
import { defaultGenerator, isReplaying, permutationHost, type TorchGenerator } from "../core/index.ts";
import type { TypedArray } from "../ir/dtype.ts";
import { DataError, UsageError } from "../ir/errors.ts";
import { makeResident, type Opener, type TrainStep } from "../nn/batches.ts";
import { checkLabels, checkWhole } from "../nn/checks.ts";
import type { Resident, Rows } from "../nn/data-adapter.ts";
import type { RunInput } from "../nn/run.ts";
import { arraysOf, type Stepper, type Trainer } from "../nn/stepper.ts";
import type { Trainable } from "../nn/trainable.ts";
import { Batch } from "./batch.ts";
import { Data } from "./data.ts";
import { GraphDataset } from "./dataset.ts";
import { Drawing } from "./drawing.ts";
import type { Form } from "./form.ts";
import type { GraphRows } from "./graph.ts";
import { DataLoader } from "./loader.ts";
import { PackedGraphs } from "./packed.ts";
import { PickedForm } from "./picked.ts";
import { ReusedArrays } from "./reused-arrays.ts";

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
  const graphs = input instanceof DataLoader ? input.dataset : datasetOf(input);
  if (graphs.length > 0) return new Batch([graphs.at(0)]);
  throw new DataError({
    where: graphs.name,
    problem: "there are no graphs",
    expected: "one graph or more",
    got: "none",
    try: "check how the graphs were divided",
  });
}

function datasetOf(input: GraphDataset | readonly Data[]): GraphDataset {
  if (input instanceof GraphDataset) return input;
  if (Array.isArray(input) && input.every((graph) => graph instanceof Data))
    return new GraphDataset("graphs", input);
  throw new UsageError({
    where: "graphs",
    problem: "these are no graphs",
    expected: "Data, an array of Data, a GraphDataset or a DataLoader",
    got: Array.isArray(input) ? "an array with something else in it" : typeof input,
    try: "new Data({ x, edgeIndex, y })",
  });
}

/** The input in batches, as they come; each is there until the next one. */
export function* batchesOf(input: GraphInput, batchSize: number = usualBatch): Generator<Data> {
  if (isSingle(input)) yield input;
  else if (input instanceof DataLoader) yield* input;
  else {
    const graphs = datasetOf(input);
    const arrays = new ReusedArrays();
    for (let from = 0; from < graphs.length; from += batchSize) {
      yield new Batch([...graphs.slice(from, from + batchSize)], arrays.renew());
    }
  }
}

/** Many graphs in batches, in an order for each epoch. */
interface Passes {
  readonly graphs: GraphDataset;
  readonly batchSize: number;
  readonly length: number;
  /** The order of an epoch. */
  order(epoch: number): Int32Array;
  /** The batches of an epoch in that order, from batch `from` on; each is there until the next one. */
  batches(order: Int32Array, from: number): Iterable<Batch>;
}

/** A loader draws its orders; those of a data set depend on seed and epoch alone. */
function passesOver(input: Exclude<GraphInput, Data>, options: GraphRunOptions): Passes {
  const { batchSize = usualBatch, shuffle = true, seed = 0 } = options;
  const drawn = input instanceof DataLoader;
  const loader = drawn ? input : new DataLoader(input, { batchSize });
  const { dataset: graphs, length } = loader;
  const arrays = new ReusedArrays();
  return {
    ...{ graphs, length, batchSize: loader.batchSize },
    order(epoch) {
      if (drawn) return loader.drawOrder();
      if (shuffle) return permutationHost(seed, "shuffle", epoch, graphs.length);
      return Int32Array.from({ length: graphs.length }, (_, i) => i);
    },
    batches: (order, from) => loader.batches(order, from, arrays),
  };
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
  const drawing = new Drawing(generatorsOf(train, validation));
  const opener = isSingle(train.input)
    ? singleGraph(model, train, train.input, drawing, options)
    : manyGraphs(model, train, train.input, drawing, options);
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

/** PyTorch's generators that batches, noise and callbacks of the run draw from. */
function generatorsOf(train: FormedInput, validation: FormedInput | undefined): TorchGenerator[] {
  const loaders = [train, validation].flatMap((part) =>
    part?.input instanceof DataLoader ? [part.input.generator] : [],
  );
  return [...new Set([...(isReplaying() ? [defaultGenerator] : []), ...loaders])];
}

function singleGraph(
  model: Trainable,
  { form, mask }: FormedInput,
  data: Data,
  drawing: Drawing,
  { seed = 0 }: GraphRunOptions,
): Opener {
  const rows = form.rows(data, mask);
  checkLabels(model, rows, "fit");
  return {
    rows: data.numNodes,
    conditions: {
      ...{ nodes: data.numNodes, edges: data.numEdges, labels: rows.count, seed },
      generators: drawing.count,
    },
    open(stepper) {
      const resident = makeResident(rows, stepper);
      let train: Trainer | undefined;
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
            train: () => drawing.whole(form.draws, () => step(form.draw(data), rows.count)),
            rows: () => rows,
            place: {},
          };
        },
        close() {
          resident.release();
        },
        state: () => drawing.state(),
        restore: (state) => drawing.restore(state),
      };
    },
  };
}

/** A batch of many graphs, ready for a step. */
interface Made {
  readonly rows: Rows;
  /** What is handed over. */
  readonly arrays: readonly TypedArray[];
  readonly batch: GraphRows;
  /** All of its arrays, for saying what is wrong with them. */
  whole(): Rows;
}

/** Makes the batches of a run. */
interface Maker {
  readonly resident: Resident | undefined;
  /** The batches of an epoch in that order, from batch `from` on; each is there until the next one. */
  batches(order: Int32Array, from: number): Iterable<Made>;
}

/** Picks batches on the backend; joins them here where a transform makes the graphs anew each time, or they are too large. */
function makerOf(passes: Passes, { form, mask }: FormedInput, stepper: Stepper): Maker {
  const { graphs, batchSize, length } = passes;
  const packed = graphs.graphs && PackedGraphs.of(graphs.graphs);
  if (packed === undefined) {
    return {
      resident: undefined,
      *batches(order, from) {
        for (const batch of passes.batches(order, from)) {
          const rows = form.rows(batch, mask);
          yield { rows, arrays: arraysOf(rows), batch, whole: () => rows };
        }
      },
    };
  }
  const picked = new PickedForm(form, packed);
  const first = picked.arrays.length;
  return {
    resident: makeResident({ xs: picked.arrays, ys: [], weight: undefined, count: 0 }, stepper),
    *batches(order, from) {
      for (let b = from; b < length; b++) {
        const { batch, ...rows } = picked.rows(order.subarray(b * batchSize, (b + 1) * batchSize), mask);
        yield { rows, arrays: arraysOf(rows).slice(first), batch, whole: () => form.rows(batch, mask) };
      }
    },
  };
}

function manyGraphs(
  model: Trainable,
  train: FormedInput,
  input: Exclude<GraphInput, Data>,
  drawing: Drawing,
  options: GraphRunOptions,
): Opener {
  const { form } = train;
  const passes = passesOver(input, options);
  const { shuffle = true, seed = 0 } = options;
  return {
    // About: the others are like the first.
    rows: passes.graphs.length * (passes.graphs.length > 0 ? passes.graphs.at(0).numNodes : 0),
    conditions: {
      ...{ graphs: passes.graphs.length, batchSize: passes.batchSize, shuffle, seed },
      generators: drawing.count,
    },
    open(stepper) {
      const maker = makerOf(passes, train, stepper);
      return {
        steps: passes.length,
        exhausted: false,
        warning: undefined,
        *epoch(epoch, _turn, from): Generator<TrainStep, void> {
          const order = drawing.orderOf(epoch, () => passes.order(epoch));
          let trainer: Trainer | undefined;
          let at = from;
          for (const { rows, arrays, batch, whole } of maker.batches(order, from)) {
            checkLabels(model, rows, `fit: epoch ${epoch + 1}, batch ${++at}`);
            trainer ??= stepper.trainer(rows, maker.resident);
            const step = trainer;
            yield {
              count: rows.count,
              train: () =>
                drawing.whole(form.draws, () => step([...arrays, ...form.draw(batch)], rows.count)),
              rows: whole,
              place: {},
            };
          }
        },
        close() {
          maker.resident?.release();
        },
        state: () => drawing.state(),
        restore: (state) => drawing.restore(state),
      };
    },
  };
}
