/** Copies of models with weights of their own. */
import { UnsupportedError } from "../ir/errors.ts";
import { endsAsGiven } from "./functional.ts";
import type { Layer, LayerClass } from "./layer.ts";
import { Input, InputLayer } from "./layers/input.ts";
import { Model } from "./model.ts";
import { Sequential } from "./sequential.ts";
import type { SymbolicTensor } from "./symbolic.ts";

export interface CloneOptions {
  /** Seed of the copy's initial weights. */
  seed?: number;
  /** Makes the copy of a layer; by default a layer of the same class, options and name. */
  layer?: (layer: Layer) => Layer;
}

/**
 * A model of the same layers, options and names, with new initial weights, not compiled (Keras's clone_model). Layers that
 * are shared stay shared.
 *
 * @throws UnsupportedError for a model whose computation is written in code.
 */
export function cloneModel(model: Model, options: CloneOptions = {}): Model {
  const copies = new Map<Layer, Layer>();
  const copyOf = (layer: Layer): Layer => {
    const known = copies.get(layer);
    if (known !== undefined) return known;
    const copy = layer instanceof Model ? cloneModel(layer, options) : (options.layer ?? copyLayer)(layer);
    copies.set(layer, copy);
    return copy;
  };
  const settings = { name: model.name, ...(options.seed !== undefined && { seed: options.seed }) };
  const copy =
    model instanceof Sequential
      ? cloneSequential(model, copyOf, settings)
      : cloneFunctional(model, copyOf, settings);
  if (!model.trainable) copy.trainable = false;
  for (const [original, made] of copies) made.trainable = original.trainable;
  return copy;
}

type Settings = { name: string; seed?: number };
type Copy = (layer: Layer) => Layer;

function cloneSequential(model: Sequential, copyOf: Copy, settings: Settings): Sequential {
  const input = model.inputLayer === undefined ? [] : [copyInput(model.inputLayer)];
  return new Sequential([...input, ...model.layers.map(copyOf)], settings);
}

function cloneFunctional(model: Model, copyOf: Copy, settings: Settings): Model {
  const { graph } = model;
  if (graph === undefined) {
    throw new UnsupportedError({
      where: model.label,
      problem: "how a class of your own is computed cannot be copied",
      expected: "a Sequential or functional model",
      got: model.type,
      try: "make another object of the class, and use setWeights",
    });
  }
  const tensors = new Map<SymbolicTensor, SymbolicTensor>();
  for (const { layer, inputs, outputs, listed, training } of graph.levels.flat()) {
    const xs = inputs.map((t) => tensors.get(t)!);
    const ys =
      layer instanceof InputLayer
        ? [copyInput(layer)]
        : copyOf(layer).applyAll(listed ? xs : xs[0]!, training === undefined ? {} : { training });
    outputs.forEach((t, i) => {
      tensors.set(t, ys[i]!);
    });
  }
  return new Model({
    ...settings,
    inputs: endsAsGiven(
      graph.inputs.map((t) => tensors.get(t)!),
      graph.inputNames,
    ),
    outputs: endsAsGiven(
      graph.outputs.map((t) => tensors.get(t)!),
      graph.outputNames,
    ),
  });
}

function copyInput(layer: InputLayer): SymbolicTensor {
  return Input({ batchShape: layer.tensor.shape, dtype: layer.config.dtype, name: layer.name });
}

function copyLayer(layer: Layer): Layer {
  const type = layer.constructor as unknown as LayerClass;
  const { name, activityRegularizer, inputShape } = layer;
  return new type({ ...layer.config, name, activityRegularizer, inputShape } as never);
}
