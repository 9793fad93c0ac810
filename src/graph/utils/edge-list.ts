/** Edges as utilities take and give them. */
import type { FieldInput, GraphArray } from "../data.ts";
import { EdgeIndex, type EdgePairs } from "../edge-index.ts";

/** What utilities that carry values of edges along are given. */
export interface EdgeOptions {
  /** A row of values for each edge. */
  edgeAttr?: FieldInput | undefined;
  /** One more than the largest node of the edges unless given. */
  numNodes?: number | undefined;
}

/** Edges, with their values where some were given. */
export interface EdgeList {
  readonly edgeIndex: EdgeIndex;
  readonly edgeAttr: GraphArray | undefined;
}

/** The edges as an EdgeIndex with that many nodes. */
export function edgeIndexOf(edges: EdgePairs, numNodes?: number): EdgeIndex {
  const same = edges instanceof EdgeIndex && (numNodes === undefined || edges.numNodes === numNodes);
  return same ? edges : new EdgeIndex(edges, numNodes);
}

/** The edges at these places, in their order. */
export function edgesAt({ source, target, numNodes }: EdgeIndex, places: Int32Array): EdgeIndex {
  return new EdgeIndex([places.map((e) => source[e]!), places.map((e) => target[e]!)], numNodes);
}

/** Positions of the edges that `keep` holds for. */
export function placesWhere(
  edges: EdgeIndex,
  keep: (source: number, target: number, edge: number) => boolean,
): Int32Array {
  const places: number[] = [];
  for (let e = 0; e < edges.numEdges; e++) if (keep(edges.source[e]!, edges.target[e]!, e)) places.push(e);
  return Int32Array.from(places);
}

/** The edges of `a`, then those from `source` to `target`. */
export function appendEdges(a: EdgeIndex, source: ArrayLike<number>, target: ArrayLike<number>): EdgeIndex {
  const join = (head: Int32Array, tail: ArrayLike<number>) => {
    const all = new Int32Array(head.length + tail.length);
    all.set(head);
    all.set(tail, head.length);
    return all;
  };
  return new EdgeIndex([join(a.source, source), join(a.target, target)], a.numNodes);
}
