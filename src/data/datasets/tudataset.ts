/**
 * TUDataset: benchmark sets of graphs with a class or a number each (Morris et al., "TUDataset", 2020,
 * https://chrsmrrs.github.io/datasets).
 */
import { readTu, type TuFiles, type TuTable } from "../../formats/tu.ts";
import { ZipArchive } from "../../formats/zip.ts";
import { loadSourceFile, type SourceFile, type SourceOptions, type SourceSet } from "../source.ts";
import { coalesced, floats, type GraphArray, type GraphFields, integers, pairs } from "./graphs.ts";

export interface TuOptions {
  /** Use the numbers of nodes beside their labels (PyTorch Geometric's `use_node_attr`). Default false. */
  useNodeAttr?: boolean | undefined;
  /** Use the numbers of edges beside their labels. Default false. */
  useEdgeAttr?: boolean | undefined;
}

/** Parts of published sets with the SHA-256 of `<set>_<part>.txt`. */
const published: ReadonlyMap<string, readonly (readonly [part: string, sha256: string])[]> = new Map([
  [
    "MUTAG",
    [
      ["A", "d9656ca7493f3445d737c711710bb36fd432dddd1c0ea32e1d4713c86ebd28e2"],
      ["edge_labels", "4669ce755075ff86c3240709345745886400908fa637a49310459b9c267b3e56"],
      ["graph_indicator", "7d520a4d6c7961c0cdeabe076d8fe27e795b6d373485c9a2b744987e560a2056"],
      ["graph_labels", "a1518ea39ba3426bd42f57396b9c4baffe68e9adc718caeeab0119c6591a5f2c"],
      ["node_labels", "678f429965490e84dd27713017538c995fc05d1621beac910848b600015ee863"],
    ],
  ],
  [
    "PROTEINS",
    [
      ["A", "4c4b33e272fc95cac6d27ed6d5d12b9a852c8610e91fff59f8f0dbdd5a20df67"],
      ["graph_indicator", "8d4ff1e852a5c28561e9bffb44cf9490bc552b13a3b6156dd12dc7f44e9afc4a"],
      ["graph_labels", "c0ef9810c440775252872318d0c8adc385588e14bc4c47a2c34aa96ee3c7cdcd"],
      ["node_attributes", "54eef829abb37e458a5fbf3a3c581e48e5810e220463c2cd951856b9ceb08f07"],
      ["node_labels", "f758e8ad3d6e3c026b50833d75f6f90735b94eb3345e4243707f495ca8afea8d"],
    ],
  ],
  [
    "ENZYMES",
    [
      ["A", "5553c84f8f562f3e199dfd27192174f485e85c44c1357661098668937a739cbf"],
      ["graph_indicator", "95ba0fa47eba6f02e6b754a215dc66d5b49de3f45f57a128514301a8d7ed5f46"],
      ["graph_labels", "04743e08967e61e65cdacbb90f8df6ee53742b3d2e7b84675b85ebac70506856"],
      ["node_attributes", "305a8fc3b12f79fb844ef3374d6a3c8ceeb4887dd4f86bbfe37932c4c5434e7b"],
      ["node_labels", "8263eb9b64efa231a5886343483ccfc0342f2407014763a8f738fd51c32ce770"],
    ],
  ],
]);

/** Where a set is found. Those whose checksums are not known have to lie in a folder. */
export function tuSource(name: string): SourceSet & { readonly files: readonly [SourceFile] } {
  const parts = published.get(name);
  const sha256 = new Map((parts ?? []).map(([part, sum]) => [`${name}_${part}.txt`, sum]));
  return {
    folder: "tudataset",
    title: name,
    mirrors: parts === undefined ? [] : ["https://www.chrsmrrs.com/graphkerneldatasets/"],
    files: [{ name: `${name}.zip`, bytes: 2 ** 23, sha256, published: "plain" }],
  };
}

/**
 * The graphs of a set from its zip in a folder, the cache, or the network; see `tuDataset` and `loadSourceFile`.
 *
 * @throws DataError where it is nowhere, FormatError where it is damaged.
 */
export async function loadTu(name: string, options: TuOptions & SourceOptions = {}): Promise<GraphFields[]> {
  const source = tuSource(name);
  return tuDataset(await loadSourceFile(source, source.files[0], options), name, options);
}

/**
 * The graphs of a set from the bytes of its published zip. As PyTorch Geometric reads it: `x` are attributes (where asked for),
 * then labels as one-hot vectors; self-loops and repeated edges are dropped, edges are sorted; classes count from 0 in the
 * order of their labels.
 *
 * @throws FormatError or DataError for a damaged or incomplete archive.
 */
