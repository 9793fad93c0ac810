/**
 * Models from plain data: the configuration in Keras files of versions 2 and 3.
 *
 * A file never runs code: classes are looked up by name in the table of layers and in the Map that the caller passes,
 * and nowhere else. What is not known is an UnsupportedError that names the layer and the class.
 */

import { key } from "../core/index.ts";
import { type JsonValue, JsonView } from "../formats/json.ts";
import { FormatError, type TendrilError, UnsupportedError, UsageError } from "../ir/errors.ts";
import { orNull, readInteger, readList } from "./fields.ts";
import type { Layer, LayerClass } from "./layer.ts";
import { layers as knownLayers } from "./layers/index.ts";
import { InputLayer } from "./layers/input.ts";
import { Merge } from "./merge.ts";
import { Model } from "./model.ts";
import { keyInFile, suggestion } from "./naming.ts";
import { OperationLayer } from "./operation-layer.ts";
import { isOperation, isTensor, readOperation, templateOf } from "./read-operation.ts";
import { Sequential } from "./sequential.ts";
import { sharedMark } from "./serialize.ts";
import type { SymbolicTensor } from "./symbolic.ts";

export interface DeserializeOptions {
  /** Layer classes of your own, by the name the file gives them. */
  customObjects?: ReadonlyMap<string, LayerClass> | undefined;
}

/**
 * The model or layer that a configuration describes, with fresh weights.
 *
 * @throws FormatError where the configuration is damaged, UnsupportedError for classes and options that are not known.
 */
export function deserialize(config: JsonValue, options: DeserializeOptions = {}): Layer {
  return readObject(new JsonView(config, "model_config"), { ...options, met: new Map() });
}

/** As `deserialize`, for a configuration that must describe a model. */
export function deserializeModel(config: JsonValue, options: DeserializeOptions = {}): Model {
  const model = deserialize(config, options);
  if (model instanceof Model) return model;
  throw new FormatError({
    where: "model_config",
    problem: "the configuration describes a layer, not a model",
    expected: "a Sequential or functional model",
    got: model.type,
    try: "check the program that wrote the file",
  });
}

interface Reading extends DeserializeOptions {
  /** The layers read so far, by their marks and by what they are: models in one another may share them. */
  readonly met: Map<string, Layer>;
}

type Reader = (view: JsonView, options: Reading) => Model;

const models: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["Sequential", readSequential],
  ["Functional", readFunctional],
  ["Model", readFunctional],
]);

function readObject(view: JsonView, options: Reading): Layer {
  const className = view.field("class_name").as("string");
  const registered = view.field("registered_name").or("string", className);
  const config = view.field("config");
  const own = options.customObjects?.get(className) ?? options.customObjects?.get(registered);
  const met = keysOf(view, className);
  for (const k of met.again) {
    const layer = options.met.get(k);
    if (layer !== undefined) return layer;
  }
  const read = own === undefined ? models.get(className) : undefined;
  const type = own ?? knownLayers.get(registered) ?? knownLayers.get(className);
  if (read === undefined && type === undefined) throw unknownClass(config, className, options);
  const layer = read?.(config, options) ?? readLayer(type!, config);
  for (const k of met.first) options.met.set(k, layer);
  return layer;
}

/** By what a layer may be found again, and by what it is the same as one before. */
function keysOf(view: JsonView, className: string): { first: string[]; again: string[] } {
  // Files of the older dialect, which name no modules, hold the weights of each place.
  if (view.field("module").value === undefined) return { first: [], again: [] };
  const marked = (mark: string) => {
    const id = view.field(mark).value;
    return id === undefined ? [] : [`${mark} ${className} ${id}`];
  };
  const keras = marked("shared_object_id");
  const ids = [...marked(sharedMark), ...keras];
  // Keras marks what it has written before, but not always what it wrote first.
  const alike = `${className} ${JSON.stringify(view.field("config").value)}`;
  return { first: [...ids, alike], again: keras.length > 0 ? [...ids, alike] : ids };
}

