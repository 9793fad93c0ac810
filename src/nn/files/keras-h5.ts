/**
 * Whole models in Keras's `.h5` files: configuration, weights, what `compile` was told and the optimizer's state.
 *
 * What is written is what Keras 3.15 writes; what is read are files of Keras 2 and 3. Bytes to plain trees and back is
 * done by `formats/h5`.
 */
import { type H5Group, h5Group, readH5, writeH5 } from "../../formats/h5.ts";
import { type JsonObject, parseJson, stringifyJson } from "../../formats/json.ts";
import { FormatError, ShapeError } from "../../ir/errors.ts";
import { compileOptionsFromConfig, trainingConfig } from "../compile-config.ts";
import { type DeserializeOptions, deserializeModel } from "../deserialize.ts";
import type { Model } from "../model.ts";
import { serialize } from "../serialize.ts";
import { assignAll, match, type Stored } from "./arrays.ts";
import { matchLayerWeights, readWeights, writeLayerWeights, writeWeights } from "./layer-weights.ts";
import { matchOptimizer } from "./optimizer-state.ts";
import { matchPathWeights, writePathWeights } from "./path-weights.ts";

/** The version of Keras whose files these are, and the backend whose layout of kernels they have. */
export const dialect: ReadonlyMap<string, string> = new Map([
  ["keras_version", "3.15.1"],
  ["backend", "tensorflow"],
]);

export interface SaveOptions {
  /** Whether the optimizer's state is written; true unless given. */
  includeOptimizer?: boolean;
}

export interface LoadOptions extends DeserializeOptions {
  /** Whether the model is compiled as it was when saved, with the optimizer's state; true unless given. */
  compile?: boolean;
  /** The file's name, for messages. */
  name?: string;
}

/**
 * The bytes of a `.h5` file with the whole model.
 *
 * @throws UnsupportedError for a model whose computation is written in code.
 */
export function modelToH5(model: Model, options: SaveOptions = {}): Promise<Uint8Array> {
  const root = h5Group();
  for (const [key, value] of dialect) root.attrs.set(key, value);
  root.attrs.set("model_config", stringifyJson(serialize(model, "legacy")));
  const { compiled } = model;
  if (compiled !== undefined && options.includeOptimizer !== false) {
    const saved = trainingConfig(compiled);
    if (saved !== undefined) root.attrs.set("training_config", stringifyJson(saved));
    const state = compiled.optimizer.weights();
    root.groups.set("optimizer_weights", writeWeights(state));
  }
  root.groups.set("model_weights", writeLayerWeights(model, dialect));
  return writeH5(root);
}

/**
 * The model in the bytes of a `.h5` file. A file never runs code.
 *
 * @throws FormatError for damage, UnsupportedError for classes that are not known, ShapeError where weights do not fit.
 */
export async function modelFromH5(bytes: Uint8Array, options: LoadOptions = {}): Promise<Model> {
  const where = options.name ?? "h5 file";
  const root = await readH5(bytes, { name: options.name });
  const config = textOf(root, "model_config", where);
  if (config === undefined) {
    throw new FormatError({
      where,
      problem: "the file holds no model",
      expected: "the attribute model_config",
      got: root.groups.has("layers") || root.attrs.has("layer_names") ? "weights only" : "none",
      try: "make the model in code and use loadWeights",
    });
  }
  const model = deserializeModel(parseJson(config, { name: "model_config" }), options);
  const weights = root.groups.get("model_weights");
  if (weights === undefined) throw lacks(where, "model_weights");
  assignAll(matchLayerWeights(model, weights, "model_weights"));
  const training = options.compile === false ? undefined : textOf(root, "training_config", where);
  if (training !== undefined) restoreTraining(model, root, training);
  return model;
}

/** Compiles the model as the file says and takes over the optimizer's state. */
function restoreTraining(model: Model, root: H5Group, text: string): void {
  model.compile(compileOptionsFromConfig(parseJson(text, { name: "training_config" }) as JsonObject));
  const { optimizer } = model.compiled!;
  if (!root.groups.has("optimizer_weights")) return;
  const datasets = readWeights(root, "optimizer_weights", "");
  // Before its first step an optimizer has no slots; the file then holds only the step count and the learning rate.
  const fresh = optimizer.weights();
  if (datasets.length > fresh.length) optimizer.build(model.trainableWeights());
  const state: readonly Stored[] = optimizer.weights();
  // Keras 2 keeps no learning rate among the optimizer's weights: it is in the configuration.
  const saved =
    datasets.length === state.length - 1 ? state.filter((w) => !w.name.endsWith("/learning_rate")) : state;
  if (datasets.length > 0 && datasets.length !== saved.length) {
    throw new ShapeError({
      where: "optimizer_weights",
      problem: `the state does not fit the optimizer ${optimizer.type}`,
      expected: `${state.length} arrays`,
      got: String(datasets.length),
      try: "load with compile: false, then compile anew",
    });
  }
  assignAll(datasets.map((d, i) => match(saved[i]!, d, `optimizer_weights/${saved[i]!.name}`)));
}

/** The bytes of a `.weights.h5` file. */
export function weightsToH5(model: Model): Promise<Uint8Array> {
  return writeH5(writePathWeights(model));
}

/**
 * Sets the weights from the bytes of a `.weights.h5` file, of a file of weights of Keras 2, or of a whole `.h5` model. A
 * compiled model gets the optimizer's state too, where a `.weights.h5` file has one that fits. Nothing is changed where anything does not fit.
 *
 * @throws FormatError for damage, ShapeError where layers or weights do not fit.
 */
export async function weightsFromH5(model: Model, bytes: Uint8Array, name?: string): Promise<void> {
  const root = await readH5(bytes, { name });
  const where = name ?? "h5 file";
  const group = root.groups.get("model_weights") ?? root;
  const byOrder = group.attrs.has("layer_names") || group.attrs.has("layer_names0");
  if (!byOrder && !root.groups.has("layers") && !root.groups.has("vars")) throw lacks(where, "layers");
  assignAll(
    byOrder
      ? matchLayerWeights(model, group, where)
      : [...matchPathWeights(model, root, where), ...matchOptimizer(model, root, where)],
  );
}

function textOf(root: H5Group, key: string, where: string): string | undefined {
  const value = root.attrs.get(key);
  if (value === undefined || typeof value === "string") return value;
  throw new FormatError({
    where: `${where}@${key}`,
    problem: "this attribute must be a text",
    expected: "JSON",
    got: typeof value,
    try: "get the file again; it is damaged or not what its name says",
  });
}

function lacks(where: string, what: string): FormatError {
  return new FormatError({
    where,
    problem: `the group ${what} is missing`,
    expected: "a file written by Keras or Tendril",
    got: "another HDF5 file",
    try: "check that this is the file you mean",
  });
}
