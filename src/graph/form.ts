/**
 * Forms: how graphs of one kind stand in the plans of a model. Which arrays a model needs is found by running it once on unknown
 * graphs; numbers of nodes, edges and graphs are symbolic, so that one plan serves every graph and every batch.
 *
 * Over 400 lines: what stands in a plan, its types and its arrays are said of each name side by side.
 */
import {
  type Dim,
  dim,
  gradient,
  isReplaying,
  rehearse,
  type Size,
  type Tensor,
  type Variable,
  zeros,
} from "../core/index.ts";
import type { TypedArray } from "../ir/dtype.ts";
import { DataError, internal } from "../ir/errors.ts";
import type { ValueSpec } from "../ir/program.ts";
import { addSize, countOf, evalSize, symbolsOf } from "../ir/size.ts";
import { type CallContext, callContext } from "../nn/context.ts";
import type { Layout, Rows } from "../nn/data-adapter.ts";
import type { HostArray } from "../nn/host-array.ts";
import { Batch } from "./batch.ts";
import type { CompressedName } from "./compressed.ts";
import {
  contextOf,
  type Distribution,
  drawReplayed,
  type GraphContext,
  type NoiseSource,
} from "./context.ts";
import type { Data, GraphArray } from "./data.ts";
import type { EdgeSource } from "./edges.ts";
import { Graph, type GraphRows, type GraphSource, nodeArrays, nodePointers, valueFields } from "./graph.ts";
import { type GroupArrays, largestOf, pickRows } from "./groups.ts";
import { type Kept, keptOf } from "./kept.ts";
import {
  asSparse,
  isSparse,
  type SparseArrays,
  SparseMatrix,
  type SparseName,
  sparseArrays,
} from "./sparse.ts";

/** What a form is made for. */
export interface FormModel {
  readonly label: string;
  call(graph: Graph, ctx: GraphContext): Tensor | readonly Tensor[];
  trainableWeights(): readonly Variable[];
}

export interface FormOptions {
  /** The field with the labels; without it there are none. */
  readonly target?: string | undefined;
  /** Whether a mask says which labels count. */
  readonly masked?: boolean | undefined;
}

/** Sizes of graphs as symbols. */
class Sizes {
  readonly nodes = dim("nodes");
  readonly edges = dim("edges");
  readonly looped = dim("edges with loops");
  readonly graphs = dim("graphs");
  readonly labelled = dim("labelled");
  readonly nonzero = dim("features that are not 0");
  readonly largest = dim("nodes of the largest graph");
  readonly #others = new Map<string, Dim>();

  /** The symbol of a field that counts neither nodes nor edges. */
  other(name: string): Dim {
    const known = this.#others.get(name) ?? dim(name);
    this.#others.set(name, known);
    return known;
  }
}

/** The arrays of structures by their names in a plan: `edges.ptr`, `loops.source`, `sparse.value` of `x`, `nodes.ids`. */
type ArrayName = `edges.${CompressedName}` | `loops.${CompressedName}` | `sparse.${SparseName}` | NodeArray;

/** Arrays of the nodes of each graph, or of those that are kept of them: `nodes.ptr`, `nodes/0.5/0.5.positions`. */
type NodeArray = `nodes${string}.${keyof Kept}` | "nodes.span";

/** Noise that is drawn for each step. */
interface Drawn extends ValueSpec {
  readonly distribution: Distribution;
}

/** Whether the features of a graph are held as sparse: in one graph, which stays; batches would be searched anew each time. */
export function hasSparseFeatures(example: Data): boolean {
  if (example instanceof Batch || !valueFields(example).includes("x")) return false;
  const { data, shape, dtype } = example.array("x");
  return dtype === "float32" && isSparse(data, shape);
}

export class Form {
  readonly layout: Layout;
  /** The outputs' shapes. */
  readonly outputs: readonly (readonly Size[])[];
  readonly #model: FormModel;
  readonly #options: FormOptions;
  readonly #sizes = new Sizes();
  readonly #fields: ReadonlyMap<string, ValueSpec>;
  /** Names of fields and arrays that are inputs of the plan, in order. */
  readonly #names: readonly string[];
  readonly #drawn: readonly Drawn[];
  readonly #sparse: boolean;
  readonly #finders: ReadonlyMap<number, (data: GraphRows) => number>;

