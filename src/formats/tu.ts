/**
 * The text files of TUDataset (https://chrsmrrs.github.io/datasets/docs/format): edges, graph of each node, labels and
 * attributes, one line each, numbers separated by commas, nodes and graphs counted from 1.
 */
import { DataError, FormatError } from "../ir/errors.ts";

/** A table of numbers, row-major. */
export interface TuTable {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** The files of a set as they are, nodes and graphs counted from 0. Missing files are undefined. */
export interface TuFiles {
  /** Source and target of each edge, over the nodes of all graphs. */
  readonly edges: { readonly source: Int32Array; readonly target: Int32Array };
  /** The graph of each node, ascending. */
  readonly graphOfNode: Int32Array;
  readonly graphs: number;
  readonly nodeLabels: TuTable | undefined;
  readonly nodeAttributes: TuTable | undefined;
  readonly edgeLabels: TuTable | undefined;
  readonly edgeAttributes: TuTable | undefined;
  readonly graphLabels: TuTable | undefined;
  readonly graphAttributes: TuTable | undefined;
}

export interface ReadTuOptions {
  /** The set's name, for errors, e.g. `MUTAG`. */
  name?: string | undefined;
}

/**
 * Reads the files of one set. `file` gives the bytes of `A`, `graph_indicator`, `graph_labels`, `node_labels`,
 * `node_attributes`, `edge_labels`, `edge_attributes` or `graph_attributes`, or undefined where there is none.
 *
 * @throws DataError where a needed file is missing; FormatError naming file and line for what is no number, a node or
 *   graph that does not exist, graphs whose nodes do not stand together, an edge between two graphs, rows of unequal
 *   length, and files that do not belong together.
 */
export function readTu(file: (part: string) => Uint8Array | undefined, options: ReadTuOptions = {}): TuFiles {
  const name = options.name ?? "TU set";
  const table = (part: string, rows?: number): TuTable | undefined => {
    const bytes = file(part);
    return bytes === undefined ? undefined : readTable(bytes, `${name}_${part}.txt`, rows);
  };
  const needed = (part: string): TuTable => {
    const found = table(part);
    if (found !== undefined) return found;
    throw new DataError({
      where: name,
      problem: `the file ${name}_${part}.txt is missing`,
      expected: `${name}_A.txt and ${name}_graph_indicator.txt`,
      got: "no such file",
      try: "get the whole set again",
    });
  };
  // Labels count the graphs: one without nodes is in no other file.
  const counted = (table("graph_labels") ?? table("graph_attributes"))?.rows ?? 0;
  const { graphOfNode, graphs } = readIndicator(needed("graph_indicator"), counted, name);
  const edges = readEdges(needed("A"), graphOfNode, name);
  const nodes = graphOfNode.length;
  const edgeCount = edges.source.length;
  return {
    edges,
    graphOfNode,
    graphs,
    nodeLabels: whole(table("node_labels", nodes), `${name}_node_labels.txt`),
    nodeAttributes: table("node_attributes", nodes),
    edgeLabels: whole(table("edge_labels", edgeCount), `${name}_edge_labels.txt`),
    edgeAttributes: table("edge_attributes", edgeCount),
    graphLabels: whole(table("graph_labels", graphs), `${name}_graph_labels.txt`),
    graphAttributes: table("graph_attributes", graphs),
  };
}

function wrong(where: string, line: number, problem: string, expected: string, got: string): FormatError {
  return new FormatError({
    where: `${where}, line ${line}`,
    problem,
    expected,
    got: got.length > 60 ? `${got.slice(0, 60)} …` : got,
    try: "get the set again; the file is damaged or not in the format of TUDataset",
    details: { path: where, line },
  });
}

/** A number as these files write it; anything else is NaN. */
function numberOf(field: string): number {
  const text = field.trim();
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

/** Lines of numbers, all of the same length; empty lines at the end and a comma at the end of a line are let pass. */
function readTable(bytes: Uint8Array, where: string, rows: number | undefined): TuTable {
  const lines = new TextDecoder("latin1").decode(bytes).split(/\r?\n/);
  while (lines.at(-1)?.trim() === "") lines.pop();
  const columns = lines.length === 0 ? 1 : fieldsOf(lines[0]!).length;
  if (rows !== undefined && rows !== lines.length) {
    throw wrong(where, lines.length, "the number of lines is wrong", `${rows} lines`, `${lines.length}`);
  }
  const data = new Float64Array(lines.length * columns);
  lines.forEach((line, i) => {
    const fields = fieldsOf(line);
    if (fields.length !== columns) {
      throw wrong(where, i + 1, "the number of values differs", `${columns} values`, `${fields.length}`);
    }
    fields.forEach((field, j) => {
      const value = numberOf(field);
      if (Number.isNaN(value)) throw wrong(where, i + 1, "this is not a number", "a number", field.trim());
      data[i * columns + j] = value;
    });
  });
  return { rows: lines.length, columns, data };
}

function fieldsOf(line: string): string[] {
  const fields = line.split(",");
  if (fields.length > 1 && fields.at(-1)!.trim() === "") fields.pop();
  return fields;
}

function whole(table: TuTable | undefined, where: string): TuTable | undefined {
  const bad = table?.data.findIndex((v) => !Number.isSafeInteger(v)) ?? -1;
  if (bad < 0) return table;
  const line = Math.floor(bad / table!.columns) + 1;
  throw wrong(where, line, "a label must be a whole number", "a whole number", String(table!.data[bad]));
}

function readIndicator(
  table: TuTable,
  counted: number,
  name: string,
): { graphOfNode: Int32Array; graphs: number } {
  const where = `${name}_graph_indicator.txt`;
  if (table.columns !== 1) throw wrong(where, 1, "one number is expected", "1 value", `${table.columns}`);
  const graphOfNode = new Int32Array(table.rows);
  let last = 0;
  table.data.forEach((id, i) => {
    if (!Number.isSafeInteger(id) || id < 1 || id > Math.max(table.rows, counted) || id - 1 < last) {
      throw wrong(
        where,
        i + 1,
        "the nodes of a graph do not stand together",
        "1, 2, … ascending",
        String(id),
      );
    }
    last = id - 1;
    graphOfNode[i] = last;
  });
  return { graphOfNode, graphs: Math.max(counted, table.rows === 0 ? 0 : last + 1) };
}

function readEdges(table: TuTable, graphOfNode: Int32Array, name: string) {
  const where = `${name}_A.txt`;
  if (table.rows > 0 && table.columns !== 2) {
    throw wrong(where, 1, "an edge is two nodes", "2 values", String(table.columns));
  }
  const source = new Int32Array(table.rows);
  const target = new Int32Array(table.rows);
  for (let e = 0; e < table.rows; e++) {
    const [a, b] = [table.data[2 * e]!, table.data[2 * e + 1]!];
    const exists = (node: number) => Number.isInteger(node) && node >= 1 && node <= graphOfNode.length;
    if (!exists(a) || !exists(b)) {
      throw wrong(where, e + 1, "there is no such node", `nodes 1 … ${graphOfNode.length}`, `${a}, ${b}`);
    }
    if (graphOfNode[a - 1] !== graphOfNode[b - 1]) {
      throw wrong(where, e + 1, "an edge joins two graphs", "nodes of one graph", `${a}, ${b}`);
    }
    source[e] = a - 1;
    target[e] = b - 1;
  }
  return { source, target };
}
