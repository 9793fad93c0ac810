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

/** A graph's place in a batch. */
export interface Part {
  readonly compressed: Compressed;
  readonly nodes: number;
  /** Of the list. */
  readonly edges: number;
}

/**
 * The structure of several graphs side by side, joined from theirs without sorting. With `loops` the parts have self-loops
 * added, which stand behind the lists of all graphs in PyTorch Geometric's order. Each array is joined when it is asked for:
 * most operators need few of them.
 */
export function joinCompressed(parts: readonly Part[], loops: boolean): Compressed {
  return new JoinedCompressed(parts, loops);
}

class JoinedCompressed implements Compressed {
  readonly #parts: readonly Part[];
  readonly #loops: boolean;
  /** Where each part begins among nodes, edges, places, and places of the lists; and where all end. */
  readonly #nodes: Int32Array;
  readonly #edges: Int32Array;
  readonly #places: Int32Array;
  readonly #plain: Int32Array;
  readonly #known = new Map<CompressedName, Int32Array>();

  constructor(parts: readonly Part[], loops: boolean) {
    this.#parts = parts;
    this.#loops = loops;
    const begins = () => new Int32Array(parts.length + 1);
    [this.#nodes, this.#edges, this.#places, this.#plain] = [begins(), begins(), begins(), begins()];
    parts.forEach(({ compressed, nodes, edges }, i) => {
      const places = compressed.source.length;
      this.#nodes[i + 1] = this.#nodes[i]! + nodes;
      this.#edges[i + 1] = this.#edges[i]! + edges;
      this.#places[i + 1] = this.#places[i]! + places;
      this.#plain[i + 1] = this.#plain[i]! + (loops ? places - nodes : places);
    });
  }

  get ptr(): Int32Array {
    return this.#shifted("ptr", this.#nodes, this.#places, 1);
  }
  get columnPtr(): Int32Array {
    return this.#shifted("columnPtr", this.#nodes, this.#places, 1);
  }
  get source(): Int32Array {
    return this.#shifted("source", this.#places, this.#nodes);
  }
  get target(): Int32Array {
    return this.#shifted("target", this.#places, this.#nodes);
  }
  get column(): Int32Array {
    return this.#shifted("column", this.#places, this.#places);
  }
  get listed(): Int32Array {
    return this.#shifted("listed", this.#edges, this.#places);
  }
  get edge(): Int32Array {
    const none = this.#edges.at(-1)!;
    return this.#mapped("edge", (value, i) => {
      return this.#loops && value === this.#parts[i]!.edges ? none : this.#edges[i]! + value;
    });
  }
  get order(): Int32Array {
    const firstLoop = this.#plain.at(-1)!;
    return this.#mapped("order", (value, i) => {
      const own = this.#plain[i + 1]! - this.#plain[i]!;
      return value < own ? this.#plain[i]! + value : firstLoop + this.#nodes[i]! + value - own;
    });
  }
  get place(): Int32Array {
    const known = this.#known.get("place");
    if (known !== undefined) return known;
    const { order } = this;
    const out = new Int32Array(order.length);
    for (let p = 0; p < order.length; p++) out[order[p]!] = p;
    this.#known.set("place", out);
    return out;
  }

  /** An array of which part i stands at at[i], its values counted from by[i] on; `more` elements behind the last part. */
  #shifted(name: CompressedName, at: Int32Array, by: Int32Array, more = 0): Int32Array {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const out = new Int32Array(at.at(-1)! + more);
    for (let i = 0; i < this.#parts.length; i++) {
      shift(out, this.#parts[i]!.compressed[name], at[i]!, by[i]!);
    }
    this.#known.set(name, out);
    return out;
  }

  /** An array of all places. */
  #mapped(name: CompressedName, value: (own: number, part: number) => number): Int32Array {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const out = new Int32Array(this.#places.at(-1)!);
    let at = 0;
    for (let i = 0; i < this.#parts.length; i++) {
      for (const own of this.#parts[i]!.compressed[name]) out[at++] = value(own, i);
    }
    this.#known.set(name, out);
    return out;
  }
}

/** Copies values to their place in `out`, each larger by a number. */
export function shift(out: Int32Array, values: Int32Array, at: number, by: number): void {
  // Copying first takes three quarters of the time that adding on the way does.
  out.set(values, at);
  const end = at + values.length;
  for (let i = at; i < end; i++) out[i]! += by;
}