  /** @param key what tells the form apart from others of the model. */
  constructor(model: FormModel, example: Data, options: FormOptions, key: string) {
    this.#model = model;
    this.#options = options;
    this.#sparse = hasSparseFeatures(example);
    const fields = new Map<string, ValueSpec>();
    for (const name of valueFields(example)) fields.set(name, this.#fieldSpec(example, name));
    this.#fields = fields;
    const names = new Set<string>();
    const drawn: Drawn[] = [];
    const run = (training: boolean): readonly Tensor[] => {
      const ctx = contextOf(callContext({ training }), this.#recorder(training ? drawn : []));
      const outputs = this.#call(
        this.#graph((name) => void names.add(name)),
        ctx,
      );
      const weights = model.trainableWeights();
      if (training && weights.length > 0) gradient(outputs[0]!.sum(), weights);
      return outputs;
    };
    this.outputs = rehearse(() => {
      run(true);
      return run(false).map((t) => t.shape);
    });
    this.#names = [...names];
    this.#drawn = isReplaying() ? drawn : [];
    this.#finders = this.#makeFinders();
    this.layout = {
      key,
      specs: this.#specs(example),
      drawn: this.#drawn,
      forward: (xs, ctx, masks) => this.#forward(xs, ctx, masks),
    };
  }

  #recorder(drawn: Drawn[]): NoiseSource {
    return (shape, distribution) => {
      drawn.push({ shape, dtype: "float32", distribution });
      return zeros(shape);
    };
  }

