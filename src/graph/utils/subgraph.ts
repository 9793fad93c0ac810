import { DataError } from "../../ir/errors.ts";
import { edgeRows, flags, positions, takeRows } from "../arrays.ts";
import type { GraphArray } from "../data.ts";
import { EdgeIndex, type EdgePairs } from "../edge-index.ts";
import { type EdgeList, type EdgeOptions, edgeIndexOf, edgesAt, placesWhere } from "./edge-list.ts";

/** Nodes by their numbers, or a truth value for each node. */
export type NodeSubset = ArrayLike<number> | readonly boolean[] | GraphArray;

export interface SubgraphOptions extends EdgeOptions {
  /** Count the nodes of the subset from 0, in their order. Default false. */
  relabelNodes?: boolean | undefined;
}

/** The edges, with a truth value for each edge of the list that says whether it is still there. */
export interface Subgraph extends EdgeList {
  readonly edgeMask: GraphArray;
}

/** The edges between nodes of `subset`. Throws DataError for a node that does not exist. */
export function subgraph(subset: NodeSubset, edges: EdgePairs, options: SubgraphOptions = {}): Subgraph {
  const index = edgeIndexOf(edges, options.numNodes);
  const attr = edgeRows("subgraph", options.edgeAttr, index.numEdges);
  const nodes = nodesOf(subset, index.numNodes);
  const number = new Int32Array(index.numNodes).fill(-1);
  nodes.forEach((node, i) => {
    number[node] = i;
  });
  const places = placesWhere(index, (a, b) => number[a]! >= 0 && number[b]! >= 0);
  const mask = new Uint8Array(index.numEdges);
  for (const e of places) mask[e] = 1;
  const kept = edgesAt(index, places);
  return {
    edgeIndex: options.relabelNodes ? renumbered(kept, number, nodes.length) : kept,
    edgeAttr: attr && takeRows(attr, places),
    edgeMask: flags(mask),
  };
}

/** The edges with other numbers for their nodes. */
export function renumbered(edges: EdgeIndex, number: Int32Array, numNodes: number): EdgeIndex {
  const by = (ends: Int32Array) => ends.map((node) => number[node]!);
  return new EdgeIndex([by(edges.source), by(edges.target)], numNodes);
}

/** The numbers of the nodes of a subset. */
export function nodesOf(subset: NodeSubset, numNodes: number): Int32Array {
  const shaped = "data" in subset;
  const values = shaped ? subset.data : subset;
  const mask = shaped ? subset.dtype === "bool" : typeof values[0] === "boolean";
  const nodes = mask ? positions(values as ArrayLike<number>) : Int32Array.from(values as ArrayLike<number>);
  const bad =
    mask && values.length > numNodes ? values.length - 1 : nodes.find((n) => n < 0 || n >= numNodes);
  if (bad === undefined) return nodes;
  throw new DataError({
    where: "subset",
    problem: "there is no such node",
    expected: `nodes 0 … ${numNodes - 1}`,
    got: String(bad),
    try: "give numNodes where the last nodes have no edges",
  });
}
