/** EdgeIndex: the edges of a graph as pairs, with their compressed structures made once. */
import { arrayOf } from "../ir/dtype.ts";
import { DataError, ShapeError } from "../ir/errors.ts";
import { type Compressed, compressEdges, compressWithLoops, type NodeCounts } from "./compressed.ts";
import { constantEdges, type Edges } from "./edges.ts";
import { joinCompressed, partsOf, shift } from "./joined.ts";
import type { Arrays } from "./reused-arrays.ts";

/** Edges as [sources, targets], flat as int32 [2, edges], or an EdgeIndex. */
export type EdgePairs =
  | EdgeIndex
  | readonly [ArrayLike<number>, ArrayLike<number>]
  | { readonly data: ArrayLike<number>; readonly shape: readonly number[] };

/** Graphs whose edges stand side by side. */
class Joined {
  readonly graphs: readonly EdgeIndex[];
  readonly arrays: Arrays;

  constructor(graphs: readonly EdgeIndex[], arrays: Arrays) {
    this.graphs = graphs;
    this.arrays = arrays;
  }
}

/** Pairs (source, target) of node numbers; node counts are part of it. Immutable. */
export class EdgeIndex {
  readonly numNodes: number;
  readonly numEdges: number;
  /** What it was joined from; the pairs are put together when they are asked for, which training does not. */
  readonly #parts: Joined | undefined;
  #pairs: readonly [source: Int32Array, target: Int32Array] | undefined;
  #plain: Compressed | undefined;
  #looped: Compressed | undefined;
  #edges: Edges | undefined;

  /**
   * @param numNodes one more than the largest number unless given.
   * @throws ShapeError unless there are two rows of equal length; DataError for a node that does not exist.
   * @example new EdgeIndex([[0, 1, 1, 2], [1, 0, 2, 1]])
   */
  constructor(pairs: EdgePairs | Joined, numNodes?: number) {
    if (pairs instanceof Joined) {
      this.#parts = pairs;
      this.numNodes = pairs.graphs.reduce((n, g) => n + g.numNodes, 0);
      this.numEdges = pairs.graphs.reduce((n, g) => n + g.numEdges, 0);
      return;
    }
    const [source, target] = rowsOf(pairs);
    const known = pairs instanceof EdgeIndex ? pairs.numNodes : undefined;
    this.#pairs = [source, target];
    this.numEdges = source.length;
    this.numNodes = numNodes ?? known ?? largest(source, target) + 1;
    this.#check();
  }

  /** The edges of several graphs side by side: node numbers are shifted by the nodes before. */
  static join(graphs: readonly EdgeIndex[], arrays: Arrays = arrayOf): EdgeIndex {
    return new EdgeIndex(new Joined(graphs, arrays));
  }

  /** The node at which each edge begins: int32 [edges]. */
  get source(): Int32Array {
    this.#pairs ??= this.#join();
    return this.#pairs[0];
  }

  /** The node at which each edge ends: int32 [edges]. */
  get target(): Int32Array {
    this.#pairs ??= this.#join();
    return this.#pairs[1];
  }

