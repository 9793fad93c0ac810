import { UsageError } from "../../ir/errors.ts";
import type { FieldInput } from "../data.ts";
import type { EdgeIndex } from "../edge-index.ts";
import { checkCount, type Flow, readPoints, searchEvents } from "./events.ts";

export interface RadiusOptions {
  /** The event of each point, ascending: neighbours are searched within it. One event unless given. */
  batch?: FieldInput | undefined;
  /** Whether a point is its own neighbour. Default false. */
  loop?: boolean | undefined;
  /** At most so many neighbours of a point, the nearest. Default 32. */
  maxNumNeighbors?: number | undefined;
  /** `sourceToTarget`: edges lead from the neighbours to the point. Default that. */
  flow?: Flow | undefined;
}

/**
 * The graph of all points [points, axes] that are at most `r` apart. Exact; in the order of the points, nearest neighbours
 * first, the lower number first of those at the same distance.
 *
 * @throws UsageError for a distance that is none, ShapeError or DataError for points that are none.
 */
export function radiusGraph(x: FieldInput, r: number, options: RadiusOptions = {}): EdgeIndex {
  const { batch, loop = false, maxNumNeighbors = 32, flow = "sourceToTarget" } = options;
  checkCount("radiusGraph", "maxNumNeighbors", maxNumNeighbors);
  if (!(r >= 0)) {
    throw new UsageError({
      where: "radiusGraph",
      problem: "the distance makes no sense",
      expected: "a number of 0 or more",
      got: String(r),
      try: "radiusGraph(pos, 1.5)",
    });
  }
  return searchEvents(readPoints("radiusGraph", x, batch), maxNumNeighbors, { loop, flow, limit: r * r });
}
