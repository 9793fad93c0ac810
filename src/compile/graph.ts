/**
 * The compiler's working form of a Program: nodes that point at each other, made only through `Graph.node`, which shares
 * equal nodes. A few node kinds exist only here, between simplification and code generation.
 */
import type {
  ContractSpec,
  DType,
  NodeSpec,
  Program,
  ReduceSpec,
  Shape,
  Size,
  TypedArray,
  WindowSpec,
} from "../ir/index.ts";
import { contentKey } from "../ir/index.ts";

/**
 * Window nodes that a `max` window and its adjoints turn into, so that the place of the maximum is found once and kept
 * in a byte instead of keeping the whole input.
 *  `argmax` [x]       the number of the winning cell of each window, row-major within the window
 *  `spread` [w, g]    each window's g at its winning cell, summed where windows overlap (adjoint of pick)
 *  `pick`   [w, t]    the value of t at each window's winning cell
 */
export interface WinnerSpec extends Omit<WindowSpec, "fn"> {
  readonly fn: "argmax" | "spread" | "pick";
}

/**
 * Gradients of a convolution behind max pooling, window by window, in float32. The winner of window [n, …place] of filter
 * f meets the image at `offset + n · strides[0] + Σ (place · window + cell) · strides[1 + axis]`, counted in elements; the
 * kernel's taps lie there as `rows` (all combinations) of `run` neighbours.
 *  `filter` [winner, g, image]    Σ over parts of `part` images of g · image: [parts, filters, …rows, run elements]
 *  `input`  [winner, g, kernel]   g · kernel [filters, …rows, run elements], added up in the image
 */
export interface WinnersSpec {
  readonly kind: "winners";
  readonly fn: "filter" | "input";
  readonly window: readonly number[];
  readonly offset: Size;
  readonly strides: readonly number[];
  readonly rows: readonly { readonly size: number; readonly stride: number }[];
  readonly run: number;
  readonly part?: number;
}

/** A contraction whose first reduce axis is cut into parts of `part` rounds; part p is the first axis of the output. */
export interface SplitContractSpec extends ContractSpec {
  readonly part?: number;
}

/** A sum whose first axis is cut into parts of `part` rounds; part p is the first axis of the output. */
export interface SplitReduceSpec extends ReduceSpec {
  readonly part?: number;
}

/** Elements of memory read with any strides: `x[offset + Σ index·stride]` in elements of the row-major input. */
export interface StridedSpec {
  readonly kind: "strided";
  readonly offset: Size;
  readonly strides: readonly Size[];
}

export type CSpec =
  | Exclude<NodeSpec, { kind: "contract" | "reduce" }>
  | WinnerSpec
  | WinnersSpec
  | SplitContractSpec
  | SplitReduceSpec
  | StridedSpec;

export interface CNode {
  readonly id: number;
  readonly spec: CSpec;
  readonly inputs: readonly CNode[];
  readonly shape: Shape;
  readonly dtype: DType;
  readonly label: string;
}

export interface Roots {
  readonly outputs: readonly CNode[];
  readonly effects: readonly { readonly variable: number; readonly value: CNode }[];
  readonly guard: CNode | undefined;
}

export class Graph {
  #count = 0;
  readonly #known = new Map<string, CNode>();
  readonly #data = new Map<TypedArray, number>();

  node(spec: CSpec, inputs: readonly CNode[], shape: Shape, dtype: DType, label: string): CNode {
    const key = contentKey([this.#plain(spec), inputs.map((n) => n.id), shape, dtype]);
    const known = this.#known.get(key);
    if (known) return known;
    const made: CNode = { id: this.#count++, spec, inputs, shape, dtype, label };
    this.#known.set(key, made);
    return made;
  }

  /** Constants are told apart by the array they hold, not by its content. */
  #plain(spec: CSpec): unknown {
    if (spec.kind !== "source" || spec.source !== "constant")
      return Object.entries(spec).sort(([a], [b]) => (a < b ? -1 : 1));
    if (spec.data.length === 1) return ["constant", spec.data[0]];
    let id = this.#data.get(spec.data);
    if (id === undefined) this.#data.set(spec.data, (id = this.#data.size));
    return ["constant", "array", id];
  }
}

/** Calls `visit` on every node needed by the roots, inputs first. */
export function topological(roots: readonly CNode[]): CNode[] {
  const order: CNode[] = [];
  const state = new Map<CNode, boolean>();
  const stack: CNode[] = [...roots].reverse();
  while (stack.length > 0) {
    const n = stack[stack.length - 1]!;
    const seen = state.get(n);
    if (seen === undefined) {
      state.set(n, false);
      for (let i = n.inputs.length - 1; i >= 0; i--) if (!state.has(n.inputs[i]!)) stack.push(n.inputs[i]!);
    } else {
      stack.pop();
      if (!seen) {
        state.set(n, true);
        order.push(n);
      }
    }
  }
  return order;
}

/** Rebuilds a program node by node through `rewrite`, which gets each node with its inputs already rebuilt. */
export function fromProgram(
  p: Program,
  make: (spec: NodeSpec, inputs: CNode[], shape: Shape, dtype: DType, label: string) => CNode,
): Roots {
  const made: CNode[] = [];
  for (const n of p.nodes) {
    made.push(
      make(
        n.spec,
        n.inputs.map((i) => made[i]!),
        n.shape,
        n.dtype,
        n.label,
      ),
    );
  }
  return {
    outputs: p.outputs.map((i) => made[i]!),
    effects: p.effects.map((e) => ({ variable: e.variable, value: made[e.value]! })),
    guard: p.guard === undefined ? undefined : made[p.guard]!,
  };
}

export function rootNodes(r: Roots): CNode[] {
  return [...r.outputs, ...r.effects.map((e) => e.value), ...(r.guard ? [r.guard] : [])];
}

/** Applies `change` to every node, inputs first. */
export function rebuild(r: Roots, graph: Graph, change: (n: CNode) => CNode | undefined): Roots {
  const made = new Map<CNode, CNode>();
  for (const n of topological(rootNodes(r))) {
    const inputs = n.inputs.map((x) => made.get(x)!);
    const same = inputs.every((x, i) => x === n.inputs[i]);
    const fresh = same ? n : graph.node(n.spec, inputs, n.shape, n.dtype, n.label);
    made.set(n, change(fresh) ?? fresh);
  }
  const swap = (n: CNode): CNode => made.get(n)!;
  return {
    outputs: r.outputs.map(swap),
    effects: r.effects.map((e) => ({ variable: e.variable, value: swap(e.value) })),
    guard: r.guard && swap(r.guard),
  };
}

/** A scalar constant's value. */
export function scalarConstant(n: CNode): number | undefined {
  return n.spec.kind === "source" && n.spec.source === "constant" && n.spec.data.length === 1
    ? n.spec.data[0]
    : undefined;
}

export function isMove(n: CNode, move: "reshape" | "permute" | "broadcast" | "slice" | "place"): boolean {
  return n.spec.kind === "move" && n.spec.move === move;
}

/** Follows reshapes down to the node that holds the elements in the same order. */
export function throughReshapes(n: CNode): CNode {
  let x = n;
  while (isMove(x, "reshape")) x = x.inputs[0]!;
  return x;
}

/** The number of elements if it is known, else a large stand-in, for cost estimates only. */
export function roughCount(shape: Shape, unknown = 64): number {
  return shape.reduce((n: number, s: Size) => n * (typeof s === "number" ? s : unknown), 1);
}
