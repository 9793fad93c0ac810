/**
 * Graphs packed for training: the arrays of all one after the other, so that a batch is taken out of few arrays that are read in
 * order, and not out of thousands that lie anywhere in memory.
 */
import { arrayOf, byteSize, type TypedArray } from "../ir/dtype.ts";
import { Batch } from "./batch.ts";
import type { Compressed } from "./compressed.ts";
import { type Data, type GraphArray, isGraphArray } from "./data.ts";
import type { EdgeIndex } from "./edge-index.ts";
import type { GraphRows } from "./graph.ts";
import { beginsOf, joinParts, PackedParts, partsOf } from "./joined.ts";
import { countsNodes, graphOfNodes, joinField } from "./joined-fields.ts";
import { ReusedArrays } from "./reused-arrays.ts";

/** Graphs with more bytes in all are not packed: their arrays would be there twice. */
const MOST_BYTES = 2 ** 28;

/** A field of all graphs, one after the other. */
export interface PackedField {
  readonly array: GraphArray;
  /** Where the rows of each graph begin. */
  readonly begins: Int32Array;
  /** Values in a row. */
  readonly width: number;
}

/** Structures of all graphs of a list, by whether they have self-loops added. */
interface Structures {
  readonly of: readonly EdgeIndex[];
  readonly parts: Map<"edges" | "loops", PackedParts>;
}

/** Edges stay what they are: one run over the same graphs after the other finds them packed. */
const knownStructures = new WeakMap<readonly Data[], Structures>();

function structuresOf(graphs: readonly Data[]): Structures {
  const of = graphs.map((g) => g.edgeIndex);
  const known = knownStructures.get(graphs);
  if (known?.of.length === of.length && known.of.every((edges, i) => edges === of[i])) return known;
  const made: Structures = { of, parts: new Map() };
  knownStructures.set(graphs, made);
  return made;
}

export class PackedGraphs {
  readonly #graphs: readonly Data[];
  readonly #arrays = new ReusedArrays();
  /** Where the nodes and the edges of each graph begin. */
  readonly nodes: Int32Array;
  readonly edges: Int32Array;
  readonly #fields = new Map<string, PackedField | undefined>();
  readonly #structures: Structures;

  private constructor(graphs: readonly Data[]) {
    this.#graphs = graphs;
    this.#structures = structuresOf(graphs);
    this.nodes = beginsOf(graphs.length, (i) => graphs[i]!.numNodes);
    this.edges = beginsOf(graphs.length, (i) => graphs[i]!.numEdges);
  }

  /** The graphs packed, field by field as they are asked for; undefined where they take too much memory for that. */
  static of(graphs: readonly Data[]): PackedGraphs | undefined {
    let bytes = 0;
    for (const { fields, numEdges, numNodes } of graphs) {
      // About what a structure takes.
      bytes += 4 * (4 * numEdges + 2 * numNodes);
      for (const value of fields.values()) {
        if (isGraphArray(value)) bytes += byteSize[value.dtype] * value.data.length;
      }
    }
    return bytes <= MOST_BYTES ? new PackedGraphs(graphs) : undefined;
  }

