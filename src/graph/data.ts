/** Data: one graph with the values of its nodes and edges, and its printout in PyTorch Geometric's form. */
import { Tensor } from "../core/index.ts";
import type { GraphArray } from "../data/datasets/graphs.ts";
import type { DType, TypedArray } from "../ir/dtype.ts";
import { DataError, ShapeError } from "../ir/errors.ts";
import { EdgeIndex, type EdgePairs } from "./edge-index.ts";

export type { GraphArray } from "../data/datasets/graphs.ts";

/** What a field may hold once it is in a graph: values with a shape, edges, numbers, texts, lists, dictionaries. */
export type FieldValue =
  | GraphArray
  | EdgeIndex
  | number
  | boolean
  | string
  | readonly unknown[]
  | ReadonlyMap<string, unknown>;

/** Numbers in brackets, typed arrays, Tensors, values with their shape. */
export type FieldInput = FieldValue | Tensor | TypedArray | Float64Array | EdgePairs;

/** Fields by their names in camelCase. */
export type DataFields = Readonly<Record<string, FieldInput | null | undefined>>;

/** The fields that come first, in PyTorch Geometric's order. */
const first = ["x", "edgeIndex", "edgeAttr", "y", "pos"];
/** Fields whose values count nodes, by which a graph without `x` knows how many it has. */
const nodeFields = ["x", "pos", "batch"];

/** `edgeIndex` → `edge_index`, as PyTorch Geometric writes names. */
export function snakeCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, (_, a: string, b: string) => `${a}_${b.toLowerCase()}`);
}

/** True for values with a shape. */
export function isGraphArray(value: unknown): value is GraphArray {
  return (
    typeof value === "object" && value !== null && "data" in value && "dtype" in value && "shape" in value
  );
}

/** A graph. Immutable: `with` makes another one. */
export class Data {
  readonly fields: ReadonlyMap<string, FieldValue>;
  readonly numNodes: number;

  /**
   * Fields in the order given, but (unless `keepOrder`) `x`, `edgeIndex`, `edgeAttr`, `y` and `pos` first; those that are null or undefined are
   * left out. Nodes are counted by `numNodes`, else by the rows of `x`, else by the largest number in `edgeIndex`.
   *
   * @throws ShapeError or DataError where a field is no array, or the edges do not fit the nodes.
   * @example new Data({ x: tensor([[-1], [0], [1]]), edgeIndex: [[0, 1, 1, 2], [1, 0, 2, 1]] })
   */
  constructor(fields: DataFields = {}, options: { keepOrder?: boolean; numNodes?: number } = {}) {
    const names = Object.keys(fields).filter((n) => fields[n] != null);
    const leading = options.keepOrder ? [] : first.filter((n) => names.includes(n));
    const order = [...leading, ...names.filter((n) => !leading.includes(n))];
    const { map, numNodes } = readFields(order, fields, options.numNodes);
    this.fields = map;
    this.numNodes = numNodes;
  }

  /** The value of a field, or undefined. */
  get(name: string): FieldValue | undefined {
    return this.fields.get(name);
  }

  /** The values of a field; DataError where there is none or it is no array. */
  array(name: string): GraphArray {
    const value = this.fields.get(name);
    if (isGraphArray(value)) return value;
    throw new DataError({
      where: "Data",
      problem: `the graph has no values called ${name}`,
      expected: [...this.fields.keys()].join(", "),
      got: name,
      try: "pass the field when the graph is made, or add it with data.with({ … })",
    });
  }

