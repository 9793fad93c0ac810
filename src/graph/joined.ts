/** Structures of graphs side by side: joined from those of the graphs, which have their own arrays or stand packed in common ones. */
import type { Compressed, CompressedName } from "./compressed.ts";
import type { EdgeIndex } from "./edge-index.ts";
import type { Arrays } from "./reused-arrays.ts";

/** A graph that stands beside others in a batch. */
export interface Part {
  readonly compressed: Compressed;
  readonly nodes: number;
  /** Of the list. */
  readonly edges: number;
}

/** The structures of graphs, as they are joined. */
export function partsOf(graphs: readonly EdgeIndex[], loops: boolean): Part[] {
  return graphs.map((g) => ({
    compressed: loops ? g.compressedWithLoops : g.compressed,
    nodes: g.numNodes,
    edges: g.numEdges,
  }));
}

/** Parts one after the other. */
export interface Parts {
  readonly length: number;
  nodes(i: number): number;
  /** Of the list. */
  edges(i: number): number;
  places(i: number): number;
  /** Shows an array of every part: where it stands, and from which position on. */
  visit(name: CompressedName, see: (own: Int32Array, from: number, i: number) => void): void;
}

/** Parts that have their own arrays. */
class SingleParts implements Parts {
  readonly #parts: readonly Part[];

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  get length(): number {
    return this.#parts.length;
  }
  nodes(i: number): number {
    return this.#parts[i]!.nodes;
  }
  edges(i: number): number {
    return this.#parts[i]!.edges;
  }
  places(i: number): number {
    return this.#parts[i]!.compressed.source.length;
  }
  visit(name: CompressedName, see: (own: Int32Array, from: number, i: number) => void): void {
    this.#parts.forEach(({ compressed }, i) => {
      see(compressed[name], 0, i);
    });
  }
}

/** Where each of `count` runs begins that follow one another, and where the last one ends. */
export function beginsOf(count: number, lengthOf: (i: number) => number): Int32Array {
  const begins = new Int32Array(count + 1);
  for (let i = 0; i < count; i++) begins[i + 1] = begins[i]! + lengthOf(i);
  return begins;
}

/** What elements stand for: nodes and one more for each graph; edges of the list; places. */
type RunKind = "pointers" | "edges" | "places";

/** What the elements of the arrays of a structure stand for. */
export const runs: Readonly<Record<CompressedName, RunKind>> = {
  ...{ ptr: "pointers", columnPtr: "pointers", listed: "edges" },
  ...{
    source: "places",
    target: "places",
    edge: "places",
    order: "places",
    place: "places",
    column: "places",
  },
};

/** The arrays of many parts one after the other, out of which batches take theirs: memory that is read in order. */
export class PackedParts {
  readonly #parts: Parts;
  /** Where those of each part begin. */
  readonly begins: Readonly<Record<RunKind | "nodes", Int32Array>>;
  readonly #arrays = new Map<CompressedName, Int32Array>();

  constructor(parts: readonly Part[]) {
    const all = new SingleParts(parts);
    this.#parts = all;
    this.begins = {
      nodes: beginsOf(all.length, (i) => all.nodes(i)),
      pointers: beginsOf(all.length, (i) => all.nodes(i) + 1),
      edges: beginsOf(all.length, (i) => all.edges(i)),
      places: beginsOf(all.length, (i) => all.places(i)),
    };
  }

  /** Those with these numbers. */
  select(chosen: Int32Array): Parts {
    const { nodes, edges, places } = this.begins;
    const size = (begins: Int32Array, i: number) => begins[chosen[i]! + 1]! - begins[chosen[i]!]!;
    return {
      length: chosen.length,
      nodes: (i) => size(nodes, i),
      edges: (i) => size(edges, i),
      places: (i) => size(places, i),
      visit: (name, see) => {
        const [all, begins] = [this.array(name), this.begins[runs[name]]];
        for (let i = 0; i < chosen.length; i++) see(all, begins[chosen[i]!]!, i);
      },
    };
  }

  /** An array of all parts, one after the other, their values as they are. */
  array(name: CompressedName): Int32Array {
    const known = this.#arrays.get(name);
    if (known !== undefined) return known;
    const begins = this.begins[runs[name]];
    const out = new Int32Array(begins.at(-1)!);
    this.#parts.visit(name, (own, _, i) => {
      out.set(own, begins[i]!);
    });
    this.#arrays.set(name, out);
    return out;
  }
}

/** The structure of several graphs side by side: those of `joinParts`, with arrays of their own. */
export function joinCompressed(parts: readonly Part[], loops: boolean, arrays: Arrays): Compressed {
  return joinParts(new SingleParts(parts), loops, arrays);
}

/**
 * The structure of several graphs side by side, joined from theirs without sorting. With `loops` the parts have self-loops
 * added, which stand behind the lists of all graphs in PyTorch Geometric's order. Each array is joined when it is asked for:
 * most operators need few of them.
 */
export function joinParts(parts: Parts, loops: boolean, arrays: Arrays): Compressed {
  return new JoinedCompressed(parts, loops, arrays);
}

class JoinedCompressed implements Compressed {
  readonly #parts: Parts;
  readonly #loops: boolean;
  readonly #arrays: Arrays;
  /** Where each part begins among nodes, edges, places, and places of the lists; and where all end. */
  readonly #nodes: Int32Array;
  readonly #edges: Int32Array;
  readonly #places: Int32Array;
  readonly #plain: Int32Array;
  readonly #known = new Map<CompressedName, Int32Array>();

  constructor(parts: Parts, loops: boolean, arrays: Arrays) {
    this.#parts = parts;
    this.#loops = loops;
    this.#arrays = arrays;
    this.#nodes = beginsOf(parts.length, (i) => parts.nodes(i));
    this.#edges = beginsOf(parts.length, (i) => parts.edges(i));
    this.#places = beginsOf(parts.length, (i) => parts.places(i));
    this.#plain = this.#places.map((begin, i) => (loops ? begin - this.#nodes[i]! : begin));
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
      return this.#loops && value === this.#parts.edges(i) ? none : this.#edges[i]! + value;
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
    const out = this.#arrays.int32(order.length) as Int32Array;
    for (let p = 0; p < order.length; p++) out[order[p]!] = p;
    this.#known.set("place", out);
    return out;
  }

  /** An array of which part i stands at at[i], its values counted from by[i] on; `more` elements behind the last part. */
  #shifted(name: CompressedName, at: Int32Array, by: Int32Array, more = 0): Int32Array {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const out = this.#arrays.int32(at.at(-1)! + more) as Int32Array;
    this.#parts.visit(name, (own, from, i) => {
      shift(out, at[i]!, own, from, at[i + 1]! - at[i]! + more, by[i]!);
    });
    this.#known.set(name, out);
    return out;
  }

  /** An array of all places. */
  #mapped(name: CompressedName, value: (own: number, part: number) => number): Int32Array {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const out = this.#arrays.int32(this.#places.at(-1)!) as Int32Array;
    let at = 0;
    this.#parts.visit(name, (own, from, i) => {
      const end = from + this.#parts.places(i);
      for (let p = from; p < end; p++) out[at++] = value(own[p]!, i);
    });
    this.#known.set(name, out);
    return out;
  }
}

/** Copies `count` values from position `from` on to position `at` of `out`, each larger by a number. */
export function shift(
  out: Int32Array,
  at: number,
  values: Int32Array,
  from: number,
  count: number,
  by: number,
): void {
  for (let i = 0; i < count; i++) out[at + i] = values[from + i]! + by;
}
