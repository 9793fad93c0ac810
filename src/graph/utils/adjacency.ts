import { ShapeError } from "../../ir/errors.ts";
import { edgeRows, reduceRows, takeRows } from "../arrays.ts";
import { type FieldInput, type GraphArray, graphArray } from "../data.ts";
import { EdgeIndex, type EdgePairs } from "../edge-index.ts";
import { type EdgeOptions, edgeIndexOf } from "./edge-list.ts";

export interface DenseOptions extends EdgeOptions {
  /** The graph of each node, ascending; one graph unless given. */
  batch?: ArrayLike<number> | undefined;
  /** Nodes of a graph in the result: those beyond are left out. The most that a graph has unless given. */
  maxNumNodes?: number | undefined;
  /** Graphs; found from `batch` unless given. */
  batchSize?: number | undefined;
}

/**
 * The adjacency matrices A[graph][source][target] with the number of edges, or the sum of their values:
 * float32 [graphs, most, most] or [graphs, most, most, …].
 */
export function toDenseAdj(edges: EdgePairs, options: DenseOptions = {}): GraphArray {
  const index = edgeIndexOf(edges, options.numNodes ?? options.batch?.length);
  const batch = options.batch ?? new Int32Array(index.numNodes);
  const attr = edgeRows("toDenseAdj", options.edgeAttr, index.numEdges);
  let graphs = 1;
  for (let i = 0; i < batch.length; i++) graphs = Math.max(graphs, batch[i]! + 1);
  graphs = options.batchSize ?? graphs;
  const count = new Int32Array(graphs);
  const place = Int32Array.from({ length: index.numNodes }, (_, node) => count[batch[node]!]!++);
  const size = options.maxNumNodes ?? Math.max(0, ...count);
  const inside = (node: number) => place[node]! < size;
  const cell: number[] = [];
  const kept: number[] = [];
  for (let e = 0; e < index.numEdges; e++) {
    const [a, b] = [index.source[e]!, index.target[e]!];
    if (!inside(a) || !inside(b)) continue;
    kept.push(e);
    cell.push((batch[a]! * size + place[a]!) * size + place[b]!);
  }
  const values = attr ?? graphArray("edgeAttr", new Float32Array(index.numEdges).fill(1));
  const { data, dtype } = reduceRows(takeRows(values, kept), cell, graphs * size * size, "sum");
  return { data, dtype, shape: [graphs, size, size, ...values.shape.slice(1)] };
}

/**
 * The edges of an adjacency matrix [nodes, nodes], or of several side by side [graphs, nodes, nodes], row by row: one for
 * every element that is not 0, which is its value.
 *
 * @throws ShapeError for anything else.
 */
export function denseToSparse(adjacency: FieldInput): {
  readonly edgeIndex: EdgeIndex;
  readonly edgeAttr: GraphArray;
} {
  const { data, shape, dtype } = graphArray("edgeAttr", adjacency);
  const [graphs, size] = shape.length === 2 ? [1, shape[0]!] : [shape[0]!, shape[1]!];
  if ((shape.length !== 2 && shape.length !== 3) || shape.at(-1) !== size) {
    throw new ShapeError({
      where: "denseToSparse",
      problem: "this is no adjacency matrix",
      expected: "[nodes, nodes] or [graphs, nodes, nodes]",
      got: `[${shape.join(", ")}]`,
      try: "pass a square matrix",
    });
  }
  const source: number[] = [];
  const target: number[] = [];
  const places: number[] = [];
  for (let at = 0; at < data.length; at++) {
    if (data[at] === 0) continue;
    const row = Math.floor(at / size);
    source.push(row);
    target.push((at % size) + size * Math.floor(row / size));
    places.push(at);
  }
  const values = data.slice(0, places.length);
  places.forEach((at, i) => {
    values[i] = data[at]!;
  });
  return {
    edgeIndex: new EdgeIndex([source, target], graphs * size),
    edgeAttr: { data: values, shape: [places.length], dtype },
  };
}
