/** What every engine can do: models, trained and used where the threads are. */
import type { Tensor } from "../core/index.ts";
import { UsageError } from "../ir/errors.ts";
import {
  type Callback,
  EarlyStopping,
  type EarlyStoppingOptions,
  type EpochLogs,
  type FitOptions,
  LambdaCallback,
  type Model,
  ReduceLROnPlateau,
  type ReduceLROnPlateauOptions,
  SwapEMAWeights,
  type SwapEMAWeightsOptions,
  TerminateOnNaN,
  type TerminateOnNaNOptions,
} from "../nn/index.ts";
import { saveArrays } from "../nn/resume/run-state.ts";
import { type ModelParcel, unpackModel } from "./parcel.ts";
import type { ServeOptions, Task, TaskContext } from "./serve.ts";

/** What `fit` reports on its way. Epochs and batches are counted from 0; `logs` are means over the epoch so far. */
export type FitEvent =
  | { readonly type: "epochBegin"; readonly epoch: number }
  | { readonly type: "batchEnd"; readonly epoch: number; readonly batch: number; readonly logs: EpochLogs }
  | { readonly type: "epochEnd"; readonly epoch: number; readonly logs: EpochLogs };

/** A callback as plain data; it works where the model is. */
export type CallbackSpec =
  | ({ readonly type: "EarlyStopping" } & EarlyStoppingOptions)
  | ({ readonly type: "ReduceLROnPlateau" } & ReduceLROnPlateauOptions)
  | ({ readonly type: "SwapEMAWeights" } & SwapEMAWeightsOptions)
  | ({ readonly type: "TerminateOnNaN" } & TerminateOnNaNOptions);

const callbacks: { readonly [T in CallbackSpec["type"]]: new (options: never) => Callback } = {
  EarlyStopping,
  ReduceLROnPlateau,
  SwapEMAWeights,
  TerminateOnNaN,
};

/** Reports of batches are at least so far apart, in milliseconds: a page draws no more often. */
const REPORT_EVERY = 50;

/** The tasks of one engine. */
export function modelTasks({ customObjects }: ServeOptions): Readonly<Record<string, Task>> {
  const models = new Map<number, Model>();
  let made = 0;
  const find = ({ model }: { model: number }): Model => {
    const found = models.get(model);
    if (found !== undefined) return found;
    throw new UsageError({
      where: "EngineModel",
      problem: "the model has been disposed of",
      expected: "a model of this engine that is still in use",
      got: `model ${model}`,
      try: "engine.model(model) sends it again",
    });
  };
  return {
    "model.open": ({ parcel, backend }: { parcel: ModelParcel; backend?: string }) => {
      models.set(++made, unpackModel(parcel, backend, { customObjects }));
      return made;
    },
    "model.fit": async (given: FitArgument, context) => {
      const { history, epoch } = await find(given).fit(given.x as never, given.y as never, {
        ...given.options,
        callbacks: [...(given.callbacks ?? []).map(callbackOf), ...reporter(given, context)],
        ...{ verbose: 0, signal: context.signal },
      });
      return { history, epoch };
    },
    "model.evaluate": (given: PassArgument, { signal }) =>
      find(given).evaluate(given.x as never, given.y as never, {
        ...given.options,
        ...{ verbose: 0, signal, returnDict: true },
      }),
    "model.predict": async (given: PassArgument, { signal }) => {
      const found = await find(given).predict(given.x as never, { ...given.options, verbose: 0, signal });
      const plain = async (t: Tensor) => ({ data: await t.data(), shape: t.shape, dtype: t.dtype });
      return Array.isArray(found) ? Promise.all(found.map(plain)) : plain(found as Tensor);
    },
    "model.arrays": (given: { model: number }) => {
      const model = find(given);
      return saveArrays(model, model.compiled === undefined ? [] : [model.compiled.optimizer]);
    },
    "model.setWeights": (given: { model: number; weights: readonly Float32Array[] }) => {
      find(given).setWeights(given.weights);
    },
    "model.dispose": (given: { model: number }) => {
      find(given).dispose();
      models.delete(given.model);
    },
  };
}

interface PassArgument {
  readonly model: number;
  readonly x: unknown;
  readonly y?: unknown;
  readonly options: object;
}

interface FitArgument extends PassArgument {
  readonly options: FitOptions;
  readonly callbacks?: readonly CallbackSpec[];
  /** Somebody listens. */
  readonly reports: boolean;
}

function callbackOf({ type, ...options }: CallbackSpec): Callback {
  if (Object.hasOwn(callbacks, type)) return new callbacks[type](options as never);
  throw new UsageError({
    where: "EngineModel.fit `callbacks`",
    problem: "there is no such callback in the engine",
    expected: `one of ${Object.keys(callbacks).join(", ")}`,
    got: String(type),
    try: "listen to onEvent, or write the training as a task: serveEngine({ tasks })",
  });
}

/** A callback that reports what happens, if anybody listens. */
function reporter({ reports }: FitArgument, { report }: TaskContext): Callback[] {
  if (!reports) return [];
  let epoch = 0;
  let last = Number.NEGATIVE_INFINITY;
  const send = (event: FitEvent) => report(event);
  return [
    new LambdaCallback({
      onEpochBegin: (at) => {
        epoch = at;
        send({ type: "epochBegin", epoch });
      },
      onTrainBatchEnd: (batch, logs) => {
        const now = performance.now();
        if (now - last < REPORT_EVERY) return;
        last = now;
        send({ type: "batchEnd", epoch, batch, logs: { ...logs } });
      },
      onEpochEnd: (at, logs) => send({ type: "epochEnd", epoch: at, logs: { ...logs } }),
    }),
  ];
}
