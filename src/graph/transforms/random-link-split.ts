import { UsageError } from "../../ir/errors.ts";
import { edgeFields, filledRows, stackRows, takeRows } from "../arrays.ts";
import type { Data, FieldInput, GraphArray } from "../data.ts";
import type { EdgeIndex } from "../edge-index.ts";
import { appendEdges, edgesAt, placesWhere } from "../utils/edge-list.ts";
import { negativeSampling } from "../utils/negative-sampling.ts";
import { generatorOf, type RandomOptions } from "../utils/random.ts";
import { named, type Splitter } from "./transform.ts";

export interface RandomLinkSplitOptions extends RandomOptions {
  /** Validation edges: a number, or a share below 1. Default 0.1. */
  numVal?: number | undefined;
  /** Test edges, likewise. Default 0.2. */
  numTest?: number | undefined;
  /** Split pairs of directions together. Default false. */
  isUndirected?: boolean | undefined;
  /** The field with the labels, which are made (1 for edges, 0 for none) where there are none. Default `edgeLabel`. */
  key?: string | undefined;
  /** Keep positive and negative labels in fields `posEdgeLabel` and `negEdgeLabel`. Default false. */
  splitLabels?: boolean | undefined;
  /** Add pairs without an edge to the labels for training, too. Default true. */
  addNegativeTrainSamples?: boolean | undefined;
  /** Pairs without an edge for each edge. Default 1. */
  negSamplingRatio?: number | undefined;
  /** A share (or number) of the training edges that is only predicted, while the others pass messages. Default 0. */
  disjointTrainRatio?: number | undefined;
}

/**
 * Splits the edges of a graph for link prediction into three graphs: `edgeIndex` are the edges along which messages pass,
 * `edgeLabelIndex` int32 [2, labels] the pairs to be told apart and `edgeLabel` their labels. Edges are drawn as PyTorch
 * Geometric draws them; pairs without an edge are drawn in an order of our own.
 *
 * @throws UsageError where no edges are left for training.
 * @example const [train, validation, test] = RandomLinkSplit({ isUndirected: true })(data);
 */
export function RandomLinkSplit(options: RandomLinkSplitOptions = {}): Splitter {
  const { numVal = 0.1, numTest = 0.2 } = options;
  return named(`RandomLinkSplit(num_val=${numVal}, num_test=${numTest})`, (data) =>
    splitLinks(data, options),
  );
}

function splitLinks(data: Data, options: RandomLinkSplitOptions): [Data, Data, Data] {
  const { isUndirected = false, negSamplingRatio: ratio = 1, addNegativeTrainSamples = true } = options;
  const generator = generatorOf(options);
  const edges = data.edgeIndex;
  const once = placesWhere(edges, (a, b) => !isUndirected || a <= b);
  const order = generator.randperm(once.length).map((i) => once[i]!);
  const numVal = share(options.numVal ?? 0.1, order.length);
  const numTest = share(options.numTest ?? 0.2, order.length);
  const numTrain = order.length - numVal - numTest;
  const numDisjoint = share(options.disjointTrainRatio ?? 0, Math.max(0, numTrain));
  if (numTrain - numDisjoint <= 0) {
    throw new UsageError({
      where: "RandomLinkSplit",
      problem: "no edges are left for training",
      expected: `fewer than ${order.length} validation and test edges`,
      got: `${numVal} + ${numTest}${numDisjoint > 0 ? `, and ${numDisjoint} that are only predicted` : ""}`,
      try: "numVal: 0.1, numTest: 0.2",
    });
  }
  const train = order.subarray(0, numTrain);
  const val = order.subarray(numTrain, numTrain + numVal);
  const test = order.subarray(numTrain + numVal);
  const supervised = numDisjoint > 0 ? train.subarray(0, numDisjoint) : train;
  let counts = [addNegativeTrainSamples ? supervised.length : 0, numVal, numTest].map((n) =>
    Math.floor(n * ratio),
  );
  const wanted = counts.reduce((a, b) => a + b, 0);
  const negatives = negativeSampling(edges, { numNegSamples: wanted, generator });
  // A dense graph may have fewer pairs without an edge: each part gets its share.
  if (negatives.numEdges < wanted) counts = shares(counts, wanted, negatives.numEdges);
  const [, negVal, negTest] = counts as [number, number, number];
  const from = [negVal + negTest, 0, negVal];
  const to = [negatives.numEdges, negVal, negVal + negTest];
  const parts = [
    [train.subarray(numDisjoint), supervised],
    [train, val],
    [order.subarray(0, numTrain + numVal), test],
  ] as const;
  return parts.map(([messages, labelled], i) => {
    const places = Int32Array.from({ length: Math.max(0, to[i]! - from[i]!) }, (_, n) => from[i]! + n);
    const graph = withEdges(data, messages, isUndirected);
    return graph.with(labels(data, labelled, edgesAt(negatives, places), options));
  }) as [Data, Data, Data];
}

/** A share below 1 of `whole`, rounded down, or the number itself. */
function share(part: number, whole: number): number {
  return part > 0 && part < 1 ? Math.floor(part * whole) : part;
}

function shares([train, val]: readonly number[], wanted: number, found: number): number[] {
  const [a, b] = [train!, val!].map((n) => Math.floor((n / wanted) * found)) as [number, number];
  return [a, b, found - a - b];
}

/** The graph with these of its edges, in both directions where asked for, and their values. */
function withEdges(data: Data, places: Int32Array, both: boolean): Data {
  const kept = edgesAt(data.edgeIndex, places);
  const fields = edgeFields(data).map(([name, value]): [string, GraphArray] => {
    const rows = takeRows(value, places);
    return [name, both ? stackRows(rows, rows) : rows];
  });
  const edgeIndex = both ? appendEdges(kept, kept.target, kept.source) : kept;
  return data.with({ edgeIndex, ...Object.fromEntries(fields) });
}

/** The fields of the labels: of edges of the graph, then of pairs without an edge. */
function labels(
  data: Data,
  places: Int32Array,
  negatives: EdgeIndex,
  { key = "edgeLabel", splitLabels = false }: RandomLinkSplitOptions,
): Record<string, FieldInput | null> {
  const given = data.fields.has(key) ? takeRows(data.array(key), places) : undefined;
  const none = negatives.numEdges;
  const ones = {
    data: new Float32Array(places.length).fill(1),
    shape: [places.length],
    dtype: "float32",
  } as const;
  // Classes of edges make room for "no edge", which is 0.
  const positive =
    given === undefined ? ones : none > 0 ? { ...given, data: given.data.map((v) => v + 1) } : given;
  const negative = filledRows(positive, none, 0);
  const pairs = edgesAt(data.edgeIndex, places);
  if (!splitLabels) {
    return {
      [key]: stackRows(positive, negative),
      [`${key}Index`]: flat(appendEdges(pairs, negatives.source, negatives.target)),
    };
  }
  const name = key[0]!.toUpperCase() + key.slice(1);
  return {
    ...(given && { [key]: null }),
    [`pos${name}`]: positive,
    [`pos${name}Index`]: flat(pairs),
    ...(none > 0 && { [`neg${name}`]: negative, [`neg${name}Index`]: flat(negatives) }),
  };
}

/** Pairs as int32 [2, pairs]: labels are no edges along which messages pass. */
function flat({ source, target, numEdges }: EdgeIndex): GraphArray {
  const data = new Int32Array(2 * numEdges);
  data.set(source);
  data.set(target, numEdges);
  return { data, shape: [2, numEdges], dtype: "int32" };
}
