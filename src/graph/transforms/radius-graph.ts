import type { FieldInput } from "../data.ts";
import type { Transform } from "../dataset.ts";
import { type RadiusOptions, radiusGraph } from "../neighbours/radius-graph.ts";
import { named } from "./transform.ts";

export interface RadiusGraphOptions extends Omit<RadiusOptions, "batch"> {
  /** The largest distance of neighbours. */
  r: number;
}

/** Gives the graph the edges between nodes at most `r` apart, by `pos` and within their event. */
export function RadiusGraph({ r, ...options }: RadiusGraphOptions): Transform {
  return named(`RadiusGraph(r=${r})`, (data) => {
    const batch = data.get("batch") as FieldInput | undefined;
    return data.with({ edgeIndex: radiusGraph(data.array("pos"), r, { ...options, batch }), edgeAttr: null });
  });
}
