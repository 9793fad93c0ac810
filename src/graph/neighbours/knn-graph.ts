import type { FieldInput } from "../data.ts";
import type { EdgeIndex } from "../edge-index.ts";
import { checkCount, type Flow, type Points, readPoints, searchEvents } from "./events.ts";

export interface KnnOptions {
  /** The event of each point, ascending: neighbours are searched within it. One event unless given. */
  batch?: FieldInput | undefined;
  /** Whether a point may be its own neighbour. Default false. */
  loop?: boolean | undefined;
  /** `sourceToTarget`: edges lead from the neighbours to the point. Default that. */
  flow?: Flow | undefined;
  /** Compare directions (1 - cosine) instead of distances; points at the origin are alike. Default false. */
  cosine?: boolean | undefined;
}

/**
 * The graph of the `k` nearest neighbours of points [points, axes]: `k` edges end at each point, fewer in smaller events. Exact; of
 * neighbours at the same distance the lower number is nearer. In the order of the points, nearest neighbours first.
 *
 * @throws UsageError for a `k` that is none, ShapeError or DataError for points that are none.
 * @example const edgeIndex = knnGraph(data.pos, 8, { batch: batch.batch });
 */
export function knnGraph(x: FieldInput, k: number, options: KnnOptions = {}): EdgeIndex {
  const { batch, loop = false, flow = "sourceToTarget", cosine = false } = options;
  checkCount("knnGraph", "k", k);
  const points = readPoints("knnGraph", x, batch);
  return searchEvents(cosine ? directions(points) : points, k, { loop, flow });
}

/** Points on the unit sphere, where the nearer is the one with the larger cosine; those at the origin on an axis of their own. */
function directions({ data, axes, ...rest }: Points): Points {
  const out = new Float64Array(rest.count * (axes + 1));
  for (let p = 0; p < rest.count; p++) {
    let square = 0;
    for (let a = 0; a < axes; a++) square += data[p * axes + a]! ** 2;
    for (let a = 0; a < axes && square > 0; a++)
      out[p * (axes + 1) + a] = data[p * axes + a]! / Math.sqrt(square);
    if (square === 0) out[p * (axes + 1) + axes] = 1;
  }
  return { ...rest, data: out, axes: axes + 1 };
}
