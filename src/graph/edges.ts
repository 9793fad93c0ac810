/**
 * Edges: the structure of a graph as tensors, which is what operators compute with. Values of edges are held at *places*, the
 * order of targets; gradients flow along compressed columns, so that nothing is scattered.
 */
import {
  concat,
  customGradient,
  full,
  segmentIds,
  segmentMax,
  segmentMean,
  segmentMin,
  segmentSum,
  type Tensor,
  take,
  tensor,
} from "../core/index.ts";
import { ShapeError } from "../ir/errors.ts";
import { type Size, sameSize, showShape } from "../ir/size.ts";
import type { Compressed, CompressedName } from "./compressed.ts";
import type { EdgeIndex } from "./edge-index.ts";

/** Where the tensors of a structure come from: constants, or inputs of a compiled function. */
export interface EdgeSource {
  /** Nodes. */
  readonly numNodes: Size;
  /** Edges of the list. */
  readonly numListed: Size;
  /** Places: edges of the structure. */
  readonly numEdges: Size;
  /** Whether self-loops were added. */
  readonly looped: boolean;
  array(name: CompressedName): Tensor;
  /** The structure with one self-loop at every node. */
  loops(): EdgeSource;
}

export class Edges {
  readonly numNodes: Size;
  /** Edges of the list that the values of edges come from. */
  readonly numListed: Size;
  readonly numEdges: Size;
  readonly #source: EdgeSource;
  readonly #arrays = new Map<CompressedName, Tensor>();
  #targets: Tensor | undefined;
  #loops: Edges | undefined;

  constructor(source: EdgeSource) {
    this.#source = source;
    this.numNodes = source.numNodes;
    this.numListed = source.numListed;
    this.numEdges = source.numEdges;
  }

  #array(name: CompressedName): Tensor {
    const known = this.#arrays.get(name);
    if (known !== undefined) return known;
    const made = this.#source.array(name);
    this.#arrays.set(name, made);
    return made;
  }

  /** Row pointers over the targets: int32 [nodes + 1]. */
  get ptr(): Tensor {
    return this.#array("ptr");
  }

  /** The source at each place: int32 [edges]. */
  get source(): Tensor {
    return this.#array("source");
  }

  /** The target at each place: int32 [edges]. */
  get target(): Tensor {
    this.#targets ??= segmentIds(this.ptr, this.numEdges);
    return this.#targets;
  }

  /** The structure without the self-loops of the list and with one at every node, last in its row. */
  get withSelfLoops(): Edges {
    this.#loops ??= new Edges(this.#source.loops());
    return this.#loops;
  }

  /** Values of nodes [nodes, …] at the source of each place: [edges, …]. The gradient is a sum over columns. */
  fromSource(x: Tensor): Tensor {
    this.#fits(x, this.numNodes, "node");
    return customGradient((v) => ({
      value: take(v, this.source),
      gradient: (g) => [segmentSum(take(g, this.#array("column")), this.#array("columnPtr"))],
    }))(x);
  }

  /** Values of nodes [nodes, …] at the target of each place: [edges, …]. */
  fromTarget(x: Tensor): Tensor {
    this.#fits(x, this.numNodes, "node");
    return take(x, this.target);
  }

  /** Values of the edges of the list [listed, …] at their places: [edges, …]. Loops that were added get `fill`. */
  arrange(values: Tensor, fill = 0): Tensor {
    this.#fits(values, this.numListed, "edge");
    if (!this.#source.looped) return this.fromListOrder(values);
    return take(concat([values, full([1, ...values.shape.slice(1)], fill)], 0), this.#array("edge"));
  }

  /** The number of its edge in the list for each place; `numListed` for a loop that was added. */
  get edge(): Tensor {
    return this.#array("edge");
  }

  /** Values at places in PyTorch Geometric's order: the edges of the list, then added loops. */
  restore(values: Tensor): Tensor {
    return this.#permute(values, "place", "order");
  }

  /** Values in PyTorch Geometric's order at their places: the inverse of `restore`. */
  fromListOrder(values: Tensor): Tensor {
    return this.#permute(values, "order", "place");
  }

  #permute(values: Tensor, by: CompressedName, back: CompressedName): Tensor {
    this.#fits(values, this.numEdges, "edge");
    return customGradient((v) => ({
      value: take(v, this.#array(by)),
      gradient: (g) => [take(g, this.#array(back))],
    }))(values);
  }

  /** Sums [edges, …] → [nodes, …] over the edges that end at a node; 0 where there are none. The others likewise. */
  sum(values: Tensor): Tensor {
    return segmentSum(values, this.ptr);
  }
  mean(values: Tensor): Tensor {
    return segmentMean(values, this.ptr);
  }
  max(values: Tensor): Tensor {
    return segmentMax(values, this.ptr);
  }
  min(values: Tensor): Tensor {
    return segmentMin(values, this.ptr);
  }

  /** The softmax over the edges that end at the same node, as PyTorch Geometric's: 1e-16 is added to the sum. */
  softmax(values: Tensor): Tensor {
    const highest = this.fromTarget(this.max(values)).stopGradient();
    const e = values.sub(highest).exp();
    return e.div(this.fromTarget(this.sum(e).add(1e-16)));
  }

  /** The number of edges that end at each node: float32 [nodes]. */
  get degree(): Tensor {
    return this.ptr.slice(1).sub(this.ptr.slice(0, -1)).cast("float32");
  }

  #fits(values: Tensor, size: Size, what: string): void {
    if (values.rank > 0 && sameSize(values.shape[0]!, size)) return;
    throw new ShapeError({
      where: "message passing",
      problem: `there must be one row of values for each ${what}`,
      expected: showShape([size, ...values.shape.slice(1)]),
      got: showShape(values.shape),
      try: `check that the values belong to this graph, which has ${size} ${what}s`,
    });
  }
}

/** The structure of one fixed graph as constants. */
export function constantEdges(index: EdgeIndex): Edges {
  const { numNodes, numEdges: numListed } = index;
  const loops = () => index.compressedWithLoops;
  const source = (compressed: () => Compressed, numEdges: number): EdgeSource => ({
    numNodes,
    numListed,
    numEdges,
    looped: compressed === loops,
    array: (name) => tensor(compressed()[name]),
    loops: () => source(loops, loops().source.length),
  });
  return new Edges(source(() => index.compressed, numListed));
}

/** Edges from whatever operators are given. */
export function edgesOf(edges: Edges | EdgeIndex): Edges {
  return edges instanceof Edges ? edges : edges.edges;
}