  #optional(name: string): GraphArray | undefined {
    return this.fields.has(name) ? this.array(name) : undefined;
  }

  /** Features of the nodes: [nodes, features]. */
  get x(): GraphArray | undefined {
    return this.#optional("x");
  }
  /** The edges; a graph without the field has none. */
  get edgeIndex(): EdgeIndex {
    const value = this.fields.get("edgeIndex");
    return value instanceof EdgeIndex ? value : new EdgeIndex([[], []], this.numNodes);
  }
  /** Features of the edges: [edges, features]. */
  get edgeAttr(): GraphArray | undefined {
    return this.#optional("edgeAttr");
  }
  /** A weight for each edge: [edges]. */
  get edgeWeight(): GraphArray | undefined {
    return this.#optional("edgeWeight");
  }
  /** What is to be predicted, for nodes, edges or the graph. */
  get y(): GraphArray | undefined {
    return this.#optional("y");
  }
  /** Positions of the nodes: [nodes, dimensions]. */
  get pos(): GraphArray | undefined {
    return this.#optional("pos");
  }

  get numEdges(): number {
    return this.edgeIndex.numEdges;
  }
  get numNodeFeatures(): number {
    return widthOf(this.x);
  }
  get numEdgeFeatures(): number {
    return widthOf(this.edgeAttr);
  }
  get isUndirected(): boolean {
    return this.edgeIndex.isUndirected;
  }
  get hasSelfLoops(): boolean {
    return this.edgeIndex.hasSelfLoops;
  }
  get hasIsolatedNodes(): boolean {
    return this.edgeIndex.hasIsolatedNodes;
  }

  /** This graph with fields changed or added (at the end); null removes one. */
  with(fields: DataFields): Data {
    const all = { ...Object.fromEntries(this.fields), ...fields };
    const recount = nodeFields.some((name) => name in fields) || "numNodes" in fields;
    return new Data(all, { keepOrder: true, ...(recount ? {} : { numNodes: this.numNodes }) });
  }

  /**
   * Checks that the parts belong together: rows of `x`, `pos` and node masks, rows of `edgeAttr` and `edgeWeight`, finite
   * numbers. Returns the graph.
   *
   * @throws ShapeError or DataError that names the field.
   */
  validate(): this {
    for (const [name, value] of this.fields) {
      if (!isGraphArray(value) || value.shape.length === 0) continue;
      const rows = value.shape[0]!;
      const perNode = nodeFields.includes(name) || /Mask$/.test(name);
      const perEdge = /^edge(Attr|Weight|Label|Type)$/.test(name);
      if (perNode && rows !== this.numNodes) throw rowsDiffer(name, value, this.numNodes, "node");
      if (perEdge && rows !== this.numEdges) throw rowsDiffer(name, value, this.numEdges, "edge");
      const bad = value.dtype === "float32" ? value.data.findIndex((v) => !Number.isFinite(v)) : -1;
      if (bad < 0) continue;
      throw new DataError({
        where: `data.${name}`,
        problem: "a value is not finite",
        expected: "finite numbers",
        got: `${value.data[bad]} at position ${bad}`,
        try: "remove the node or edge, or give it a value",
      });
    }
    return this;
  }

  /** As PyTorch Geometric prints it: `Data(x=[34, 34], edge_index=[2, 156], y=[34])`. */
  toString(): string {
    return printFields("Data", this.fields);
  }
}

/** `Data(…)` or `DataBatch(…)` with its fields. */
export function printFields(name: string, fields: ReadonlyMap<string, FieldValue>): string {
  const nested = [...fields.values()].some((v) => v instanceof Map);
  const parts = [...fields].map(([key, value]) => printField(snakeCase(key), value, nested ? 2 : 0));
  return nested ? `${name}(\n${parts.join(",\n")}\n)` : `${name}(${parts.join(", ")})`;
}

function printField(key: string, value: unknown, indent: number): string {
  const pad = " ".repeat(indent);
  return `${pad}${key.replaceAll("'", "")}=${printValue(value, indent, pad)}`;
}

function printValue(value: unknown, indent: number, pad: string): string {
  if (isGraphArray(value)) return value.shape.length > 0 ? `[${value.shape.join(", ")}]` : printNumber(value);
  if (value instanceof EdgeIndex) return `[2, ${value.numEdges}]`;
  if (value instanceof Tensor) return `[${value.shape.join(", ")}]`;
  if (typeof value === "string") return `'${value}'`;
  if (typeof value === "boolean") return value ? "True" : "False";
  if (value === null || value === undefined) return "None";
  if (Array.isArray(value)) return `[${value.length}]`;
  if (!(value instanceof Map)) return String(value);
  const entries = [...value] as [unknown, unknown][];
  if (entries.length === 0) return "{}";
  if (entries.length === 1 && !(entries[0]![1] instanceof Map)) {
    return `{ ${printField(String(entries[0]![0]), entries[0]![1], 0)} }`;
  }
  const lines = entries.map(([k, v]) => printField(String(k), v, indent + 2));
  return `{\n${lines.join(",\n")},\n${pad}}`;
}

/** A tensor without axes prints as its number; Python shows that it is a float. */
function printNumber({ data, dtype }: GraphArray): string {
  const value = data[0]!;
  if (dtype === "bool") return value ? "True" : "False";
  return dtype === "float32" && Number.isInteger(value) ? `${value}.0` : String(value);
}

function widthOf(array: GraphArray | undefined): number {
  if (array === undefined) return 0;
  return array.shape.length === 1 ? 1 : (array.shape.at(-1) ?? 0);
}

function rowsDiffer(name: string, value: GraphArray, expected: number, what: string): ShapeError {
  return new ShapeError({
    where: `data.${name}`,
    problem: `there must be one row for each ${what}`,
    expected: `${expected} rows`,
    got: `[${value.shape.join(", ")}]`,
    try:
      what === "node"
        ? "give numNodes if the graph has nodes without features"
        : "edges count in both directions",
  });
}