  #call(graph: Graph, ctx: GraphContext): readonly Tensor[] {
    const y = this.#model.call(graph, ctx);
    return Array.isArray(y) ? y : [y as Tensor];
  }

  /** The first size of a field, by what it belongs to. */
  #firstSize(data: Data, name: string, rows: number): Size {
    const { nodes, edges } = this.#sizes;
    if (["x", "pos"].includes(name)) return nodes;
    if (/^edge(Attr|Weight|Type)$/.test(name)) return edges;
    if (/Mask$/.test(name)) return rows === data.numNodes ? nodes : edges;
    return this.#sizes.other(name);
  }

  #fieldSpec(data: Data, name: string): ValueSpec {
    const { shape, dtype } = data.array(name);
    if (/index|face/i.test(name)) return { shape: [...shape.slice(0, -1), this.#sizes.other(name)], dtype };
    return { shape: [this.#firstSize(data, name, shape[0] ?? 1), ...shape.slice(1)], dtype };
  }

  /** What the rows of a field belong to; undefined for other inputs, and where that is not known. */
  rowsOf(name: string): "nodes" | "edges" | undefined {
    const rows = this.#fields.get(name)?.shape[0];
    if (rows === this.#sizes.nodes) return "nodes";
    return rows === this.#sizes.edges ? "edges" : undefined;
  }

  /** The type of an input. */
  specOf(name: string): ValueSpec {
    const { nodes, edges, looped, graphs, labelled } = this.#sizes;
    const field = this.#fields.get(name);
    if (field !== undefined) return field;
    const int = (size: Size): ValueSpec => ({ shape: [size], dtype: "int32" });
    if (name === "nodes.span") return int(this.#sizes.largest);
    if (name === "labelled.index") return int(labelled);
    if (name === "labelled.rank") return int(this.outputs[0]![0]!);
    if (name.startsWith("sparse.")) return this.#sparseSpec(name.slice("sparse.".length) as SparseName);
    const [structure, array] = splitName(name) as [string, CompressedName];
    if (structure.startsWith("nodes")) {
      if (array === "ptr") return int(addSize(graphs, 1));
      return int(structure === "nodes" ? nodes : this.#sizes.other(structure));
    }
    if (array === "ptr" || array === "columnPtr") return int(addSize(nodes, 1));
    return int(array === "listed" || structure === "edges" ? edges : looped);
  }

  #sparseSpec(name: SparseName): ValueSpec {
    const { nodes, nonzero } = this.#sizes;
    const columns = this.#fields.get("x")!.shape[1]!;
    const size = { rowPtr: addSize(nodes, 1), columnPtr: addSize(columns, 1) }[name as string] ?? nonzero;
    return { shape: [size], dtype: name === "value" ? "float32" : "int32" };
  }

  #specs(example: Data): ValueSpec[] {
    const { target, masked } = this.#options;
    const xs = this.inputs.map((name) => this.specOf(name));
    if (target === undefined) return xs;
    const { shape, dtype } = example.array(target);
    const rows = masked ? this.#sizes.labelled : this.outputs[0]![0]!;
    return [...xs, { shape: [rows, ...shape.slice(1)], dtype: dtype === "float32" ? dtype : "int32" }];
  }

  /** Names of the plan's inputs. */
  get inputs(): readonly string[] {
    const { target, masked } = this.#options;
    return target !== undefined && masked ? [...this.#names, "labelled.index", "labelled.rank"] : this.#names;
  }

  /** A graph of inputs; `tensors` gives them, or unknown ones are made and their names noted. */
  #graph(note: (name: string) => void, tensors?: ReadonlyMap<string, Tensor>): Graph {
    const { nodes, edges, looped, graphs } = this.#sizes;
    const made = new Map<string, Tensor>();
    const tensorOf = (name: string): Tensor => {
      if (tensors) return tensors.get(name) ?? internal(`${name} is no input of the plan`);
      note(name);
      const { shape, dtype } = this.specOf(name);
      const unknown = made.get(name) ?? zeros(shape, dtype);
      made.set(name, unknown);
      return unknown;
    };
    const structure = (kind: "edges" | "loops"): EdgeSource => ({
      numNodes: nodes,
      numListed: edges,
      numEdges: kind === "edges" ? edges : looped,
      looped: kind === "loops",
      array: (name) => tensorOf(`${kind}.${name}` satisfies ArrayName),
      loops: () => structure("loops"),
    });
    const features = new SparseMatrix((name) => tensorOf(`sparse.${name}` satisfies ArrayName));
    const groups = (kind: `nodes${string}`): GroupArrays => ({
      ptr: () => tensorOf(`${kind}.ptr` satisfies ArrayName),
      ids: () => tensorOf(`${kind}.ids` satisfies ArrayName),
      kept: (ratio) => ({
        ...groups(`${kind}/${ratio}`),
        count: this.#sizes.other(`${kind}/${ratio}`),
        positions: () => tensorOf(`${kind}/${ratio}.positions` satisfies ArrayName),
      }),
    });
    const source: GraphSource = {
      numNodes: nodes,
      numGraphs: graphs,
      edges: structure("edges"),
      fields: [...this.#fields.keys()],
      field: (name) => (name === "x" && this.#sparse ? asSparse(tensorOf(name), features) : tensorOf(name)),
      nodes: { ...groups("nodes"), span: () => tensorOf("nodes.span" satisfies ArrayName) },
    };
    return new Graph(source);
  }

  #forward(xs: readonly Tensor[], ctx: CallContext, masks: readonly Tensor[]): Tensor[] {
    const inputs = new Map(this.inputs.map((name, i) => [name, xs[i]!]));
    let next = 0;
    const drawn: NoiseSource | undefined = masks.length > 0 ? () => masks[next++]! : undefined;
    const outputs = this.#call(
      this.#graph(() => undefined, inputs),
      contextOf(ctx, drawn),
    );
    const index = inputs.get("labelled.index");
    if (this.#options.target === undefined) return [...outputs];
    return [index === undefined ? outputs[0]! : pickRows(outputs[0]!, index, inputs.get("labelled.rank")!)];
  }

  /**
   * The arrays of a graph in the order of the plan; `mask` names the field that says which labels count.
   *
   * @param names the inputs to give; all unless given.
   * @throws DataError where labels or the mask do not fit the outputs.
   */
  rows(data: GraphRows, mask?: string | null, names = this.inputs): Rows {
    const { target } = this.#options;
    const chosen = target !== undefined && mask ? maskedRows(data, mask) : undefined;
    const sparse = this.#sparse ? sparseFeatures(data) : undefined;
    const xs = names.map((name) => this.#array(data, name, chosen, sparse));
    if (target === undefined)
      return { xs, ys: [], weight: undefined, count: data.numNodes, layout: this.layout };
    const y = labels(data, target);
    const size = this.outputs[0]![0]!;
    const rows = evalSize(size, this.#values(data, [size]));
    if (y.shape[0] !== rows) this.#otherRows(target, y.shape[0], rows);
    const own = chosen === undefined ? y : takeRows(y, chosen.index);
    return { xs, ys: [own], weight: undefined, count: own.shape[0]!, layout: this.layout };
  }

  #otherRows(target: string, got: number | undefined, expected: number): never {
    throw new DataError({
      where: `${this.#model.label}: ${target}`,
      problem: "the labels do not fit what the model gives",
      expected: `${expected} labels, one for each row of the output`,
      got: String(got),
      try: "labels of nodes, edges or graphs belong to models that give a row for each node, edge or graph",
    });
  }

  /** For a graph the values of the symbols in `sizes`. */
  #values(data: GraphRows, sizes: readonly Size[]): Map<number, number> {
    const values = new Map<number, number>();
    for (const size of sizes) {
      for (const id of symbolsOf(size).keys()) values.set(id, this.#finders.get(id)!(data));
    }
    return values;
  }

  /** How the value of each symbol is found for a graph. */
  #makeFinders(): Map<number, (data: GraphRows) => number> {
    const { nodes, edges, looped, graphs, largest } = this.#sizes;
    const finders = new Map<number, (data: GraphRows) => number>();
    const add = (size: Size, find: (data: GraphRows) => number) => {
      for (const id of symbolsOf(size).keys()) if (!finders.has(id)) finders.set(id, find);
    };
    add(nodes, (data) => data.numNodes);
    add(edges, (data) => data.numEdges);
    add(looped, (data) => data.edgeIndex.compressedWithLoops.source.length);
    add(graphs, (data) => nodePointers(data).length - 1);
    add(largest, (data) => largestOf(nodePointers(data)));
    for (const name of this.#names) {
      const [structure, array] = splitName(name);
      if (array === "positions")
        add(this.#sizes.other(structure), (data) => keptNodes(data, structure).ids.length);
    }
    for (const [name, { shape }] of this.#fields) {
      shape.forEach((s, i) => {
        add(s, (data) => data.array(name).shape[i] ?? 1);
      });
    }
    return finders;
  }

  #array(
    data: GraphRows,
    name: string,
    chosen: Chosen | undefined,
    sparse: SparseArrays | undefined,
  ): HostArray {
    if (this.#fields.has(name)) return hostArray(data.array(name));
    if (name === "sparse.value") {
      const { value } = sparse!;
      return { data: value, shape: [value.length], dtype: "float32" };
    }
    if (name.startsWith("sparse."))
      return ints(sparse![name.slice("sparse.".length) as Exclude<SparseName, "value">]);
    if (name === "nodes.span") {
      return ints(Int32Array.from({ length: largestOf(nodePointers(data)) }, (_, i) => i));
    }
    const [structure, array] = splitName(name) as [string, CompressedName];
    if (structure.startsWith("nodes")) return ints(keptNodes(data, structure)[array as keyof Kept]);
    if (name === "labelled.index") return ints(chosen!.index);
    if (name === "labelled.rank") return ints(inverse(chosen!));
    const { edgeIndex } = data;
    return ints((structure === "edges" ? edgeIndex.compressed : edgeIndex.compressedWithLoops)[array]);
  }

  /** Whether steps draw from PyTorch's generator. */
  get draws(): boolean {
    return this.#drawn.length > 0;
  }

  /** The noise of one step on a graph, drawn from PyTorch's generator. */
  draw(data: GraphRows): TypedArray[] {
    if (!this.draws) return [];
    const sizes = this.#drawn.map(({ shape }) => countOf(shape));
    const values = this.#values(data, sizes);
    return this.#drawn.map(({ distribution }, i) => drawReplayed(evalSize(sizes[i]!, values), distribution));
  }
}

/** `nodes/0.5.ptr` → `nodes/0.5` and `ptr`. */
export function splitName(name: string): [structure: string, array: string] {
  const dot = name.lastIndexOf(".");
  return [name.slice(0, dot), name.slice(dot + 1)];
}

/** The nodes of each graph, or those that are kept of them one ratio after the other. */
function keptNodes(data: GraphRows, structure: string): Kept {
  const [ptr, ids] = nodeArrays(data);
  const ratios = structure.split("/").slice(1).map(Number);
  return ratios.reduce<Kept>((kept, ratio) => keptOf(kept.ptr, ratio), { ptr, ids, positions: ids });
}

/** Rows that a mask chooses, of how many. */
interface Chosen {
  readonly index: Int32Array;
  readonly of: number;
}

function maskedRows(data: GraphRows, mask: string): Chosen {
  const { data: values } = data.array(mask);
  const index = Int32Array.from(values.keys()).filter((i) => values[i] !== 0);
  if (index.length > 0) return { index, of: values.length };
  throw new DataError({
    where: mask,
    problem: "the mask leaves nothing to learn from",
    expected: "a mask that is true somewhere",
    got: `${values.length} times false`,
    try: "choose another mask",
  });
}

/** The position of each row among those chosen; -1 where it is not one of them. */
function inverse({ index, of }: Chosen): Int32Array {
  const out = new Int32Array(of).fill(-1);
  index.forEach((row, i) => {
    out[row] = i;
  });
  return out;
}

function labels(data: GraphRows, target: string): HostArray {
  const y = hostArray(data.array(target));
  const shape = y.shape.length === 0 ? [1] : y.shape;
  if (y.dtype === "float32" || y.dtype === "int32") return { ...y, shape };
  return { data: Int32Array.from(y.data), shape, dtype: "int32" };
}

function takeRows(y: HostArray, rows: Int32Array): HostArray {
  const width = y.shape.slice(1).reduce((a, b) => a * b, 1);
  const data = y.data.slice(0, rows.length * width);
  rows.forEach((row, i) => {
    data.set(y.data.subarray(row * width, (row + 1) * width), i * width);
  });
  return { data, shape: [rows.length, ...y.shape.slice(1)], dtype: y.dtype };
}

function sparseFeatures(data: GraphRows): SparseArrays {
  const { data: values, shape } = data.array("x");
  return sparseArrays(values as TypedArray, shape as readonly [number, number]);
}

function hostArray({ data, shape, dtype }: GraphArray): HostArray {
  return { data, shape, dtype } as HostArray;
}

export function ints(data: Int32Array): HostArray {
  return { data, shape: [data.length], dtype: "int32" };
}
