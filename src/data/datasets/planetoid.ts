/**
 * Cora and Citeseer with the public split of Planetoid (Yang, Cohen, Salakhutdinov, ICML 2016): papers, their words, their
 * citations.
 */
import { readCsv } from "../../formats/csv.ts";
import { readPlanetoidGraph, readPlanetoidIndex, readPlanetoidMatrix } from "../../formats/planetoid.ts";
import { DataError, FormatError } from "../../ir/errors.ts";
import { isNode } from "../files.ts";
import { folderWith, loadSourceSet, type SourceFile, type SourceOptions, type SourceSet } from "../source.ts";
import { coalesced, type GraphFields, integers, mask, pairs } from "./graphs.ts";

/** The raw files `ind.<set>.<part>`: part, bytes, SHA-256. */
const published: ReadonlyMap<string, readonly (readonly [string, number, string])[]> = new Map([
  [
    "cora",
    [
      ["x", 22_119, "23cfa55d91c6f624233f5eb7b6e3f141f1bd2b2ae39608a63cf5d084bb27baab"],
      ["tx", 148_025, "b9afbaa4a400df991f6f02ef677e1e44da55ffc04801fd02f9e673987829226a"],
      ["allx", 257_305, "9419ba2f26f5c35243db64aba110e0f35a04851609e0dc5433450676ca6b8543"],
      ["y", 4_054, "94465c14eb53e04ca262198dcbb2521ee8af60fb3f3d546cd6ca24a511b0e7d1"],
      ["ty", 28_135, "41f5ac76596a1699cc33f53084a2419e92961c42bb75f36fc38e616d348532ad"],
      ["ally", 47_959, "2b998f5cc7fedc86e7f97ca2498f47a1ffc1462c29e2d578b23bf3f62b6e7d71"],
      ["graph", 59_847, "58f13302f39dde8852dad6fe6d15b89b077b6d7f837626bce671ef80344b383d"],
      ["test.index", 5_000, "297ce89af2b51a6a194181c7dbe1796c6a1cf9cd9349a88383b1b1e227867875"],
    ],
  ],
  [
    "citeseer",
    [
      ["x", 31_087, "d20de19150741e555de0ed037195630fc194114ebc7fd72ced62810148aa22f6"],
      ["tx", 260_321, "539a8906a2da97628d212f2fdd668c109a8b3f0d36574b59e5d3fd5b5303da21"],
      ["allx", 595_021, "2ac30345d95c9ec933a817ee0bdd6a5f077f8c184a20e696910192d534414668"],
      ["y", 3_014, "8ba87e515d8e3ee3cf52f6d2c5b86aa73f11ecad825a808455209ec26cd54924"],
      ["ty", 24_135, "55e5bd1ba1e733a04598753ad1a8d57957f4b8f89e74519f41f4f4938767e4ce"],
      ["ally", 55_623, "f704b2d986dde6c2669934de1f3ae5696a6cf9455c0f6b2646a2d135ea0a1c95"],
      ["graph", 61_987, "d79a4ef9d3e7169aee8946145f6b7306e35bc79bffad26346cfb94e10e9912a7"],
      ["test.index", 5_000, "2af990671580b6b2df5d158d1038f8292e30c9cd821b5453f399659b25b723d4"],
    ],
  ],
]);

/** Where the raw files of `cora` or `citeseer` are found. */
export function planetoidSource(name: string): SourceSet {
  const files = (published.get(name) ?? []).map(([part, bytes, sha256]): SourceFile => {
    return { name: `ind.${name}.${part}`, bytes, sha256, published: "plain" };
  });
  const mirrors = ["kimiyoung/planetoid/master/data/", "tkipf/gcn/master/gcn/data/"].map(
    (path) => `https://raw.githubusercontent.com/${path}`,
  );
  return { folder: "planetoid/raw", title: name, mirrors, files };
}

/** The same set as tables, see `planetoidCsv`. */
export function planetoidTables(name: string): SourceSet {
  const file = (part: string): SourceFile => {
    return { name: `${name}.${part}.csv`, bytes: 2 ** 20, sha256: new Map() };
  };
  return { folder: "planetoid", title: name, mirrors: [], files: [file("nodes"), file("edges")] };
}

/**
 * `cora` or `citeseer`: from the raw files in a folder, from tables in a folder where there are no raw files, or from the raw
 * files in the cache or the network; see `loadSourceFile`.
 *
 * @throws DataError for another set, or where files are nowhere; FormatError where they are damaged.
 */
export async function loadPlanetoid(name: string, options: SourceOptions = {}): Promise<GraphFields> {
  const words = wordsOf(name);
  const [raw, tables] = [planetoidSource(name), planetoidTables(name)];
  const folder = options.data ?? (isNode() ? process.env.TENDRIL_DATA : undefined);
  const inFolder = async (set: SourceSet) =>
    Boolean(folder && isNode() && !/^https?:/.test(folder) && (await folderWith(set, folder)));
  if ((await inFolder(tables)) && !(await inFolder(raw))) {
    const files = await loadSourceSet(tables, { ...options, data: folder });
    return planetoidCsv(files.get(`${name}.nodes.csv`)!, files.get(`${name}.edges.csv`)!, words, name);
  }
  const files = await loadSourceSet(raw, options);
  return planetoidRaw((part) => files.get(`ind.${name}.${part}`)!, name);
}

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