  #join(): readonly [source: Int32Array, target: Int32Array] {
    const [source, target] = [new Int32Array(this.numEdges), new Int32Array(this.numEdges)];
    let [node, edge] = [0, 0];
    for (const g of this.#parts!.graphs) {
      shift(source, edge, g.source, 0, g.numEdges, node);
      shift(target, edge, g.target, 0, g.numEdges, node);
      node += g.numNodes;
      edge += g.numEdges;
    }
    return [source, target];
  }

  get #counts(): NodeCounts {
    return { sources: this.numNodes, targets: this.numNodes };
  }

  /** PyTorch's shape of the pairs. */
  get shape(): readonly [2, number] {
    return [2, this.numEdges];
  }

  /** The compressed structure of the edges as they are. */
  get compressed(): Compressed {
    this.#plain ??= this.#parts
      ? joinCompressed(partsOf(this.#parts.graphs, false), false, this.#parts.arrays)
      : compressEdges(this.source, this.target, this.#counts);
    return this.#plain;
  }

  /** The compressed structure with exactly one self-loop at every node. */
  get compressedWithLoops(): Compressed {
    this.#looped ??= this.#parts
      ? joinCompressed(partsOf(this.#parts.graphs, true), true, this.#parts.arrays)
      : compressWithLoops(this.source, this.target, this.#counts);
    return this.#looped;
  }

  /** The structure as constant tensors, for operators outside of compiled functions and for one fixed graph. */
  get edges(): Edges {
    this.#edges ??= constantEdges(this);
    return this.#edges;
  }

  /** Edges that end at each node (`in`) or begin there (`out`): int32 [nodes]. */
  degree(direction: "in" | "out" = "in"): Int32Array {
    const degree = new Int32Array(this.numNodes);
    for (const node of direction === "in" ? this.target : this.source) degree[node]!++;
    return degree;
  }

  /** True when every edge is there in both directions, equally often. */
  get isUndirected(): boolean {
    const key = (a: Int32Array, b: Int32Array) =>
      Float64Array.from(a, (node, e) => node * this.numNodes + b[e]!).sort();
    const forth = key(this.source, this.target);
    const back = key(this.target, this.source);
    return forth.every((k, i) => k === back[i]);
  }

  /** True when an edge joins a node with itself. */
  get hasSelfLoops(): boolean {
    return this.source.some((node, e) => node === this.target[e]);
  }

  /** True when a node has no edge to or from another one. */
  get hasIsolatedNodes(): boolean {
    const joined = new Uint8Array(this.numNodes);
    this.source.forEach((node, e) => {
      if (node !== this.target[e]) joined[node] = joined[this.target[e]!] = 1;
    });
    return joined.includes(0);
  }

  /** The adjacency matrix A[source][target] with the number of edges, row-major, nodes × nodes. */
  toDense(): Float32Array {
    const dense = new Float32Array(this.numNodes ** 2);
    this.source.forEach((node, e) => {
      dense[node * this.numNodes + this.target[e]!]!++;
    });
    return dense;
  }

  /** The edges of an adjacency matrix, row by row: one for every element that is not 0. */
  static fromDense(matrix: readonly ArrayLike<number>[]): EdgeIndex {
    const source: number[] = [];
    const target: number[] = [];
    matrix.forEach((row, i) => {
      for (let j = 0; j < row.length; j++) {
        if (row[j] === 0) continue;
        source.push(i);
        target.push(j);
      }
    });
    return new EdgeIndex([source, target], matrix.length);
  }

  #check(): void {
    const { source, target, numNodes } = this;
    if (!Number.isSafeInteger(numNodes) || numNodes < 0 || numNodes > 2 ** 31 - 1) {
      throw new DataError({
        where: "EdgeIndex",
        problem: "the number of nodes is none",
        expected: "a whole number of 0 … 2^31 - 1",
        got: String(numNodes),
        try: "leave it out to take the largest number of the edges",
      });
    }
    for (const [side, ends] of [source, target].entries()) {
      const bad = ends.findIndex((node) => node < 0 || node >= numNodes);
      if (bad < 0) continue;
      throw new DataError({
        where: "edgeIndex",
        problem: "an edge has no such node",
        expected: numNodes === 0 ? "no edges, there are no nodes" : `nodes 0 … ${numNodes - 1}`,
        got: `${ends[bad]} as the ${side === 0 ? "source" : "target"} of edge ${bad}`,
        try: "node numbers count from 0; check the number of nodes (the rows of x)",
        details: { edge: bad, node: ends[bad] },
      });
    }
  }
}

function largest(source: Int32Array, target: Int32Array): number {
  let most = -1;
  for (const node of source) if (node > most) most = node;
  for (const node of target) if (node > most) most = node;
  return most;
}

function rowsOf(pairs: EdgePairs): [Int32Array, Int32Array] {
  if (pairs instanceof EdgeIndex) return [pairs.source, pairs.target];
  if ("data" in pairs) {
    const [two, count] = pairs.shape;
    if (pairs.shape.length !== 2 || two !== 2 || pairs.data.length !== 2 * count!) {
      throw unfit(`[${pairs.shape.join(", ")}] with ${pairs.data.length} numbers`);
    }
    const all = whole(pairs.data);
    return [all.slice(0, count), all.slice(count)];
  }
  if (pairs.length !== 2 || pairs[0].length !== pairs[1].length) {
    throw unfit(`${pairs.length} rows of ${pairs.map((r: ArrayLike<number>) => r.length).join(" and ")}`);
  }
  return [whole(pairs[0]), whole(pairs[1])];
}

function whole(values: ArrayLike<number>): Int32Array {
  const out = Int32Array.from(values);
  const bad = out.findIndex((v, i) => v !== values[i]);
  if (bad < 0) return out;
  throw new DataError({
    where: "edgeIndex",
    problem: "a node number is no whole number",
    expected: "int32",
    got: String(values[bad]),
    try: "check the edges",
  });
}

function unfit(got: string): ShapeError {
  return new ShapeError({
    where: "edgeIndex",
    problem: "edges are two rows of node numbers",
    expected: "[sources, targets], both as long as there are edges",
    got,
    try: "[[0, 1], [1, 0]] is the edge 0 → 1 and the edge 1 → 0",
  });
}
