/**
 * Edges in the order of their targets, as compressed rows, and in the order of their sources, as compressed columns. Operators
 * work on *places*: positions in the order of targets. Made once per graph; a batch joins those of its graphs.
 */

/** The arrays that describe a structure. */
export interface Compressed {
  /** Row r (target r) holds the places ptr[r] … ptr[r + 1] - 1: int32 [nodes + 1]. */
  readonly ptr: Int32Array;
  /** The source at each place: int32 [edges]. */
  readonly source: Int32Array;
  /** The target at each place: int32 [edges]. */
  readonly target: Int32Array;
  /** The edge of the list at each place; the number of edges for one that was added: int32 [edges]. */
  readonly edge: Int32Array;
  /**
   * The place of each edge of the list: int32 [edges of the list]. Several self-loops of a node have one place, and each of
   * them the gradient of it, as in PyTorch Geometric.
   */
  readonly listed: Int32Array;
  /** The position of each place in PyTorch Geometric's order: the list, then the loops that were added. */
  readonly order: Int32Array;
  /** The inverse of `order`: the place of each edge. */
  readonly place: Int32Array;
  /** Column c (source c) holds column[columnPtr[c]] … : int32 [nodes + 1]. */
  readonly columnPtr: Int32Array;
  /** Places in the order of their sources. */
  readonly column: Int32Array;
}

/** The names of the arrays. */
export const compressedNames = [
  "ptr",
  "source",
  "target",
  "edge",
  "listed",
  "order",
  "place",
  "columnPtr",
  "column",
] as const;
export type CompressedName = (typeof compressedNames)[number];

/** Where each of `count` groups begins, from the group of each element. */
function pointers(groups: Int32Array, count: number): Int32Array {
  const ptr = new Int32Array(count + 1);
  for (const g of groups) ptr[g + 1]!++;
  for (let g = 0; g < count; g++) ptr[g + 1]! += ptr[g]!;
  return ptr;
}

/** Elements in the order of their groups; within a group as they come (counting sort). */
function grouped(groups: Int32Array, ptr: Int32Array): Int32Array {
  const next = ptr.slice();
  const order = new Int32Array(groups.length);
  for (let i = 0; i < groups.length; i++) order[next[groups[i]!]!++] = i;
  return order;
}

/** Structure of `source[e] → target[e]`, of which element e stands for edge `edge[e]` of a list; `position` is its inverse. */
function compress(
  source: Int32Array,
  target: Int32Array,
  { sources, targets }: NodeCounts,
  list?: { readonly edge: Int32Array; readonly position: Int32Array },
): Compressed {
  const ptr = pointers(target, targets);
  const order = grouped(target, ptr);
  const place = new Int32Array(order.length);
  const from = new Int32Array(order.length);
  const to = new Int32Array(order.length);
  const edge = list === undefined ? order : new Int32Array(order.length);
  for (let p = 0; p < order.length; p++) {
    const e = order[p]!;
    place[e] = p;
    from[p] = source[e]!;
    to[p] = target[e]!;
    if (list !== undefined) edge[p] = list.edge[e]!;
  }
  const listed = list === undefined ? place : list.position.map((e) => place[e]!);
  const columnPtr = pointers(from, sources);
  const column = grouped(from, columnPtr);
  return { ptr, source: from, target: to, edge, listed, order, place, columnPtr, column };
}

/** How many nodes edges begin at and end at; the same nodes, unless the graph is bipartite. */
export interface NodeCounts {
  readonly sources: number;
  readonly targets: number;
}

/** The structure of a list of edges. */
export function compressEdges(source: Int32Array, target: Int32Array, nodes: NodeCounts): Compressed {
  return compress(source, target, nodes);
}

/**
 * The structure with exactly one self-loop at every node (of a bipartite graph at the numbers that are both sources and
 * targets), last in its row. Its edge is the last self-loop of the list at that
 * node, or the number of edges where there is none.
 */
export function compressWithLoops(source: Int32Array, target: Int32Array, counts: NodeCounts): Compressed {
  const nodes = Math.min(counts.sources, counts.targets);
  const count = source.length;
  let loops = 0;
  for (let e = 0; e < count; e++) if (source[e] === target[e]) loops++;
  const size = count - loops + nodes;
  const from = new Int32Array(size);
  const to = new Int32Array(size);
  const edge = new Int32Array(size).fill(count, count - loops);
  const position = new Int32Array(count);
  let at = 0;
  for (let e = 0; e < count; e++) {
    if (source[e] === target[e]) {
      position[e] = count - loops + source[e]!;
      edge[position[e]!] = e;
      continue;
    }
    position[e] = at;
    from[at] = source[e]!;
    to[at] = target[e]!;
    edge[at++] = e;
  }
  for (let node = 0; node < nodes; node++) from[at + node] = to[at + node] = node;
  return compress(from, to, counts, { edge, position });
}
