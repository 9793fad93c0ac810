/**
 * Edges: the structure of a graph as tensors, which is what operators compute with. Values of edges are held at *places*, the
 * order of targets; gradients flow along compressed columns, so that nothing is scattered.
 */
import {
  arange,
  argsort,
  customGradient,
  segmentSum,
  sizeOf,
  stack,
  type Tensor,
  take,
  takeOrZero,
  tensor,
} from "../core/index.ts";
import { DataError, ShapeError } from "../ir/errors.ts";
import { type Size, sameSize, showShape } from "../ir/size.ts";
import { type Compressed, type CompressedName, compressEdges, compressWithLoops } from "./compressed.ts";
import { EdgeIndex, type EdgePairs } from "./edge-index.ts";
import { column, Groups, largestOf } from "./groups.ts";

/** Where the tensors of a structure come from: constants, or inputs of a compiled function. */
export interface EdgeSource {
  /** Nodes, of a bipartite graph those that edges end at. */
  readonly numNodes: Size;
  /** Of a bipartite graph, the nodes that edges begin at. */
  readonly numSources?: Size | undefined;
  /** Edges of the list. */
  readonly numListed: Size;
  /** Places: edges of the structure. */
  readonly numEdges: Size;
  /** Whether self-loops were added. */
  readonly looped: boolean;
  array(name: CompressedName): Tensor;
  /** The most edges that end at a node, where the host knows. */
  largest?(): number;
  /** The structure with one self-loop at every node. */
  loops(): EdgeSource;
}

export class Edges {
  /** Nodes that edges end at: all, unless the graph is bipartite. */
  readonly numNodes: Size;
  /** Nodes that edges begin at. */
  readonly numSources: Size;
  /** Edges of the list that the values of edges come from. */
  readonly numListed: Size;
  readonly numEdges: Size;
  /** The edges by target: reductions over those that end at a node. */
  readonly rows: Groups;
  /** Where the arrays come from. */
  readonly structure: EdgeSource;
  readonly #arrays = new Map<CompressedName, Tensor>();
  #loops: Edges | undefined;
  #reversed: Edges | undefined;

  constructor(source: EdgeSource) {
    this.structure = source;
    this.numNodes = source.numNodes;
    this.numSources = source.numSources ?? source.numNodes;
    this.numListed = source.numListed;
    this.numEdges = source.numEdges;
    this.rows = new Groups(source.numNodes, source.numEdges, "edge", {
      ptr: () => this.#array("ptr"),
      ids: () => this.target,
      span: source.largest && (() => arange(source.largest!())),
    });
  }