function unknownClass(config: JsonView, className: string, options: Reading): UnsupportedError {
  const names = [...models.keys(), ...knownLayers.keys(), ...(options.customObjects?.keys() ?? [])];
  const name = config.value === undefined ? "?" : config.field("name").or("string", "?");
  return new UnsupportedError({
    where: `layer "${name}" of class ${className}`,
    problem: "the class is not known, and a file never brings code with it",
    expected: `one of ${names.join(", ")}`,
    got: className,
    try:
      suggestion(className, names) ?? `pass the class: customObjects: new Map([["${className}", YourLayer]])`,
    details: { layer: name, className },
  });
}

/** Keys of a layer's config that are read below, or mean nothing here. */
const commonKeys: ReadonlySet<string> = new Set([
  "name",
  "trainable",
  "dtype",
  "activity_regularizer",
  "batch_input_shape",
  "input_shape",
]);

function readLayer(type: LayerClass, config: JsonView): Layer {
  const given: Record<string, unknown> = {};
  const used = new Set<string>(commonKeys);
  for (const [option, field] of Object.entries(type.fields)) {
    for (const key of [keyInFile(option), ...field.aliases]) {
      used.add(key);
      const { value } = config.field(key);
      if (value !== undefined) given[option] = value;
    }
  }
  const name = config.field("name").or("string", undefined);
  const where = `layer "${name ?? "?"}" of class ${type.type}`;
  for (const key of config.names()) {
    const { value } = config.field(key);
    if (used.has(key) || type.ignoredInFile.includes(key) || value === null || value === false) continue;
    throw new UnsupportedError({
      where,
      problem: `the option \`${key}\` is not known`,
      expected: `one of ${Object.keys(type.fields).map(keyInFile).join(", ")}`,
      got: `${key}: ${JSON.stringify(value)?.slice(0, 80)}`,
      try: "save the model without this option",
      details: { layer: name, className: type.type, option: key },
    });
  }
  if (!Object.hasOwn(type.fields, "dtype")) checkDType(config.field("dtype"), where);
  const regularizer = config.field("activity_regularizer").value;
  if (regularizer !== undefined && regularizer !== null) given.activityRegularizer = regularizer;
  const batchShape = config.field("batch_input_shape").value;
  if (batchShape !== undefined && !Object.hasOwn(type.fields, "batchShape")) {
    given.inputShape = readSizes(config.field("batch_input_shape")).slice(1);
  }
  if (name !== undefined) given.name = name;
  const layer = damagedWhere(where, () => new type(given as never));
  layer.trainable = config.field("trainable").or("boolean", true);
  return layer;
}

/** What a user would be told of as a wrong argument is, in a file, damage. */
function damagedWhere<T>(where: string, fn: () => T): T {
  try {
    return fn();
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    throw new FormatError({
      where,
      problem: `the configuration is not valid: ${cause.message.split("\n")[0]}`,
      ...(cause.expected !== undefined && { expected: cause.expected }),
      ...(cause.got !== undefined && { got: cause.got }),
      try: "check the program that wrote the file",
      cause,
    });
  }
}

/** Weights are kept in float32 whatever float type the file computed in. */
function checkDType(view: JsonView, where: string): void {
  if (view.value === undefined || view.value === null) return;
  const name = typeof view.value === "string" ? view.value : view.field("config").field("name").as("string");
  if (/^(mixed_)?b?float(16|32|64)$/.test(name)) return;
  throw new UnsupportedError({
    where,
    problem: "the element type is not supported",
    expected: "float32",
    got: name,
    try: "convert the model to float32 before saving it",
  });
}

function readSizes(view: JsonView): readonly (number | null)[] {
  return damagedWhere(view.path, () =>
    readList(orNull(readInteger(0)), "a list of sizes")(view.value, view.path),
  );
}