/** Fields as they are kept, and the number of nodes. */
function readFields(
  order: readonly string[],
  given: DataFields,
  numNodes?: number,
): { map: Map<string, FieldValue>; numNodes: number } {
  const map = new Map<string, FieldValue>();
  for (const name of order) {
    if (name !== "edgeIndex") map.set(name, fieldValue(name, given[name]!));
    else map.set(name, 0);
  }
  const counted = map.get("numNodes");
  const stated = numNodes ?? (isGraphArray(counted) ? counted.data[0] : (counted as number | undefined));
  const rows = nodeFields.map((n) => map.get(n)).find((v) => isGraphArray(v) && v.shape.length > 0);
  const known = stated ?? (isGraphArray(rows) ? rows.shape[0] : undefined);
  if (!map.has("edgeIndex")) return { map, numNodes: known ?? 0 };
  const value = given.edgeIndex!;
  const same = value instanceof EdgeIndex && (known === undefined || value.numNodes === known);
  const pairs = value instanceof Tensor ? fromTensor(value) : (value as EdgePairs);
  const edges = same ? value : new EdgeIndex(pairs, known);
  map.set("edgeIndex", edges);
  return { map, numNodes: edges.numNodes };
}

/** Values as a field with a shape. Throws ShapeError where they are none. */
export function graphArray(name: string, value: FieldInput): GraphArray {
  const array = fieldValue(name, value);
  if (isGraphArray(array)) return array;
  if (Array.isArray(value)) return { data: new Float32Array(0), shape: [0], dtype: "float32" };
  throw new ShapeError({
    where: `data.${name}`,
    problem: "these are no values with a shape",
    expected: "numbers in brackets, a typed array, a Tensor, { data, shape, dtype }",
    got: typeof value,
    try: "pass one row for each node or edge",
  });
}

/** A field as it is kept. */
function fieldValue(name: string, value: FieldInput): FieldValue {
  if (value instanceof Tensor) return fromTensor(value);
  if (isGraphArray(value)) return checked(name, value);
  if (ArrayBuffer.isView(value)) return typed(value as TypedArray | Float64Array);
  if (Array.isArray(value) && value.length > 0 && isNumbers(value)) return nested(name, value);
  return value as FieldValue;
}

function isNumbers(value: unknown): boolean {
  if (typeof value === "number" || typeof value === "boolean") return true;
  return Array.isArray(value) && value.length > 0 && isNumbers(value[0]);
}

function fromTensor(t: Tensor): GraphArray {
  return { data: t.dataSync(), shape: t.shape as readonly number[], dtype: t.dtype };
}

function typed(values: TypedArray | Float64Array): GraphArray {
  if (values instanceof Float64Array)
    return { data: Float32Array.from(values), shape: [values.length], dtype: "float32" };
  const dtype: DType =
    values instanceof Float32Array ? "float32" : values instanceof Int32Array ? "int32" : "uint8";
  return { data: values, shape: [values.length], dtype };
}

function checked(name: string, value: GraphArray): GraphArray {
  const count = value.shape.reduce((a, b) => a * b, 1);
  if (value.data.length === count) return value;
  throw new ShapeError({
    where: `data.${name}`,
    problem: "the shape does not fit the number of values",
    expected: `${count} values for [${value.shape.join(", ")}]`,
    got: `${value.data.length} values`,
    try: "check the shape: its product is the number of values",
  });
}

function nested(name: string, value: readonly unknown[]): GraphArray {
  const shape: number[] = [];
  for (let v: unknown = value; Array.isArray(v); v = v[0]) shape.push(v.length);
  const flat = value.flat(shape.length - 1) as (number | boolean)[];
  if (flat.some((v) => typeof v !== "number" && typeof v !== "boolean")) {
    throw new ShapeError({
      where: `data.${name}`,
      problem: "the rows are not equally long, or not numbers",
      expected: `numbers of shape [${shape.join(", ")}]`,
      got: "something else",
      try: "pass { data, shape, dtype } or a Tensor",
    });
  }
  const dtype: DType =
    typeof flat[0] === "boolean" ? "bool" : flat.every((v) => Number.isInteger(v)) ? "int32" : "float32";
  const float = name === "x" || name === "pos" || name === "edgeAttr" || name === "edgeWeight";
  const data =
    dtype === "bool"
      ? Uint8Array.from(flat, Number)
      : float || dtype === "float32"
        ? Float32Array.from(flat, Number)
        : Int32Array.from(flat, Number);
  return checked(name, { data, shape, dtype: dtype !== "bool" && float ? "float32" : dtype });
}
