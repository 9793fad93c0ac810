/**
 * Models as plain data: the configuration that Keras files hold, in Keras 3's words.
 *
 * There are two dialects: `legacy` is what `.h5` files hold (class name and config), `native` what `.keras` archives hold
 * (module, registered name and the shapes built on as well).
 */

import type { JsonObject, JsonValue } from "../formats/json.ts";
import { UnsupportedError } from "../ir/errors.ts";
import type { Graph } from "./functional.ts";
import type { Layer, LayerClass } from "./layer.ts";
import { InputLayer } from "./layers/input.ts";
import type { Model } from "./model.ts";
import { keyInFile } from "./naming.ts";
import { OperationLayer } from "./operation-layer.ts";
import { regularizerField } from "./regularizers.ts";
import type { Sequential } from "./sequential.ts";
import { type Application, type SymbolicTensor, sizesInFile } from "./symbolic.ts";

export type Dialect = "legacy" | "native";

/** Where Keras has the classes of models; layers are in `keras.layers`. */
const modules: ReadonlyMap<string, string> = new Map([
  ["Sequential", "keras"],
  ["Functional", "keras.src.models.functional"],
]);

/**
 * The key that marks a layer wherever it stands, where models in one another share it. Keras passes over it and reads layers of
 * their own with the same weights; of files with Keras's own mark, `shared_object_id`, it opens none that has the layer in two
 * graphs.
 */
export const sharedMark = "tendril_shared_id";

/** Numbers of the layers that models in one another share. */
type SharedIds = ReadonlyMap<Layer, number>;

/** `{ class_name, config, … }` of a model or layer, as `JSON.stringify` takes it. */
export function serialize(layer: Layer, dialect: Dialect): JsonObject {
  // Files of the older dialect have no such marks: each model gets a layer of its own, as with Keras.
  return inFile(layer, dialect, dialect === "native" ? sharedIds(layer) : new Map());
}

function sharedIds(root: Layer): SharedIds {
  const places = new Map<Layer, number>();
  const visit = (layer: Layer): void => {
    const count = (places.get(layer) ?? 0) + 1;
    places.set(layer, count);
    if (count > 1) return;
    const inside = "graph" in layer ? ((layer as Model).graph?.layers ?? (layer as Model).layers) : [];
    for (const l of inside) visit(l);
  };
  visit(root);
  const shared = [...places].filter(([, count]) => count > 1);
  return new Map(shared.map(([layer], i) => [layer, i + 1]));
}

function inFile(layer: Layer, dialect: Dialect, ids: SharedIds): JsonObject {
  if (layer instanceof OperationLayer) return operationInFile(layer, dialect);
  const type = layer.constructor as unknown as LayerClass;
  const registered = type.registeredIn === undefined ? null : `${type.registeredIn}>${layer.type}`;
  const config = configOf(layer, dialect, ids);
  if (dialect === "legacy") return { class_name: registered ?? layer.type, config };
  const module = modules.get(layer.type) ?? "keras.layers";
  const shapes = layer.applications[0]?.inputs.map((t) => sizesInFile(t.shape)) ?? [];
  return {
    module: registered === null ? module : null,
    class_name: layer.type,
    config,
    registered_name: layer.type === "Functional" ? "Functional" : registered,
    ...(ids.has(layer) && { [sharedMark]: ids.get(layer)! }),
    ...(shapes.length === 1 && layer.weights().length > 0 && { build_config: { input_shape: shapes[0]! } }),
  };
}

/** Its arguments stand in the node. Keras's `.h5` files name no module. */
function operationInFile(layer: OperationLayer, dialect: Dialect): JsonObject {
  const { type, name, module } = layer;
  const config: JsonObject = { name, ...(layer.config.options as JsonObject) };
  if (dialect === "legacy") return { class_name: type, config };
  return { module, class_name: type, config, registered_name: type };
}