/** `{ name, layers, build_input_shape }`; the oldest files have the list of layers alone. */
function readSequential(config: JsonView, options: Reading): Model {
  const bare = Array.isArray(config.value);
  const layers = (bare ? config : config.field("layers")).items().map((view) => readObject(view, options));
  const name = bare ? undefined : config.field("name").or("string", undefined);
  return damagedWhere(config.path, () => {
    const inputs = layers.map((l) => ("tensor" in l ? (l.tensor as SymbolicTensor) : l));
    const model = new Sequential(inputs, { name });
    const shape = bare ? undefined : config.field("build_input_shape");
    if (!model.built && shape?.value !== undefined && shape.value !== null && layers.length > 0) {
      model.buildFrom(readSizes(shape));
    }
    return model;
  });
}

/** A call of a layer that waits for its inputs. */
interface PendingCall {
  readonly layer: Layer;
  readonly inputs: readonly Reference[];
  readonly listed: boolean;
  readonly training: boolean | undefined;
}

/** An output of a call of a layer. */
interface Reference {
  readonly layer: Layer;
  readonly call: number;
  readonly output: number;
  readonly path: string;
}

/** The layers of a model by name, and how often each was called before, in a model that shares it. */
interface Known {
  readonly layers: ReadonlyMap<string, Layer>;
  readonly earlier: ReadonlyMap<Layer, number>;
}

function readFunctional(config: JsonView, options: Reading): Model {
  const layers = new Map<string, Layer>();
  const entries = config.field("layers").items();
  const modelName = config.field("name").or("string", undefined);
  const random = key(0, modelName);
  for (const view of entries) {
    const layer = isOperation(view) ? readOperation(view) : readObject(view, options);
    const name = view.field("name").or("string", layer.name);
    if (layers.has(name)) throw damaged(view, `two layers are named "${name}"`);
    layers.set(name, layer);
    // Adopted before they are built, layers have lazy weights: nothing is allocated before the file's weights fit.
    layer.adopt(random.child(name));
  }
  const inOrder = [...layers.values()];
  // Calls are counted in each model by itself.
  const earlier = new Map(inOrder.map((l) => [l, l instanceof InputLayer ? 0 : l.applications.length]));
  const known: Known = { layers, earlier };
  const calls = entries.map((view, i) => {
    const layer = inOrder[i]!;
    return view
      .field("inbound_nodes")
      .items()
      .map((node) => readCall(layer, node, known));
  });
  makeCalls(calls, config);
  const keras2 = entries.some((view) =>
    view
      .field("inbound_nodes")
      .items()
      .some((n) => Array.isArray(n.value)),
  );
  const end = (v: JsonView): SymbolicTensor => {
    const reference = readReference(v, known, (layer) =>
      layer instanceof Model && (keras2 || !(layer instanceof Sequential)) ? 1 : 0,
    );
    return resolve(reference) ?? fail(damaged(v, "the call it names does not exist"));
  };
  const ends = (key: string): SymbolicTensor[] | Record<string, SymbolicTensor> => {
    const view = config.field(key);
    if (!Array.isArray(view.value)) {
      return Object.fromEntries(view.names().map((name) => [name, end(view.field(name))]));
    }
    const first = view.items()[0];
    return typeof first?.value === "string" ? [end(view)] : view.items().map(end);
  };
  const inputs = ends("input_layers");
  const outputs = ends("output_layers");
  const model = damagedWhere(config.path, () => new Model({ inputs, outputs, name: modelName }));
  if (config.field("trainable").or("boolean", true) === false) model.trainable = false;
  return model;
}

/** Applies the layers, call by call, in whatever order their inputs come to exist. */
function makeCalls(calls: readonly (readonly PendingCall[])[], config: JsonView): void {
  const waiting = calls.map((list) => [...list]);
  for (;;) {
    let progress = false;
    for (const list of waiting) {
      while (list.length > 0) {
        const { layer, inputs, listed, training } = list[0]!;
        const tensors = inputs.map(resolve);
        if (tensors.includes(undefined)) break;
        const xs = tensors as SymbolicTensor[];
        damagedWhere(layer.label, () =>
          layer.applyAll(listed ? xs : xs[0]!, training === undefined ? {} : { training }),
        );
        list.shift();
        progress = true;
      }
    }
    if (waiting.every((list) => list.length === 0)) return;
    if (!progress) {
      const stuck = waiting.flat().map((c) => c.layer.name);
      throw damaged(config, `the graph has a loop or a missing part at ${[...new Set(stuck)].join(", ")}`);
    }
  }
}