export function tuDataset(bytes: Uint8Array, name: string, options: TuOptions = {}): GraphFields[] {
  const zip = new ZipArchive(bytes, { name: `${name}.zip` });
  const paths = new Map(zip.entries.map((e) => [e.name.slice(e.name.lastIndexOf("/") + 1), e.name]));
  const file = (part: string) => {
    const path = paths.get(`${name}_${part}.txt`);
    return path === undefined ? undefined : zip.read(path);
  };
  return tuGraphs(readTu(file, { name }), options);
}

/** The same from the files as they were read. */
export function tuGraphs(files: TuFiles, options: TuOptions = {}): GraphFields[] {
  const { edges, graphOfNode, graphs } = files;
  const nodes = graphOfNode.length;
  const x = columns(options.useNodeAttr ? files.nodeAttributes : undefined, files.nodeLabels, nodes);
  const attr = columns(
    options.useEdgeAttr ? files.edgeAttributes : undefined,
    files.edgeLabels,
    edges.source.length,
  );
  const apart = Int32Array.from(edges.source.keys()).filter((e) => edges.source[e] !== edges.target[e]);
  const kept = coalesced(
    apart.map((e) => edges.source[e]!),
    apart.map((e) => edges.target[e]!),
  ).map((i) => apart[i]!);
  const firstNode = starts(graphOfNode, graphs);
  const firstEdge = starts(
    kept.map((e) => graphOfNode[edges.source[e]!]!),
    graphs,
  );
  const target = targetsOf(files);
  return Array.from({ length: graphs }, (_, g) => {
    const [node, nodeEnd] = [firstNode[g]!, firstNode[g + 1]!];
    const own = kept.subarray(firstEdge[g]!, firstEdge[g + 1]!);
    const fields: Record<string, GraphArray> = {
      edgeIndex: pairs(
        own.map((e) => edges.source[e]! - node),
        own.map((e) => edges.target[e]! - node),
      ),
    };
    if (x !== undefined)
      fields.x = rowsOf(
        x,
        Int32Array.from({ length: nodeEnd - node }, (_, i) => node + i),
      );
    else fields.numNodes = integers([nodeEnd - node], []);
    if (attr !== undefined) fields.edgeAttr = rowsOf(attr, own);
    const y = target?.(g, node, nodeEnd);
    if (y !== undefined) fields.y = y;
    return fields;
  });
}

interface Matrix {
  readonly columns: number;
  readonly data: Float32Array;
}

/** Attributes, then the labels of each column as one-hot vectors; undefined where there are neither. */
function columns(
  attributes: TuTable | undefined,
  labels: TuTable | undefined,
  rows: number,
): Matrix | undefined {
  const depths: number[] = [];
  const least: number[] = [];
  for (let c = 0; c < (labels?.columns ?? 0); c++) {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let r = 0; r < rows; r++) {
      const label = labels!.data[r * labels!.columns + c]!;
      low = Math.min(low, label);
      high = Math.max(high, label);
    }
    least.push(low);
    depths.push(rows === 0 ? 0 : high - low + 1);
  }
  const own = attributes?.columns ?? 0;
  const width = depths.reduce((a, b) => a + b, own);
  if (width === 0) return undefined;
  const data = new Float32Array(rows * width);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < own; c++) data[r * width + c] = attributes!.data[r * own + c]!;
    let at = own;
    for (const [c, depth] of depths.entries()) {
      data[r * width + at + labels!.data[r * labels!.columns + c]! - least[c]!] = 1;
      at += depth;
    }
  }
  return { columns: width, data };
}

function rowsOf({ columns, data }: Matrix, rows: Int32Array): GraphArray {
  const out = new Float32Array(rows.length * columns);
  rows.forEach((r, i) => {
    out.set(data.subarray(r * columns, (r + 1) * columns), i * columns);
  });
  return { data: out, shape: [rows.length, columns], dtype: "float32" };
}

/** Where each group begins in an ascending list of groups, and the end. */
function starts(groups: ArrayLike<number>, count: number): Int32Array {
  const at = new Int32Array(count + 1);
  for (let i = 0; i < groups.length; i++) at[groups[i]! + 1]!++;
  for (let g = 0; g < count; g++) at[g + 1]! += at[g]!;
  return at;
}

/** What is to be predicted: numbers of the graphs, else their classes. */
function targetsOf(files: TuFiles): ((g: number, from: number, to: number) => GraphArray) | undefined {
  const { graphAttributes: numbers, graphLabels: labels } = files;
  if (numbers !== undefined) {
    const { columns: c, data } = numbers;
    return (g) => floats(data.subarray(g * c, (g + 1) * c), c === 1 ? [1] : [1, c]);
  }
  if (labels === undefined) return undefined;
  const order = [...new Set(labels.data)].sort((a, b) => a - b);
  const place = new Map(order.map((label, i) => [label, i]));
  return (g) => integers([place.get(labels.data[g]!)!]);
}
