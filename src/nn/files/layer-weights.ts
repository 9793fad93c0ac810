/**
 * The weights of `.h5` files: a group for each layer, in which datasets lie under the weights' names. They are matched to
 * a model by the order of the layers and of their weights, never by name, so that one reader serves Keras 1 to 3.
 */
import type { Variable } from "../../core/index.ts";
import { type H5Dataset, type H5Group, h5At, h5Group } from "../../formats/h5.ts";
import { FormatError, ShapeError } from "../../ir/errors.ts";
import type { Layer } from "../layer.ts";
import type { Model } from "../model.ts";
import { type Assignment, match, type Stored, stored, toDataset } from "./arrays.ts";
import { readNames, writeNames } from "./names.ts";

/** The group `model_weights`. */
export function writeLayerWeights(model: Model, root: ReadonlyMap<string, string>): H5Group {
  const group = h5Group();
  for (const [key, value] of root) group.attrs.set(key, value);
  const { layers } = model;
  writeNames(
    group,
    "layer_names",
    layers.map((l) => l.name),
  );
  for (const layer of layers) group.groups.set(layer.name, writeWeights(inOrder(layer).map(stored)));
  group.groups.set("top_level_model_weights", writeWeights([]));
  return group;
}

/** A group with one dataset for each weight, and their names in order. */
export function writeWeights(weights: readonly Stored[]): H5Group {
  const group = h5Group();
  const names: string[] = [];
  for (const weight of weights) {
    const name = freeName(weight.name, names);
    names.push(name);
    put(group, name.split("/"), toDataset(weight));
  }
  writeNames(group, "weight_names", names);
  return group;
}

/** Weights of nested models can share a path; the order decides, so any name that is free will do. */
function freeName(name: string, taken: readonly string[]): string {
  let free = name;
  for (let i = 1; taken.includes(free); i++) free = `${name}_${i}`;
  return free;
}

function put(group: H5Group, path: readonly string[], dataset: H5Dataset): void {
  const [first, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) {
    group.datasets.set(first, dataset);
    return;
  }
  const inner = group.groups.get(first) ?? h5Group();
  group.groups.set(first, inner);
  put(inner, rest, dataset);
}

/** Keras's order in these files: what is trained first, over all that a layer contains. */
function inOrder(layer: Layer): Variable[] {
  return [...layer.trainableWeights(), ...layer.nonTrainableWeights()];
}

/**
 * Matches the group `model_weights` to the model.
 *
 * @throws FormatError where the numbers of layers or weights differ, ShapeError where shapes do.
 */
export function matchLayerWeights(model: Model, group: H5Group, where: string): Assignment[] {
  const layers = model.layers
    .map((layer) => ({ layer, weights: inOrder(layer) }))
    .filter((l) => l.weights.length > 0);
  const saved = readNames(group, "layer_names", where)
    .map((name) => ({ name, datasets: readWeights(group, name, where) }))
    .filter((l) => l.datasets.length > 0);
  if (saved.length !== layers.length) {
    throw new ShapeError({
      where,
      problem: "the file has another number of layers with weights than the model",
      expected: `${layers.length} (${layers.map((l) => l.layer.name).join(", ")})`,
      got: `${saved.length} (${saved.map((l) => l.name).join(", ")})`,
      try: model.built ? "load the file into a model with the same layers" : "build the model first",
    });
  }
  return layers.flatMap(({ layer, weights }, i) => {
    const { name, datasets } = saved[i]!;
    const at = `${where}/${name}`;
    if (datasets.length !== weights.length) {
      throw new ShapeError({
        where: at,
        problem: `the layer ${layer.name} has another number of weights`,
        expected: `${weights.length} (${weights.map((w) => w.name).join(", ")})`,
        got: String(datasets.length),
        try: "load the file into a model with the same layers",
      });
    }
    return weights.map((w, k) => match(stored(w), datasets[k]!, `${at}/weight ${k}`));
  });
}

/** The datasets of the group `name`, in the order of its `weight_names`. */
export function readWeights(parent: H5Group, name: string, where: string): H5Dataset[] {
  const group = h5At(parent, name);
  const at = `${where}/${name}`;
  if (group === undefined || !("groups" in group)) throw missing(at, "a group");
  return readNames(group, "weight_names", at).map((weight) => {
    const dataset = h5At(group, weight);
    if (dataset === undefined || !("data" in dataset)) throw missing(`${at}/${weight}`, "a dataset");
    return dataset;
  });
}

function missing(where: string, expected: string): FormatError {
  return new FormatError({
    where,
    problem: "a name in the file leads to nothing",
    expected,
    got: "nothing there",
    try: "get the file again; it is damaged or was written in part",
  });
}