function resolve({ layer, call, output }: Reference): SymbolicTensor | undefined {
  return layer.applications[call]?.outputs[output];
}

/**
 * A node of `inbound_nodes`: in Keras 2 a list of `[layer, call, output, kwargs]`, in Keras 3 `{ args, kwargs }` with
 * tensors inside.
 */
function readCall(layer: Layer, node: JsonView, known: Known): PendingCall {
  if (Array.isArray(node.value)) {
    const single = typeof node.items()[0]?.value === "string";
    const views = single ? [node] : node.items();
    const inputs = views.map((v) => readReference(v, known, (l) => (l instanceof Model ? 1 : 0)));
    const kwargs = views[0]?.items()[3];
    return { layer, inputs, listed: inputs.length > 1, training: readKwargs(layer, kwargs) };
  }
  const args = node.field("args").items();
  const referred = (v: JsonView) => readReference(v.field("config").field("keras_history"), known, () => 0);
  if (layer instanceof OperationLayer) {
    const views = templateOf(args, layer.label).tensors;
    if (JSON.stringify(templateOf(args, layer.label).args) !== JSON.stringify(layer.config.args)) {
      throw damaged(node, "an operation is called again with other arguments");
    }
    return { layer, inputs: views.map(referred), listed: views.length > 1, training: undefined };
  }
  const operands = args.length > 1 && layer instanceof Merge;
  if (operands && !args.every(isTensor)) {
    throw new UnsupportedError({
      where: layer.label,
      problem: "a layer is called with something that is no tensor",
      expected: "outputs of layers",
      got: JSON.stringify(node.field("args").value)?.slice(0, 120) ?? "nothing",
      try: "save the model again, as .keras",
    });
  }
  if (args.length !== 1 && !operands) throw damaged(node, "a layer takes one argument");
  const listed = operands || Array.isArray(args[0]!.value);
  const views = listed && !operands ? args[0]!.items() : args;
  const inputs = views.map((v) => {
    if (!isTensor(v)) throw damaged(v, "this is not a tensor");
    return referred(v);
  });
  return { layer, inputs, listed, training: readKwargs(layer, node.field("kwargs")) };
}

/** `[layer name, number of the call, number of the output, …]`; `shift` is how far calls are counted too high. */
function readReference(
  view: JsonView,
  { layers, earlier }: Known,
  shift: (layer: Layer) => number,
): Reference {
  const [name, call, output] = view.items();
  const layer = layers.get(name?.as("string") ?? "");
  if (layer === undefined || call === undefined || output === undefined) {
    throw damaged(view, "it names a layer that does not exist");
  }
  const number = Math.max(0, call.as("number") - shift(layer));
  return { layer, call: number + earlier.get(layer)!, output: output.as("number"), path: view.path };
}

/** Of the further arguments of a call only `training` means anything here. */
function readKwargs(layer: Layer, view: JsonView | undefined): boolean | undefined {
  if (view?.value === undefined || view.value === null) return undefined;
  for (const key of view.names()) {
    const { value } = view.field(key);
    if (value === null || (key === "training" && typeof value === "boolean")) continue;
    throw new UnsupportedError({
      where: layer.label,
      problem: `the argument \`${key}\` of a call is not supported`,
      expected: "`training` or nothing",
      got: `${key}: ${JSON.stringify(value)?.slice(0, 80)}`,
      try: "build the model without it",
    });
  }
  return view.field("training").or("boolean", undefined);
}

function damaged(view: JsonView, problem: string): FormatError {
  return new FormatError({
    where: view.path,
    problem,
    got: JSON.stringify(view.value)?.slice(0, 120) ?? "nothing",
    try: "check the program that wrote the file",
  });
}

function fail(error: TendrilError): never {
  throw error;
}
