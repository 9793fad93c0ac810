/**
 * Cora and Citeseer with the public split of Planetoid (Yang, Cohen, Salakhutdinov, ICML 2016): papers, their words, their
 * citations.
 */
import { readCsv } from "../../formats/csv.ts";
import { readPlanetoidGraph, readPlanetoidIndex, readPlanetoidMatrix } from "../../formats/planetoid.ts";
import { DataError, FormatError } from "../../ir/errors.ts";
import { coalesced, type GraphFields, integers, mask, pairs } from "./graphs.ts";

/** Nodes behind the training nodes that choose the model. */
const VALIDATION = 500;

function unfit(name: string, problem: string, expected: string, got: string): FormatError {
  return new FormatError({
    where: name,
    problem,
    expected,
    got,
    try: "get the files again; they are damaged or not of one set",
  });
}

/**
 * A set from its raw files (`x`, `tx`, `allx`, `y`, `ty`, `ally`, `graph`, `test.index`), as PyTorch Geometric reads it: nodes of
 * Citeseer that the files leave out have no words and class 0; self-loops and repeated edges are dropped.
 *
 * @throws FormatError for damaged files or files that do not fit together.
 */
export function planetoidRaw(file: (part: string) => Uint8Array, name = "Planetoid"): GraphFields {
  const matrix = (part: string) => readPlanetoidMatrix(file(part), { name: `ind.${name}.${part}` });
  const [all, test, allY, testY, y] = ["allx", "tx", "ally", "ty", "y"].map(matrix);
  const graph = readPlanetoidGraph(file("graph"), { name: `ind.${name}.graph` });
  const order = readPlanetoidIndex(file("test.index"), { name: `ind.${name}.test.index` });
  const sorted = [...order].sort((a, b) => a - b);
  const [first, last] = [sorted[0]!, sorted.at(-1)!];
  const size = last + 1;
  const fits = first === all!.rows && order.length === test!.rows && all!.columns === test!.columns;
  const labelled = allY!.rows === all!.rows && testY!.rows === test!.rows && allY!.columns === testY!.columns;
  if (!fits || !labelled || new Set(order).size !== order.length) {
    throw unfit(
      name,
      "the files do not fit together",
      `${test!.rows} test nodes from ${all!.rows} on`,
      `${order.length} from ${first}`,
    );
  }
  const width = all!.columns;
  const x = new Float32Array(size * width);
  x.set(all!.data);
  const classes = new Int32Array(size);
  const best = (data: Float32Array, row: number, count: number) => {
    const own = data.subarray(row * count, (row + 1) * count);
    return own.indexOf(Math.max(...own));
  };
  for (let i = 0; i < allY!.rows; i++) classes[i] = best(allY!.data, i, allY!.columns);
  order.forEach((node, i) => {
    x.set(test!.data.subarray(i * width, (i + 1) * width), node * width);
    classes[node] = best(testY!.data, i, testY!.columns);
  });
  const train = y!.rows;
  return {
    x: { data: x, shape: [size, width], dtype: "float32" },
    edgeIndex: citations(graph, size, name),
    y: integers(classes),
    trainMask: mask(range(0, train), size),
    valMask: mask(range(train, train + VALIDATION), size),
    testMask: mask(order, size),
  };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

function citations(graph: ReadonlyMap<number, readonly number[]>, size: number, name: string) {
  const source: number[] = [];
  const target: number[] = [];
  for (const [a, neighbours] of graph) {
    for (const b of neighbours) {
      if (a >= size || b >= size)
        throw unfit(name, "an edge has no such node", `0 … ${size - 1}`, `${a}, ${b}`);
      if (a === b) continue;
      source.push(a);
      target.push(b);
    }
  }
  return sortedPairs(source, target);
}

function sortedPairs(source: readonly number[], target: readonly number[]) {
  const kept = coalesced(source, target);
  return pairs(
    kept.map((e) => source[e]!),
    kept.map((e) => target[e]!),
  );
}

/**
 * A set from two tables: `node,label,split,features` (features are the numbers of the words that occur, separated by spaces)
 * and `source,target` in both directions.
 *
 * @throws FormatError naming the line of what is no number, no split or out of range.
 */
export function planetoidCsv(
  nodes: Uint8Array,
  edges: Uint8Array,
  features: number,
  name = "Planetoid",
): GraphFields {
  const whole = (text: string, below: number, line: number): number => {
    const n = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (n < below) return n;
    throw unfit(`${name}, line ${line}`, "a number is out of range", `0 … ${below - 1}`, text);
  };
  const { rows } = readCsv(nodes, { name: `${name}.nodes.csv` });
  const size = rows.length;
  const x = new Float32Array(size * features);
  const split = new Map<string, number[]>([
    ["train", []],
    ["val", []],
    ["test", []],
    ["none", []],
  ]);
  const classes = rows.map(([node, label, part, words], i) => {
    if (whole(node ?? "", size, i + 2) !== i)
      throw unfit(name, "nodes are not in order", String(i), node ?? "");
    const into = split.get(part ?? "");
    if (into === undefined)
      throw unfit(`${name}, line ${i + 2}`, "an unknown split", "train, val, test or none", part ?? "");
    into.push(i);
    for (const word of (words ?? "").split(" ")) {
      if (word !== "") x[i * features + whole(word, features, i + 2)] = 1;
    }
    return whole(label ?? "", 1000, i + 2);
  });
  const table = readCsv(edges, { name: `${name}.edges.csv` }).rows;
  const ends = (column: number) => table.map((row, i) => whole(row[column] ?? "", size, i + 2));
  return {
    x: { data: x, shape: [size, features], dtype: "float32" },
    edgeIndex: sortedPairs(ends(0), ends(1)),
    y: integers(classes),
    trainMask: mask(split.get("train")!, size),
    valMask: mask(split.get("val")!, size),
    testMask: mask(split.get("test")!, size),
  };
}

/** The number of words of each set. */
export const planetoidWords: ReadonlyMap<string, number> = new Map([
  ["cora", 1433],
  ["citeseer", 3703],
]);

/** The number of words of `name`; DataError for another set. */
export function wordsOf(name: string): number {
  const words = planetoidWords.get(name);
  if (words !== undefined) return words;
  throw new DataError({
    where: "Planetoid",
    problem: "there is no such set of tables",
    expected: [...planetoidWords.keys()].join(" or "),
    got: name,
    try: 'use "cora" or "citeseer"',
  });
}
