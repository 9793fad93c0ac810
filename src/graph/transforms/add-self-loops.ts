import type { Transform } from "../dataset.ts";
import { addSelfLoops } from "../utils/add-self-loops.ts";
import type { SelfLoopOptions } from "../utils/loop-values.ts";
import { named } from "./transform.ts";

export interface AddSelfLoopsOptions {
  /** The field with the values of edges that loops get, too. Default `edgeWeight`. */
  attr?: string | undefined;
  /** Values of an added loop: a number, one row, or how they are made of the edges that end at its node. Default 1. */
  fillValue?: SelfLoopOptions["fillValue"];
}

/** Adds a self-loop to every node. */
export function AddSelfLoops({ attr = "edgeWeight", fillValue }: AddSelfLoopsOptions = {}): Transform {
  return named("AddSelfLoops()", (data) => {
    if (data.get("edgeIndex") === undefined) return data;
    const values = data.fields.has(attr) ? data.array(attr) : undefined;
    const { edgeIndex, edgeAttr } = addSelfLoops(data.edgeIndex, { edgeAttr: values, fillValue });
    return data.with({ edgeIndex, ...(edgeAttr && { [attr]: edgeAttr }) });
  });
}
