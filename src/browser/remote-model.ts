/** A model that lives in an engine, as the page sees it. */
import { type Tensor, tensor } from "../core/index.ts";
import type { DType, TypedArray } from "../ir/dtype.ts";
import type {
  EpochLogs,
  EvaluateOptions,
  FitInput,
  FitOptions,
  FitTarget,
  Model,
  PredictOptions,
} from "../nn/index.ts";
import { type RunState, restoreOptimizers, restoreWeights } from "../nn/resume/run-state.ts";
import type { Engine } from "./engine.ts";
import { plainArrays } from "./parcel.ts";
import type { CallbackSpec, FitEvent } from "./tasks.ts";

/** What stays with the page: everything shown is made from events. */
type OwnOptions = "verbose" | "callbacks" | "print" | "signal";

/** Options of `fit`, callbacks as plain data. */
export interface RemoteFitOptions extends Omit<FitOptions, OwnOptions> {
  readonly callbacks?: readonly CallbackSpec[];
  /** Ends the training with a CancelledError; the model keeps the weights of the last finished step. */
  readonly signal?: AbortSignal;
  /** Told of epochs, and of batches at most twenty times a second. */
  readonly onEvent?: (event: FitEvent) => void;
}

/** The history of a training: per key a value for each epoch. */
export interface RemoteHistory {
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly epoch: readonly number[];
}

interface PlainTensor {
  readonly data: TypedArray;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** As `Model`, with Promises throughout. */
export class EngineModel {
  readonly #engine: Engine;
  readonly #model: number;

  constructor(engine: Engine, model: number) {
    this.#engine = engine;
    this.#model = model;
  }

  /** Trains; see `Model.fit`. Throws what that throws, and UsageError for batches that come one by one. */
  async fit(x: FitInput, y?: FitTarget, options: RemoteFitOptions = {}): Promise<RemoteHistory> {
    const { callbacks, signal, onEvent, ...rest } = options;
    const where = "EngineModel.fit";
    const [px, py] = await Promise.all([plainArrays(x, where), plainArrays(y, where)]);
    const plain = (await plainArrays(rest, where)) as object;
    const argument = { x: px, y: py, options: plain, callbacks, reports: onEvent !== undefined };
    return this.#call("model.fit", argument, { signal, onEvent });
  }

  /** Loss and metrics by name; see `Model.evaluate`. */
  async evaluate(
    x: FitInput,
    y?: FitTarget,
    options: Omit<EvaluateOptions, OwnOptions> & { readonly signal?: AbortSignal } = {},
  ): Promise<EpochLogs> {
    const { signal, ...rest } = options;
    const where = "EngineModel.evaluate";
    const [px, py] = await Promise.all([plainArrays(x, where), plainArrays(y, where)]);
    return this.#call(
      "model.evaluate",
      { x: px, y: py, options: await plainArrays(rest, where) },
      { signal },
    );
  }

  /** The outputs; see `Model.predict`. */
  async predict(
    x: FitInput,
    options: Omit<PredictOptions, OwnOptions> & { readonly signal?: AbortSignal } = {},
  ): Promise<Tensor | Tensor[]> {
    const { signal, ...rest } = options;
    const argument = { x: await plainArrays(x, "EngineModel.predict"), options: rest };
    const found = await this.#call<PlainTensor | PlainTensor[]>("model.predict", argument, { signal });
    const revive = ({ data, shape, dtype }: PlainTensor) => tensor(data, { shape, dtype });
    return Array.isArray(found) ? found.map(revive) : revive(found);
  }

  /** The weights in Keras's order. */
  async getWeights(): Promise<Float32Array[]> {
    const { weights } = await this.#arrays();
    return weights.map((w) => Float32Array.from(w.data));
  }

  /** Sets the weights, in the order of `getWeights`. Throws ShapeError where they do not fit. */
  async setWeights(weights: readonly ArrayLike<number>[]): Promise<void> {
    await this.#call("model.setWeights", { weights: weights.map((w) => Float32Array.from(w)) });
  }

  /** Brings weights and the state of the optimizer to a model of the page, of the same layers: to save it, say. */
  async copyTo(model: Model): Promise<void> {
    const arrays = await this.#arrays();
    restoreWeights(model, arrays);
    if (model.compiled !== undefined && arrays.optimizers.length > 0)
      restoreOptimizers(model, [model.compiled.optimizer], arrays);
  }

  /** Lets the engine forget the model; later calls are a UsageError. */
  async dispose(): Promise<void> {
    await this.#call("model.dispose", {});
  }

  #arrays(): Promise<Pick<RunState, "weights" | "optimizers">> {
    return this.#call("model.arrays", {});
  }

  #call<T>(task: string, argument: object, options?: Parameters<Engine["call"]>[2]): Promise<T> {
    return this.#engine.call<T>(task, { ...argument, model: this.#model }, options);
  }
}
