/** The state of an optimizer in Keras files: step count, learning rate, slots. */
import type { H5Dataset, H5Group } from "../../formats/h5.ts";
import type { Model } from "../model.ts";
import { type Assignment, match, type Stored } from "./arrays.ts";

/** What the optimizer has to save: nothing before it has taken a step or made its slots. */
export function optimizerState(model: Model): { name: string; state: readonly Stored[] } | undefined {
  const optimizer = model.compiled?.optimizer;
  const state = optimizer?.weights() ?? [];
  const used = (optimizer?.iterations ?? 0) > 0 || state.some((w) => w.shape.length > 0);
  return optimizer !== undefined && used ? { name: optimizer.name, state } : undefined;
}

/**
 * Matches the group `optimizer` of a `.weights.h5` file to the optimizer of a compiled model. As in Keras a state of another
 * kind is passed over: then the optimizer starts anew.
 */
export function matchOptimizer(model: Model, root: H5Group, where: string): Assignment[] {
  const optimizer = model.compiled?.optimizer;
  const vars: ReadonlyMap<string, H5Dataset> =
    root.groups.get("optimizer")?.groups.get("vars")?.datasets ?? new Map();
  if (optimizer === undefined || vars.size === 0) return [];
  // Before its first step an optimizer has no slots; the file then holds only the step count and the learning rate.
  if (vars.size > optimizer.weights().length) optimizer.build(model.trainableWeights());
  const state: readonly Stored[] = optimizer.weights();
  const fits =
    vars.size === state.length &&
    state.every((w, i) => {
      const saved = vars.get(String(i));
      return saved?.shape.length === w.shape.length && w.shape.every((s, k) => s === saved.shape[k]);
    });
  if (!fits) return [];
  return state.map((w, i) => match(w, vars.get(String(i))!, `${where}/optimizer/vars/${i}`));
}