  #array(name: CompressedName): Tensor {
    const known = this.#arrays.get(name);
    if (known !== undefined) return known;
    const made = this.structure.array(name);
    this.#arrays.set(name, made);
    return made;
  }

  /** The source at each place: int32 [edges]. */
  get source(): Tensor {
    return this.#array("source");
  }

  /** The target at each place: int32 [edges]. */
  get target(): Tensor {
    return this.#array("target");
  }

  /** Whether the edge at each place is a self-loop: bool [edges]. */
  get isLoop(): Tensor {
    return this.source.equal(this.target);
  }

  /** The structure without the self-loops of the list and with one at every node, last in its row. */
  get withSelfLoops(): Edges {
    this.#loops ??= new Edges(this.structure.loops());
    return this.#loops;
  }

  /** Every edge turned round: targets become sources. */
  get reversed(): Edges {
    this.#reversed ??= new Edges(reverse(this.structure));
    return this.#reversed;
  }

  /** Values of nodes [nodes, …] at the source of each place: [edges, …]. The gradient is a sum over columns. */
  fromSource(x: Tensor): Tensor {
    this.#fits(x, this.numSources, "node");
    return customGradient((v) => ({
      value: take(v, this.source),
      gradient: (g) => [this.toSource(g)],
    }))(x);
  }

  /** Sums of values at places over the edges that begin at each node: [edges, …] → [nodes, …]. */
  toSource(values: Tensor): Tensor {
    return customGradient((v) => ({
      value: segmentSum(take(v, this.#array("column")), this.#array("columnPtr")),
      gradient: (g) => [this.fromSource(g)],
    }))(values);
  }

  /** Values of nodes [nodes, …] at the target of each place: [edges, …]. The gradient is a sum over rows. */
  fromTarget(x: Tensor): Tensor {
    this.#fits(x, this.numNodes, "node");
    return this.rows.spread(x);
  }

  /** Values of the edges of the list [listed, …] at their places: [edges, …]. Loops that were added get `fill`. */
  arrange(values: Tensor, fill = 0): Tensor {
    this.#fits(values, this.numListed, "edge");
    const placed = customGradient((v) => ({
      value: takeOrZero(v, this.edge),
      gradient: (g) => [takeOrZero(g, this.#array("listed"))],
    }))(values);
    if (fill === 0 || !this.structure.looped) return placed;
    const added = this.edge.equal(sizeOf(this.numListed)).cast("float32");
    return placed.add(column(added.mul(fill), values.rank));
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

  /** Sources and targets in PyTorch Geometric's order: int32 [2, edges]. */
  get pairs(): Tensor {
    return stack([this.restore(this.source), this.restore(this.target)]);
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

/** The structure of the edges turned round: columns become rows. A reversed place is a position in the columns. */
function reverse(source: EdgeSource): EdgeSource {
  const array = (name: CompressedName) => source.array(name);
  const columns = array("column");
  const rank = argsort(columns);
  const reversed: Record<CompressedName, () => Tensor> = {
    ptr: () => array("columnPtr"),
    source: () => take(array("target"), columns),
    target: () => take(array("source"), columns),
    edge: () => take(array("edge"), columns),
    listed: () => take(rank, array("listed")),
    order: () => take(array("order"), columns),
    place: () => take(rank, array("place")),
    columnPtr: () => array("ptr"),
    column: () => rank,
  };
  const { largest: _, ...same } = source;
  const swapped =
    source.numSources === undefined ? {} : { numNodes: source.numSources, numSources: source.numNodes };
  return { ...same, ...swapped, array: (name) => reversed[name](), loops: () => reverse(source.loops()) };
}

/** The structure of one fixed graph as constants. */
export function constantEdges(index: EdgeIndex): Edges {
  return constants(
    { numNodes: index.numNodes, numListed: index.numEdges },
    () => index.compressed,
    () => index.compressedWithLoops,
  );
}

function constants(
  sizes: Pick<EdgeSource, "numNodes" | "numSources" | "numListed">,
  plain: () => Compressed,
  loops: () => Compressed,
): Edges {
  const source = (compressed: () => Compressed, numEdges: Size): EdgeSource => ({
    ...sizes,
    numEdges,
    looped: compressed === loops,
    array: (name) => tensor(compressed()[name]),
    largest: () => largestOf(compressed().ptr),
    loops: () => source(loops, loops().source.length),
  });
  return new Edges(source(plain, sizes.numListed));
}

/** What operators take as edges: a structure, an EdgeIndex, or pairs [sources, targets]. */
export type EdgeInput = Edges | EdgePairs;

/**
 * The structure of edges between `numNodes` nodes.
 *
 * @throws DataError for an edge to a node that does not exist, ShapeError where the structure has other nodes.
 */
export function edgesOf(edges: EdgeInput, numNodes: Size): Edges {
  if (edges instanceof Edges) {
    if (sameSize(edges.numNodes, numNodes)) return edges;
    return otherGraph(edges.numNodes, numNodes);
  }
  if (typeof numNodes !== "number") return otherGraph("a fixed number of", numNodes);
  const index = edges instanceof EdgeIndex ? edges : new EdgeIndex(edges, numNodes);
  return (index.numNodes === numNodes ? index : new EdgeIndex(index, numNodes)).edges;
}

/**
 * The structure of edges from one set of nodes to another. Without `numTargets` there is one more than the largest number.
 *
 * @throws DataError for an edge from or to a node that does not exist, ShapeError where a structure has other nodes.
 */
export function bipartiteEdges(edges: EdgeInput, numSources: Size, numTargets: Size | null): Edges {
  if (edges instanceof Edges) {
    const fits =
      sameSize(edges.numSources, numSources) && sameSize(edges.numNodes, numTargets ?? edges.numNodes);
    return fits
      ? edges
      : otherGraph(`${edges.numSources} and ${edges.numNodes}`, `${numSources} and ${numTargets}`);
  }
  const index = edges instanceof EdgeIndex ? edges : new EdgeIndex(edges);
  const { source, target } = index;
  const targets = numTargets ?? target.reduce((most, t) => Math.max(most, t), -1) + 1;
  if (typeof numSources !== "number" || typeof targets !== "number") {
    return otherGraph("a fixed number of", `${numSources} and ${targets}`);
  }
  for (const [side, ends, count] of [
    ["source", source, numSources],
    ["target", target, targets],
  ] as const) {
    const bad = ends.findIndex((node) => node >= count);
    if (bad < 0) continue;
    throw new DataError({
      where: "edgeIndex",
      problem: "an edge has no such node",
      expected: `a ${side} below ${count}`,
      got: `${ends[bad]} as the ${side} of edge ${bad}`,
      try: "edges of a bipartite graph are [sources, targets], each counted from 0",
      details: { edge: bad, node: ends[bad] },
    });
  }
  const counts = { sources: numSources, targets };
  const once = (make: () => Compressed) => {
    let made: Compressed | undefined;
    return () => {
      made ??= make();
      return made;
    };
  };
  return constants(
    { numNodes: targets, numSources, numListed: index.numEdges },
    once(() => compressEdges(source, target, counts)),
    once(() => compressWithLoops(source, target, counts)),
  );
}

function otherGraph(expected: Size | string, got: Size | string): never {
  throw new ShapeError({
    where: "message passing",
    problem: "there must be one row of features for each node",
    expected: `${expected} rows`,
    got: String(got),
    try: "pass the edges of the graph that the features belong to",
  });
}
