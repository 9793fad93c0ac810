import type { TorchGenerator } from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";
import { EdgeIndex, type EdgePairs } from "../edge-index.ts";
import { edgeIndexOf } from "./edge-list.ts";
import { generatorOf, type RandomOptions } from "./random.ts";

export interface NegativeSamplingOptions extends RandomOptions {
  /** Of the graph, or of sources and targets where they are nodes of two kinds. Found from the edges unless given. */
  numNodes?: number | readonly [sources: number, targets: number] | undefined;
  /** How many; a number between 0 and 1 is a share of the edges. As many as there are edges unless given. */
  numNegSamples?: number | undefined;
  /** Every sample in both directions. Default false. */
  forceUndirected?: boolean | undefined;
}

/**
 * Different pairs of nodes that no edge joins, without self-loops, in random order. As many as asked for, or all that
 * there are.
 *
 * @throws UsageError for a number of samples that is none.
 */
export function negativeSampling(edges: EdgePairs, options: NegativeSamplingOptions = {}): EdgeIndex {
  const { numNodes } = options;
  const twoKinds = typeof numNodes === "object";
  const [sources, targets] = twoKinds ? numNodes : [numNodes, numNodes];
  const index = edgeIndexOf(edges, twoKinds ? Math.max(sources!, targets!) : sources);
  const pairs = pairing(sources ?? index.numNodes, targets ?? index.numNodes, {
    loops: twoKinds,
    undirected: !twoKinds && (options.forceUndirected ?? false),
  });
  const taken = new Set<number>();
  for (let e = 0; e < index.numEdges; e++) {
    const number = pairs.number(index.source[e]!, index.target[e]!);
    if (number >= 0) taken.add(number);
  }
  const wanted = wantedOf(options.numNegSamples, index.numEdges) / (pairs.both ? 2 : 1);
  const count = Math.min(Math.floor(wanted), pairs.size - taken.size);
  const found = drawFree(pairs.size, taken, count, generatorOf(options)).map(pairs.pair);
  const [a, b] = [found.map(([from]) => from), found.map(([, to]) => to)];
  return new EdgeIndex(
    pairs.both
      ? [
          [...a, ...b],
          [...b, ...a],
        ]
      : [a, b],
    index.numNodes,
  );
}

function wantedOf(asked: number | undefined, edges: number): number {
  if (asked === undefined) return edges;
  if (asked >= 0 && Number.isFinite(asked))
    return Number.isInteger(asked) ? asked : Math.floor(asked * edges);
  throw new UsageError({
    where: "negativeSampling",
    problem: "the number of samples makes no sense",
    expected: "a whole number, or a share such as 0.5",
    got: String(asked),
    try: "leave numNegSamples out for one sample for each edge",
  });
}

/** A number for each pair that may be drawn. */
interface Pairing {
  readonly size: number;
  /** Whether a number stands for both directions. */
  readonly both: boolean;
  /** -1 for a pair that is never drawn. */
  number(source: number, target: number): number;
  pair(number: number): readonly [number, number];
}

function pairing(sources: number, targets: number, kind: { loops: boolean; undirected: boolean }): Pairing {
  if (kind.loops) {
    return {
      size: sources * targets,
      both: false,
      number: (a, b) => (a < sources && b < targets ? a * targets + b : -1),
      pair: (n) => [Math.floor(n / targets), n % targets],
    };
  }
  const others = Math.max(0, targets - 1);
  if (!kind.undirected) {
    return {
      size: sources * others,
      both: false,
      number: (a, b) => (a === b ? -1 : a * others + (b > a ? b - 1 : b)),
      pair: (n) => {
        const [a, b] = [Math.floor(n / others), n % others];
        return [a, b >= a ? b + 1 : b];
      },
    };
  }
  // Pairs a < b in the order of b: those with b begin at b (b - 1) / 2.
  const begin = (b: number) => (b * (b - 1)) / 2;
  return {
    size: begin(targets),
    both: true,
    number: (a, b) => (a === b ? -1 : begin(Math.max(a, b)) + Math.min(a, b)),
    pair: (n) => {
      let b = Math.floor((1 + Math.sqrt(1 + 8 * n)) / 2);
      if (begin(b) > n) b--;
      if (begin(b + 1) <= n) b++;
      return [n - begin(b), b];
    },
  };
}

/** `count` different numbers below `size` that are not taken. */
function drawFree(
  size: number,
  taken: ReadonlySet<number>,
  count: number,
  generator: TorchGenerator,
): number[] {
  const free = size - taken.size;
  if (2 * count >= free && size <= 2 ** 24) {
    const all: number[] = [];
    for (let n = 0; n < size; n++) if (!taken.has(n)) all.push(n);
    return Array.from(generator.randperm(free).subarray(0, count), (i) => all[i]!);
  }
  const drawn = new Set<number>();
  while (drawn.size < count) {
    for (const u of generator.randDouble(count - drawn.size)) {
      const n = Math.floor(u * size);
      if (!taken.has(n)) drawn.add(n);
    }
  }
  return [...drawn];
}
