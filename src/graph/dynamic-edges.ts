/**
 * Edges that are found while a program runs: nearest neighbours, subgraphs, more loops. How many there are is not known before, but
 * a bound is: edges that do not exist stand behind all rows and columns, so that no reduction sees them, and gathers read 0.
 */
import {
  arange,
  argsort,
  concat,
  ones,
  searchsorted,
  segmentMax,
  sizeOf,
  type Tensor,
  take,
  takeAlongAxis,
  takeOrZero,
  where,
} from "../core/index.ts";
import { addSize, countOf, mulSize, type Size } from "../ir/size.ts";
import type { CompressedName } from "./compressed.ts";
import { type EdgeSource, Edges } from "./edges.ts";
import type { Groups } from "./groups.ts";

/** Room for edges, in any order. */
interface Slots {
  readonly numNodes: Size;
  readonly numSlots: Size;
  readonly numListed: Size;
  readonly looped: boolean;
  /** Nodes; anything where there is no edge: int32 [slots]. */
  readonly source: Tensor;
  readonly target: Tensor;
  /** Whether there is an edge: bool [slots]. */
  readonly alive: Tensor;
  /** The edge of the list that a slot stands for: int32 [slots]. */
  readonly edge: Tensor;
  /** The slot of each edge of the list: int32 [listed]; -1 for none. */
  readonly listed: Tensor;
}

/** The structure of the edges that exist; each array is computed when it is asked for. */
function sorted(slots: Slots): EdgeSource {
  const { numNodes, numListed, numSlots, looped, alive } = slots;
  const none = sizeOf(numNodes);
  const targets = where(alive, slots.target, none);
  const order = argsort(targets);
  const rank = argsort(order);
  const bounds = arange(addSize(numNodes, 1));
  const source = take(where(alive, slots.source, none), order);
  const columns = argsort(source);
  const slot = where(slots.listed.less(0), numSlots === 0 ? 0 : sizeOf(numSlots), slots.listed);
  const exists = takeOrZero(alive, slot);
  const arrays: Record<CompressedName, () => Tensor> = {
    ptr: () => searchsorted(take(targets, order), bounds),
    source: () => source,
    target: () => take(targets, order),
    edge: () => take(slots.edge, order),
    listed: () => where(exists, takeOrZero(rank, slot), -1),
    order: () => order,
    place: () => rank,
    columnPtr: () => searchsorted(take(source, columns), bounds),
    column: () => columns,
  };
  return {
    numNodes,
    numListed,
    numEdges: numSlots,
    looped,
    array: (name) => arrays[name](),
    loops: () => sorted(withLoops(slots, take(targets, order), order)),
  };
}

/** The slots without the self-loops of the list and with one at every node; of several loops the last one of the list stands. */
function withLoops(slots: Slots, sortedTargets: Tensor, order: Tensor): Slots {
  const { numNodes, numSlots, source, target, alive, edge, listed } = slots;
  const own = alive.logicalAnd(source.equal(target));
  const ptr = searchsorted(sortedTargets, arange(addSize(numNodes, 1)));
  const last = segmentMax(take(where(own, edge.add(1), 0), order), ptr);
  const nodes = arange(numNodes);
  const isLoop = takeOrZero(own, listed);
  return {
    ...slots,
    looped: true,
    numSlots: addSize(numSlots, numNodes),
    source: concat([source, nodes]),
    target: concat([target, nodes]),
    alive: concat([alive.logicalAnd(own.logicalNot()), ones([numNodes], "bool")]),
    edge: concat([edge, where(last.greater(0), last.sub(1), sizeOf(slots.numListed))]),
    listed: where(isLoop, sizeOf(numSlots).add(takeOrZero(target, listed)), listed),
  };
}

/** The slots of a structure in the order of PyTorch Geometric. */
function slotsOf(edges: Edges): Slots {
  const { numNodes, numEdges, numListed, structure } = edges;
  const order = structure.array("order");
  const listed = structure.array("listed");
  const at = (values: Tensor) => take(values, structure.array("place"));
  const target = at(edges.target);
  return {
    numNodes,
    numListed,
    numSlots: numEdges,
    looped: structure.looped,
    source: at(edges.source),
    target,
    alive: target.less(sizeOf(numNodes)),
    edge: at(edges.edge),
    listed: where(listed.less(0), -1, takeOrZero(order, listed)),
  };
}

