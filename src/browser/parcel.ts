/** Models and arrays as plain data, which goes from one thread to another. */
import { Tensor } from "../core/index.ts";
import type { JsonValue } from "../formats/json.ts";
import { UnsupportedError, UsageError } from "../ir/errors.ts";
import { compileOptionsFromConfig, trainingConfig } from "../nn/compile-config.ts";
import { type DeserializeOptions, deserializeModel } from "../nn/deserialize.ts";
import { isArrayInput } from "../nn/host-array.ts";
import type { Model } from "../nn/index.ts";
import { type RunState, restoreOptimizers, restoreWeights, saveArrays } from "../nn/resume/run-state.ts";
import { serialize } from "../nn/serialize.ts";

/** A model with its weights, what `compile` was told, and the state of its optimizer. */
export interface ModelParcel extends Pick<RunState, "weights" | "optimizers"> {
  readonly config: JsonValue;
  readonly training: Record<string, unknown> | null;
  readonly backend: string | undefined;
}

/**
 * A model as plain data. The values of metrics come back in logs; what a metric keeps besides (the counts of a confusion
 * matrix, the points of a curve) stays with the model that was sent.
 *
 * @throws UsageError for a model that is not built; UnsupportedError for one whose computation, loss or metric is written in code.
 */
export function packModel(model: Model): ModelParcel {
  if (!model.built) {
    throw new UsageError({
      where: model.label,
      problem: "the model has no weights yet",
      expected: "a model that knows the shape of its input",
      got: "one that is built when it first sees data",
      try: "give its first layer an inputShape, or begin with Input",
    });
  }
  const { compiled } = model;
  const training = compiled === undefined ? null : trainingConfig(compiled, "tendril");
  if (training === undefined || model.trainStep !== undefined) {
    throw new UnsupportedError({
      where: model.label,
      problem: "code cannot be sent to the engine",
      expected: "losses, metrics and training steps that have a name",
      got: training === undefined ? "a loss or a metric that is a function" : "a training step of its own",
      try: "write a worker file that makes the model, and serve it as a task: serveEngine({ tasks })",
    });
  }
  return {
    config: JSON.parse(JSON.stringify(serialize(model, "native"))) as JsonValue,
    training,
    backend: compiled?.options.backend,
    ...saveArrays(model, compiled === undefined ? [] : [compiled.optimizer]),
  };
}

/** The model in a parcel. Throws what reading a file of the same content throws. */
export function unpackModel(
  parcel: ModelParcel,
  backend: string | undefined,
  options: DeserializeOptions,
): Model {
  const model = deserializeModel(parcel.config, options);
  const name = parcel.backend ?? backend;
  if (parcel.training !== null) {
    model.compile({
      ...compileOptionsFromConfig(parcel.training),
      ...(name !== undefined && { backend: name as never }),
    });
  }
  restoreWeights(model, parcel);
  if (model.compiled !== undefined) restoreOptimizers(model, [model.compiled.optimizer], parcel);
  return model;
}

/**
 * Data of `fit`, `evaluate` and `predict` with the Tensors in them read.
 *
 * @throws UsageError for batches that come one by one: what makes them cannot be sent.
 */
export async function plainArrays(value: unknown, where: string): Promise<unknown> {
  if (value instanceof Tensor) return { data: await value.data(), shape: [...value.shape] };
  if (isArrayInput(value) && !Array.isArray(value)) return value;
  if (Array.isArray(value)) {
    return value.some((v) => typeof v === "object" && v !== null)
      ? Promise.all(value.map((v) => plainArrays(v, where)))
      : value;
  }
  if (typeof value !== "object" || value === null) {
    if (typeof value === "function") refuseStream(where, "a function");
    return value;
  }
  if (Symbol.iterator in value || Symbol.asyncIterator in value || "pass" in value)
    refuseStream(where, "an iterable");
  const entries = Object.entries(value).map(async ([k, v]) => [k, await plainArrays(v, where)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

function refuseStream(where: string, got: string): never {
  throw new UsageError({
    where,
    problem: "batches that come one by one cannot be sent to the engine",
    expected: "arrays",
    got,
    try: "make the batches in a worker file of your own: serveEngine({ tasks })",
  });
}
