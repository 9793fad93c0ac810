/** `predict`: the outputs of a model for data. */
import { type Tensor, tensor } from "../core/index.ts";
import { Turn } from "../core/turn.ts";
import { streamValues } from "./batches.ts";
import { callbackFiles } from "./callback-files.ts";
import { CallbackList } from "./callbacks/callback-list.ts";
import { checkWhole } from "./checks.ts";
import { CompiledState } from "./compile-options.ts";
import type { ArraysInput, PredictOptions, Rows, StreamInput } from "./data-adapter.ts";
import { isStream, readRows, unpack } from "./data-adapter.ts";
import { parts } from "./evaluation.ts";
import type { FitInput } from "./fit.ts";
import { seconds, verbosity } from "./fit.ts";
import type { HostArray } from "./host-array.ts";
import { rowSize } from "./host-array.ts";
import type { Model } from "./model.ts";
import { printerFrom } from "./progress.ts";
import { Stepper } from "./stepper.ts";

/** Plans of models that were never compiled. */
const uncompiled = new WeakMap<Model, CompiledState>();

function stateOf(model: Model): CompiledState {
  const state = model.compiled ?? uncompiled.get(model) ?? new CompiledState({});
  if (!model.compiled) uncompiled.set(model, state);
  return state;
}

/**
 * The output for each row: a Tensor [rows, …], or a list of them for several outputs. Rows do not influence each other,
 * whatever the batch size. The model need not be compiled. Throws DataError, ShapeError, UsageError, CancelledError.
 */
export async function predict(
  model: Model,
  x: FitInput,
  options: PredictOptions = {},
): Promise<Tensor | Tensor[]> {
  const { batchSize = 32, steps } = options;
  checkWhole("predict", "batchSize", batchSize, 1);
  checkWhole("predict", "steps", steps, 1);
  const turn = new Turn("predict", options);
  const rows = isStream(x) ? undefined : await readRows(model, { x }, "predict");
  const known = rows && Math.min(steps ?? Number.POSITIVE_INFINITY, Math.ceil(rows.count / batchSize));
  const params = { verbose: verbosity(options), epochs: 1, steps: known ?? steps };
  const context = {
    model,
    params,
    printer: printerFrom(options.print),
    files: callbackFiles,
    clock: seconds,
  };
  const callbacks = new CallbackList(options.callbacks, context);
  const stepper = new Stepper(model, stateOf(model), 0, turn);
  const found: HostArray[][] = [];
  await callbacks.call("onPredictBegin", "prediction");
  // The batches of a stream may be of several types.
  const outputsFor = rows ? stepper.predictor(rows) : (part: Rows) => stepper.predict(part);
  const batches = rows ? parts(rows, batchSize, steps) : streamParts(model, x, turn, steps);
  for await (const [part, batch] of batches) {
    await callbacks.call("onPredictBatchBegin", `batch ${batch + 1}`, batch);
    await turn.take();
    found.push(await outputsFor(part));
    await callbacks.call("onPredictBatchEnd", `batch ${batch + 1}`, batch);
  }
  await callbacks.call("onPredictEnd", "prediction");
  const outputs = found[0]!.map((_, i) => joined(found.map((f) => f[i]!)));
  return outputs.length === 1 ? outputs[0]! : outputs;
}

/** The outputs for one batch: as `predict`, without what goes on around batches. */
export async function predictOnBatch(model: Model, x: ArraysInput): Promise<Tensor | Tensor[]> {
  const rows = await readRows(model, { x }, "predict");
  const stepper = new Stepper(model, stateOf(model), 0, new Turn("predict", {}));
  const outputs = (await stepper.predict(rows)).map(({ data, shape, dtype }) =>
    tensor(data, { shape, dtype }),
  );
  return outputs.length === 1 ? outputs[0]! : outputs;
}

async function* streamParts(
  model: Model,
  x: FitInput,
  turn: Turn,
  steps: number | undefined,
): AsyncGenerator<[Rows, number]> {
  let batch = 0;
  for await (const { value, where } of streamValues(x as StreamInput, turn, "predict")) {
    yield [await readRows(model, { x: unpack(value, where, false).x }, where), batch++];
    if (batch === steps) return;
  }
}

function joined(arrays: readonly HostArray[]): Tensor {
  const count = arrays.reduce((n, a) => n + a.shape[0]!, 0);
  const first = arrays[0]!;
  const data = new Float32Array(count * rowSize(first));
  let at = 0;
  for (const a of arrays) {
    data.set(a.data, at);
    at += a.data.length;
  }
  return tensor(data, { shape: [count, ...first.shape.slice(1)], dtype: first.dtype });
}