/**
 * The edges between nodes that are kept, with their numbers changed.
 *
 * @param rank the new number of each node, -1 for one that is dropped: int32 [nodes].
 * @param count how many are kept.
 */
export function keptEdges(edges: Edges, rank: Tensor, count: Size): Edges {
  const slots = slotsOf(edges);
  const renamed = (ends: Tensor) => where(slots.alive, takeOrZero(rank, ends), -1);
  const [source, target] = [renamed(slots.source), renamed(slots.target)];
  const alive = source.greaterEqual(0).logicalAnd(target.greaterEqual(0));
  return new Edges(sorted({ ...slots, numNodes: count, source, target, alive }));
}

/** The edges with one more self-loop at every node, beside those that are there. */
export function extraLoops(edges: Edges): Edges {
  const slots = slotsOf(edges);
  const { numNodes } = slots;
  const nodes = arange(numNodes);
  const added = nodes.mul(0).add(sizeOf(slots.numListed));
  return new Edges(
    sorted({
      ...slots,
      looped: true,
      numSlots: addSize(slots.numSlots, numNodes),
      source: concat([slots.source, nodes]),
      target: concat([slots.target, nodes]),
      alive: concat([slots.alive, ones([numNodes], "bool")]),
      edge: concat([slots.edge, added]),
    }),
  );
}

/**
 * Edges from the `k` nodes with the nearest features to each node, which is its own nearest one; fewer in smaller graphs. Distances
 * are Euclidean, between the nodes of each graph.
 *
 * @param x features [nodes, …]
 * @param batch the nodes of each graph; one graph unless given.
 */
export function nearestEdges(x: Tensor, k: number, batch?: Groups): Edges {
  const count = x.shape[0]!;
  const flat = x.reshape([count, countOf(x.shape.slice(1))]).stopGradient();
  const { neighbours, alive } = batch?.span
    ? nearestInBlocks(flat, k, batch, batch.span)
    : nearestOfAll(flat, k, batch);
  const numSlots = mulSize(count, k);
  const number = arange(numSlots);
  return new Edges(
    sorted({
      numNodes: count,
      numListed: numSlots,
      numSlots,
      looped: false,
      source: neighbours.reshape([numSlots]),
      target: number.floorDiv(k),
      alive: alive.reshape([numSlots]),
      edge: number,
      listed: number,
    }),
  );
}

/** Nodes that are found for each node, nearest first, and which of them there are: [nodes, k] both. */
interface Nearest {
  readonly neighbours: Tensor;
  readonly alive: Tensor;
}

/** Of rows of distances [rows, nodes], infinite for what is not to be found. */
function smallest(distances: Tensor, k: number): Nearest {
  const places = arange(k);
  // There may be fewer nodes than k: positions beyond them read 0, and are not alive.
  const neighbours = takeOrZero(argsort(distances).transpose(), places).transpose();
  const found = takeAlongAxis(distances, neighbours).isFinite();
  return { neighbours, alive: found.logicalAnd(places.less(sizeOf(distances.shape[1]!)).expandDims(0)) };
}

/** Compares all pairs of nodes: where graphs are not sorted, or their sizes not known to the host. */
function nearestOfAll(flat: Tensor, k: number, batch: Groups | undefined): Nearest {
  const distance = flat.expandDims(1).sub(flat.expandDims(0)).square().sum(-1);
  const apart = batch?.ids.expandDims(1).notEqual(batch.ids.expandDims(0));
  return smallest(apart ? where(apart, Number.POSITIVE_INFINITY, distance) : distance, k);
}

/** Compares the nodes of each graph, in blocks as large as the largest graph. */
function nearestInBlocks(flat: Tensor, k: number, batch: Groups, span: Tensor): Nearest {
  const [side, width] = [span.shape[0]!, flat.shape[1]!];
  const { rows, positions, places } = batch.blocks(span);
  const blocks = takeOrZero(flat, positions).reshape([batch.size, side, width]);
  const distance = blocks.expandDims(2).sub(blocks.expandDims(1)).square().sum(-1);
  const there = span.less(batch.sizes.expandDims(1)).expandDims(1);
  const within = where(there, distance, Number.POSITIVE_INFINITY).reshape([rows, side]);
  const found = smallest(within, k);
  const row = places();
  const begin = take(batch.ptr, batch.ids).expandDims(1);
  return {
    neighbours: take(found.neighbours, row).add(begin),
    alive: take(found.alive, row),
  };
}
