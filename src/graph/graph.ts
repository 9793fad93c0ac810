/** Graph: what a graph model is called with — the fields of a graph as tensors, its edges, and its place in a batch. */
import { type Tensor, tensor } from "../core/index.ts";
import { DataError } from "../ir/errors.ts";
import type { Size } from "../ir/size.ts";
import { type Data, type GraphArray, isGraphArray } from "./data.ts";
import type { EdgeIndex } from "./edge-index.ts";
import { type EdgeSource, Edges } from "./edges.ts";
import { constantArrays, type GroupArrays, Groups } from "./groups.ts";

/** Where the tensors of a graph come from: constants, or inputs of a compiled function. */
export interface GraphSource {
  readonly numNodes: Size;
  readonly numGraphs: Size;
  readonly edges: EdgeSource;
  /** Names of the fields with values. */
  readonly fields: readonly string[];
  field(name: string): Tensor;
  /** The nodes of each graph. */
  readonly nodes: GroupArrays;
}

export class Graph {
  readonly numNodes: Size;
  readonly numGraphs: Size;
  /** The edges, for operators. */
  readonly edgeIndex: Edges;
  /** The nodes of each graph, for readouts. */
  readonly batch: Groups;
  readonly #source: GraphSource;
  readonly #fields = new Map<string, Tensor>();

  constructor(source: GraphSource) {
    this.#source = source;
    this.numNodes = source.numNodes;
    this.numGraphs = source.numGraphs;
    this.edgeIndex = new Edges(source.edges);
    this.batch = new Groups(source.numGraphs, source.numNodes, "node", source.nodes);
  }

  /** A graph or batch as constants, for calls outside of training: `model.call(Graph.of(data), graphContext())`. */
  static of(data: Data): Graph {
    const own = data.edgeIndex.edges;
    const [ptr] = nodeArrays(data);
    return new Graph({
      numNodes: data.numNodes,
      numGraphs: ptr.length - 1,
      edges: own.structure,
      fields: valueFields(data),
      field(name) {
        const { data: values, shape, dtype } = data.array(name);
        return tensor(values, { shape: [...shape], dtype });
      },
      nodes: constantArrays(ptr),
    });
  }

  /** A field, or undefined where the graph has none of that name. */
  get(name: string): Tensor | undefined {
    if (!this.#source.fields.includes(name)) return undefined;
    const known = this.#fields.get(name);
    if (known !== undefined) return known;
    const made = this.#source.field(name);
    this.#fields.set(name, made);
    return made;
  }

  /** Features of the nodes: [nodes, features]. Throws DataError where there are none. */
  get x(): Tensor {
    const x = this.get("x");
    if (x !== undefined) return x;
    throw new DataError({
      where: "graph.x",
      problem: "the graph has no features of nodes",
      expected: "x",
      got: this.#source.fields.join(", "),
      try: "add features, for example with the transform Constant or OneHotDegree",
    });
  }
  /** Features of the edges: [edges, features]. */
  get edgeAttr(): Tensor | undefined {
    return this.get("edgeAttr");
  }
  /** The weights of the edges: [edges]. */
  get edgeWeight(): Tensor | undefined {
    return this.get("edgeWeight");
  }
  /** Positions of the nodes: [nodes, dimensions]. */
  get pos(): Tensor | undefined {
    return this.get("pos");
  }
}

/** Names of the fields with values, but for those that the structure of a batch is made of. */
export function valueFields(data: Data): string[] {
  const structure = ["edgeIndex", "batch", "ptr"];
  return [...data.fields].flatMap(([name, v]) =>
    isGraphArray(v) && !structure.includes(name) ? [name] : [],
  );
}

/** What plans read of a graph, or of a batch, which has `ptr` and `batch`. */
export interface GraphRows {
  readonly numNodes: number;
  readonly numEdges: number;
  readonly edgeIndex: Pick<EdgeIndex, "compressed" | "compressedWithLoops">;
  readonly ptr?: GraphArray;
  readonly batch?: GraphArray;
  /** The values of a field; DataError where there is none or it is no array. */
  array(name: string): GraphArray;
}

/** Where each graph's nodes begin: int32 [graphs + 1]. */
export function nodePointers(data: GraphRows): Int32Array {
  return (data.ptr?.data as Int32Array | undefined) ?? Int32Array.of(0, data.numNodes);
}

/** Where each graph's nodes begin, and the graph of each node. */
export function nodeArrays(data: GraphRows): [ptr: Int32Array, ids: Int32Array] {
  const ids = data.batch?.data as Int32Array | undefined;
  return [nodePointers(data), ids ?? new Int32Array(data.numNodes)];
}
