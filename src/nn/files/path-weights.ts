/**
 * The weights of `.weights.h5` files (Keras 3): groups follow the objects of the model, a layer being named by its class
 * with a counter, `layers/dense_1/vars/0`, so that the names of layers do not matter.
 */
import { type H5Dataset, type H5Group, h5At, h5Group } from "../../formats/h5.ts";
import { FormatError, ShapeError } from "../../ir/errors.ts";
import type { Layer } from "../layer.ts";
import type { Model } from "../model.ts";
import { snakeCase } from "../naming.ts";
import { type Assignment, match, type Stored, stored, toDataset } from "./arrays.ts";
import { optimizerState } from "./optimizer-state.ts";

/** The root of the file. */
export function writePathWeights(model: Model, withOptimizer = true): H5Group {
  const root = writeLayer(model);
  const saved = withOptimizer ? optimizerState(model) : undefined;
  if (saved !== undefined) {
    const group = h5Group();
    group.groups.set("vars", writeVars(saved.name, saved.state));
    root.groups.set("optimizer", group);
  }
  return root;
}

function writeLayer(layer: Layer): H5Group {
  const group = h5Group();
  const inner = innerLayers(layer);
  group.groups.set("vars", writeVars(layer.name, inner.length > 0 ? [] : layer.weights().map(stored)));
  if (inner.length > 0) {
    const list = h5Group();
    for (const [name, l] of inner) list.groups.set(name, writeLayer(l));
    group.groups.set("layers", list);
  }
  return group;
}

function writeVars(name: string, weights: readonly Stored[]): H5Group {
  const vars = h5Group();
  vars.attrs.set("name", name);
  weights.forEach((w, i) => {
    vars.datasets.set(String(i), toDataset(w));
  });
  return vars;
}

/** The layers of a model, each with its class in snake case and a counter. */
function innerLayers(layer: Layer): [name: string, layer: Layer][] {
  const counts = new Map<string, number>();
  return layer.sublayers().map((l) => {
    const base = snakeCase(l.type);
    const count = counts.get(base) ?? 0;
    counts.set(base, count + 1);
    return [count === 0 ? base : `${base}_${count}`, l];
  });
}

/**
 * Matches the root of a `.weights.h5` file to the model. Keras writes a layer that is reached in several ways only where
 * it is met first.
 *
 * @throws FormatError where a group is missing, ShapeError where weights do not fit.
 */
export function matchPathWeights(
  layer: Layer,
  group: H5Group,
  where: string,
  met: Set<Layer> = new Set(),
): Assignment[] {
  const inner = innerLayers(layer);
  met.add(layer);
  if (inner.length === 0) return matchVars(layer.weights().map(stored), group, layer.label, where);
  return inner.flatMap(([name, l]) => {
    if (met.has(l) || l.weights().length === 0) return [];
    const path = `layers/${name}`;
    const child = h5At(group, path);
    if (child === undefined || !("groups" in child)) throw missing(`${where}/${path}`, l.label);
    return matchPathWeights(l, child, `${where}/${path}`, met);
  });
}

/** Matches `vars/0`, `vars/1`, … to the weights. */
function matchVars(weights: readonly Stored[], group: H5Group, label: string, where: string): Assignment[] {
  const vars: ReadonlyMap<string, H5Dataset> = group.groups.get("vars")?.datasets ?? new Map();
  if (vars.size !== weights.length) {
    throw new ShapeError({
      where: `${where}/vars`,
      problem: `the file has another number of weights for ${label}`,
      expected: `${weights.length} (${weights.map((w) => w.name).join(", ")})`,
      got: String(vars.size),
      try: "load the file into a model with the same layers",
    });
  }
  return weights.map((w, i) => {
    const dataset = vars.get(String(i));
    if (dataset === undefined) throw missing(`${where}/vars/${i}`, w.name);
    return match(w, dataset, `${where}/vars/${i}`);
  });
}

function missing(where: string, what: string): FormatError {
  return new FormatError({
    where,
    problem: `there are no weights for ${what}`,
    expected: "a group of that path",
    got: "nothing there",
    try: "load the file into a model with the same layers, built",
  });
}