function configOf(layer: Layer, dialect: Dialect, ids: SharedIds): JsonObject {
  if (layer instanceof InputLayer) return { ...fieldsOf(layer), name: layer.name };
  if (layer.type === "Sequential") return sequentialConfig(layer as Sequential, dialect, ids);
  if ("graph" in layer) return functionalConfig(layer as Model, dialect, ids);
  const penalty = regularizerField.write(layer.activityRegularizer) as JsonValue;
  const config: JsonObject = {
    name: layer.name,
    trainable: layer.trainable,
    dtype: float32,
    ...(penalty !== null && { activity_regularizer: penalty }),
    ...fieldsOf(layer),
  };
  const { unsaved } = layer.constructor as unknown as LayerClass;
  return Object.fromEntries(Object.entries(config).filter(([key]) => !unsaved.includes(key)));
}

const float32 = {
  module: "keras",
  class_name: "DTypePolicy",
  config: { name: "float32" },
  registered_name: null,
};

function fieldsOf(layer: Layer): JsonObject {
  const { fields } = layer.constructor as unknown as LayerClass;
  const config = layer.config as Readonly<Record<string, unknown>>;
  const entries = Object.entries(fields).map(([key, field]): [string, JsonValue] => [
    keyInFile(key),
    field.write(config[key]) as JsonValue,
  ]);
  return Object.fromEntries(entries);
}

function sequentialConfig(model: Sequential, dialect: Dialect, ids: SharedIds): JsonObject {
  const input = model.inputLayer;
  const stack = input === undefined ? model.layers : [input, ...model.layers];
  return {
    name: model.name,
    trainable: model.trainable,
    dtype: float32,
    layers: stack.map((l) => inFile(l, dialect, ids)),
    ...(input !== undefined && { build_input_shape: sizesInFile(input.tensor.shape) }),
  };
}

function functionalConfig(model: Model, dialect: Dialect, ids: SharedIds): JsonObject {
  const { graph } = model;
  if (graph === undefined) {
    throw new UnsupportedError({
      where: model.label,
      problem: "how a class of your own is computed cannot be written to a file",
      expected: "a Sequential or functional model",
      got: model.type,
      try: "save the weights only, and load them into a model made by your class",
    });
  }
  const numbers = applicationNumbers(graph);
  const layers = graph.layers.map((layer): JsonObject => {
    const nodes = layer.applications.filter((a) => numbers.has(a) && a.inputs.length > 0);
    return {
      ...inFile(layer, dialect, ids),
      name: layer.name,
      inbound_nodes: nodes.map((a) => nodeInFile(a, numbers)),
    };
  });
  const end = (t: SymbolicTensor): JsonValue[] => {
    // Keras counts one application more for functional models inside a model, here and only here.
    const extra = t.source.layer.type === "Functional" ? 1 : 0;
    return [t.source.layer.name, numbers.get(t.source)! + extra, t.index];
  };
  const ends = (tensors: readonly SymbolicTensor[], names: readonly string[] | undefined) =>
    names !== undefined
      ? Object.fromEntries(tensors.map((t, i) => [names[i]!, end(t)]))
      : tensors.length === 1
        ? end(tensors[0]!)
        : tensors.map(end);
  return {
    name: model.name,
    trainable: model.trainable,
    layers,
    input_layers: ends(graph.inputs, graph.inputNames),
    output_layers: ends(graph.outputs, graph.outputNames),
  };
}

/** The number of each application among those of its layer in this graph. */
function applicationNumbers(graph: Graph): Map<Application, number> {
  const inGraph = new Set(graph.levels.flat());
  const numbers = new Map<Application, number>();
  for (const layer of graph.layers) {
    layer.applications
      .filter((a) => inGraph.has(a))
      .forEach((a, i) => {
        numbers.set(a, i);
      });
  }
  return numbers;
}

function nodeInFile(a: Application, numbers: ReadonlyMap<Application, number>): JsonObject {
  const tensors = a.inputs.map(
    (t): JsonObject => ({
      class_name: "__keras_tensor__",
      config: {
        shape: sizesInFile(t.shape),
        dtype: t.dtype,
        keras_history: [t.source.layer.name, numbers.get(t.source)!, t.index],
      },
    }),
  );
  const own = a.layer instanceof OperationLayer ? a.layer.arguments((i) => tensors[i]!) : undefined;
  return {
    args: (own as JsonValue[] | undefined) ?? (a.listed ? [tensors] : tensors),
    kwargs: a.training === undefined ? {} : { training: a.training },
  };
}