  /** The graphs at these places side by side, as `Batch` joins them; there until others are picked. */
  pick(places: Int32Array): PackedBatch {
    return new PackedBatch(this, places, this.#arrays.renew());
  }

  /** The graphs at these places, not joined. */
  at(places: Int32Array): Data[] {
    return Array.from(places, (i) => this.#graphs[i]!);
  }

  /** The structures of all graphs. */
  structure(kind: "edges" | "loops"): PackedParts {
    const { of, parts } = this.#structures;
    const known = parts.get(kind);
    if (known !== undefined) return known;
    const made = new PackedParts(partsOf(of, kind === "loops"));
    parts.set(kind, made);
    return made;
  }

  /**
   * A field of all graphs; undefined where it is none with rows that stand one after the other in a batch.
   *
   * @throws as `Batch`, where the graphs do not fit each other.
   */
  field(name: string): PackedField | undefined {
    if (this.#fields.has(name)) return this.#fields.get(name);
    const made = this.#pack(name);
    this.#fields.set(name, made);
    return made;
  }

  #pack(name: string): PackedField | undefined {
    if (countsNodes(name)) return undefined;
    const array = joinField(name, this.#graphs, this.nodes, arrayOf);
    if (!isGraphArray(array)) return undefined;
    const begins = beginsOf(this.#graphs.length, (i) => rowsOf(this.#graphs[i]!.fields.get(name)));
    return { array, begins, width: array.shape.slice(1).reduce((a, b) => a * b, 1) };
  }
}

/** The length of the run with number `i`, from where runs begin. */
export function lengthOf(begins: Int32Array, i: number): number {
  return begins[i + 1]! - begins[i]!;
}

/** Rows of what a graph adds to a field of a batch: a number is one. */
function rowsOf(value: unknown): number {
  return isGraphArray(value) ? (value.shape[0] ?? 1) : 1;
}

/** Some of the packed graphs side by side. */
export class PackedBatch implements GraphRows {
  readonly #all: PackedGraphs;
  readonly #places: Int32Array;
  readonly #arrays: ReusedArrays;
  readonly #known = new Map<string, GraphArray>();
  readonly #structures = new Map<"edges" | "loops", Compressed>();
  readonly #nodes: Int32Array;
  #batch: GraphArray | undefined;

  constructor(all: PackedGraphs, places: Int32Array, arrays: ReusedArrays) {
    this.#all = all;
    this.#places = places;
    this.#arrays = arrays;
    this.#nodes = beginsOf(places.length, (i) => lengthOf(all.nodes, places[i]!));
  }

  get numNodes(): number {
    return this.#nodes.at(-1)!;
  }
  get numEdges(): number {
    return this.#places.reduce((sum, i) => sum + lengthOf(this.#all.edges, i), 0);
  }
  get ptr(): GraphArray {
    return { data: this.#nodes, shape: [this.#nodes.length], dtype: "int32" };
  }
  get batch(): GraphArray {
    this.#batch ??= graphOfNodes(this.#nodes, this.#arrays);
    return this.#batch;
  }

  get edgeIndex(): GraphRows["edgeIndex"] {
    const structure = (kind: "edges" | "loops") => this.#structure(kind);
    return {
      get compressed() {
        return structure("edges");
      },
      get compressedWithLoops() {
        return structure("loops");
      },
    };
  }

  #structure(kind: "edges" | "loops"): Compressed {
    const known = this.#structures.get(kind);
    if (known !== undefined) return known;
    const parts = this.#all.structure(kind).select(this.#places);
    const made = joinParts(parts, kind === "loops", this.#arrays);
    this.#structures.set(kind, made);
    return made;
  }

  array(name: string): GraphArray {
    if (name === "ptr" || name === "batch") return this[name];
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const field = this.#all.field(name);
    const made = field === undefined ? new Batch(this.#all.at(this.#places)).array(name) : this.#take(field);
    this.#known.set(name, made);
    return made;
  }

  #take({ array, begins, width }: PackedField): GraphArray {
    const places = this.#places;
    const rows = places.reduce((sum, i) => sum + lengthOf(begins, i), 0);
    const data = this.#arrays[array.dtype](rows * width);
    let at = 0;
    for (const i of places) {
      const [from, to] = [begins[i]! * width, begins[i + 1]! * width];
      copy(data, at, array.data as TypedArray, from, to);
      at += to - from;
    }
    return { data, shape: [rows, ...array.shape.slice(1)], dtype: array.dtype };
  }
}

/** So many values are copied one by one in less time than a call takes that copies them together. */
const FEW = 256;

function copy(out: TypedArray, at: number, values: TypedArray, from: number, to: number): void {
  if (to - from > FEW) out.set(values.subarray(from, to), at);
  else for (let i = from; i < to; i++) out[at + i - from] = values[i]!;
}
