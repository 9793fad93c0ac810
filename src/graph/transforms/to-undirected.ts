import { edgeFields, type Reduce } from "../arrays.ts";
import type { Transform } from "../dataset.ts";
import { toUndirected } from "../utils/to-undirected.ts";
import { named } from "./transform.ts";

/** Adds the other direction of every edge; `reduce` (default `add`) makes one of the values of equal edges. */
export function ToUndirected({ reduce = "add" }: { reduce?: Reduce } = {}): Transform {
  return named("ToUndirected()", (data) => {
    if (data.get("edgeIndex") === undefined) return data;
    const fields = edgeFields(data).map(([name, edgeAttr]) => {
      return [name, toUndirected(data.edgeIndex, { edgeAttr, reduce }).edgeAttr] as const;
    });
    return data.with({ edgeIndex: toUndirected(data.edgeIndex).edgeIndex, ...Object.fromEntries(fields) });
  });
}
