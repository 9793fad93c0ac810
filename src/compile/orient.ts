/**
 * Third pass: every contraction is turned so that its last output axis can run over vector lanes — by swapping the
 * operands, by copying one of them into the order in which it is read, or by writing the sum as a plain reduction of a
 * product. The choice depends on shapes only, so it is the same on every backend.
 */
import type { Shape, Size, Target } from "../ir/index.ts";
import { apply, arg, mulSize, sameSize, stridesOf } from "../ir/index.ts";
import {
  type CNode,
  type CSpec,
  type Graph,
  isMove,
  type Roots,
  rebuild,
  roughCount,
  type SplitContractSpec,
} from "./graph.ts";
import { vectorizable } from "./lower/spread.ts";

export function orient(r: Roots, graph: Graph, { tile }: Target): Roots {
  return rebuild(r, graph, (n) =>
    n.spec.kind === "contract" ? oriented(foldPermutes(n, n.spec, graph), graph, tile.columns) : undefined,
  );
}

/** `tile` is the number of columns of the register tile: it decides how an operand is laid out, never a result. */
function oriented(n: CNode, graph: Graph, tile: number): CNode {
  const spec = n.spec as SplitContractSpec;
  // Axes of size 1 hide the axis that the lanes should run along.
  const axes = n.shape.map((_, i) => i).filter((i) => n.shape[i] !== 1);
  if (axes.length < n.shape.length) {
    const shape = axes.map((i) => n.shape[i]!);
    const pick = (strides: readonly Size[]): Size[] => [
      ...axes.map((i) => strides[i]!),
      ...strides.slice(n.shape.length),
    ];
    const slim = {
      ...spec,
      a: { ...spec.a, strides: pick(spec.a.strides) },
      b: { ...spec.b, strides: pick(spec.b.strides) },
    };
    const inner = oriented(graph.node(slim, n.inputs, shape, n.dtype, n.label), graph, tile);
    return graph.node({ kind: "move", move: "reshape" }, [inner], n.shape, n.dtype, n.label);
  }
  const last = n.shape.length - 1;
  const swapped: SplitContractSpec = { ...spec, a: spec.b, b: spec.a };
  const [a, b] = n.inputs as [CNode, CNode];
  if (vectorizable(spec, last)) {
    const wide = packed(n, spec, [a, b], graph, tile);
    return (wide && turnedOver(n, spec, graph)) ?? wide ?? n;
  }
  if (vectorizable(swapped, last)) {
    return packed(n, swapped, [b, a], graph, tile) ?? graph.node(swapped, [b, a], n.shape, n.dtype, n.label);
  }
  for (const [turned, inputs] of [[spec, [a, b]] as const, [swapped, [b, a]] as const]) {
    if (isStrided(n, turned))
      return packed(n, turned, inputs, graph, tile) ?? copyOperand(n, turned, inputs, graph);
  }
  return asReduction(n, spec, graph) ?? n;
}

/** Whether `b` is read along the lanes with a stride, again and again for other results, and `a` not at all. */
function isStrided(n: CNode, spec: SplitContractSpec): boolean {
  const last = n.shape.length - 1;
  if (last < 0 || spec.a.strides[last] !== 0 || spec.b.strides[last] === 0) return false;
  return n.shape.some((_, i) => spec.b.strides[i] === 0);
}

/** The fewest columns of a panel. */
const NARROW = 8;
/** Elements of an operand from which on panels pay. */
const PACK_FROM = 1 << 13;

/**
 * A wide `b` that many rows share is copied into panels as wide as the register tile, each a run of memory: rows of `b`
 * that lie far apart would push each other out of the cache.
 */
function packed(
  n: CNode,
  spec: SplitContractSpec,
  inputs: readonly [CNode, CNode],
  graph: Graph,
  tile: number,
): CNode | undefined {
  const last = n.shape.length - 1;
  const columns = n.shape[last];
  const rows = n.shape.slice(0, -1);
  if (
    typeof columns !== "number" ||
    columns <= NARROW ||
    columns % NARROW !== 0 ||
    spec.a.strides[last] !== 0
  )
    return undefined;
  // With panels of other widths the same products are packed, so that the same sums are cut.
  let panel = tile;
  while (columns % panel !== 0) panel /= 2;
  if (!rows.every((_, i) => spec.b.strides[i] === 0) || roughCount(rows) < 32) return undefined;
  // With a short sum the results, written row by row, matter more; a small operand stays in the cache as it is.
  const length = roughCount(spec.reduce);
  if (length < 64 || length * columns < PACK_FROM) return undefined;
  // Sums over images are cut into parts (the next pass), which stay in the cache as they are.
  if (spec.reduce.length > 1 && typeof spec.reduce[0] !== "number") return undefined;
  const split = (s: Size): Size[] => [mulSize(s, panel), s];
  const strides = (all: readonly Size[]): Size[] => [
    ...all.slice(0, last),
    ...split(all[last]!),
    ...all.slice(last + 1),
  ];
  const wide = {
    ...spec,
    a: { ...spec.a, strides: strides(spec.a.strides) },
    b: { ...spec.b, strides: strides(spec.b.strides) },
  };
  const shape = [...rows, columns / panel, panel];
  const draft = { ...n, shape };
  const inner = copyOperand(draft, wide, inputs, graph);
  return graph.node({ kind: "move", move: "reshape" }, [inner], n.shape, n.dtype, n.label);
}

/**
 * Where both operands run along an output axis each (the gradient of a wide matrix): the other way around, so that the narrow one
 * is read in vectors and the wide one is not copied. The result is, but it has no batch.
 */
function turnedOver(n: CNode, spec: SplitContractSpec, graph: Graph): CNode | undefined {
  const [rows, columns] = n.shape;
  if (n.shape.length !== 2 || typeof rows !== "number" || typeof columns !== "number") return undefined;
  if (rows <= NARROW || rows % NARROW !== 0 || rows >= columns) return undefined;
  if (spec.a.strides[0] !== 1 || spec.b.strides[0] !== 0) return undefined;
  const over = ({ offset, strides: [i, j, ...sums] }: Access): Access => ({
    offset,
    strides: [j!, i!, ...sums],
  });
  const [a, b] = n.inputs as [CNode, CNode];
  const turned = { ...spec, a: over(spec.b), b: over(spec.a) };
  const result = graph.node(turned, [b, a], [columns, rows], n.dtype, n.label);
  return graph.node({ kind: "move", move: "permute", axes: [1, 0] }, [result], n.shape, n.dtype, n.label);
}

/** The same with `b` copied into the order in which it is read. */
function copyOperand(
  n: Omit<CNode, "id">,
  spec: SplitContractSpec,
  [a, b]: readonly [CNode, CNode],
  graph: Graph,
): CNode {
  const last = n.shape.length - 1;
  const all = [...n.shape, ...spec.reduce];
  const inSums = all.map((_, i) => i).filter((i) => i >= n.shape.length && spec.b.strides[i] !== 0);
  const batch = n.shape.map((_, i) => i).filter((i) => i !== last && spec.b.strides[i] !== 0);
  const order = [...batch, ...inSums, last];
  const shape: Shape = order.map((i) => all[i]!);
  const strides = order.map((i) => spec.b.strides[i]!);
  const copy = graph.node(
    { kind: "strided", offset: spec.b.offset, strides },
    [b],
    shape,
    b.dtype,
    `${n.label}/copy`,
  );
  let stride: Size = 1;
  const fresh: Size[] = all.map(() => 0);
  for (let i = order.length - 1; i >= 0; i--) {
    fresh[order[i]!] = stride;
    stride = mulSize(stride, shape[i]!);
  }
  const turned: CSpec = { ...spec, b: { offset: 0, strides: fresh } };
  return graph.node(turned, [a, copy], n.shape, n.dtype, n.label);
}

/** A sum along neighbouring elements of both operands, with too little reuse for a tile: lanes run along the sum. */
function asReduction(n: CNode, spec: SplitContractSpec, graph: Graph): CNode | undefined {
  const rank = n.shape.length;
  if (spec.reduce.length === 0 || spec.part !== undefined) return undefined;
  const end = rank + spec.reduce.length - 1;
  const steps = [spec.a.strides[end]!, spec.b.strides[end]!];
  if (rank > 0 && !steps.every((s) => s === 1 || s === 0)) return undefined;
  const shape = [...n.shape, ...spec.reduce];
  const [a, b] = n.inputs as [CNode, CNode];
  const x = graph.node({ kind: "strided", ...spec.a }, [a], shape, a.dtype, n.label);
  const y = graph.node({ kind: "strided", ...spec.b }, [b], shape, b.dtype, n.label);
  const product = graph.node(
    { kind: "map", expr: apply("mul", arg(0, a.dtype), arg(1, b.dtype)) },
    [x, y],
    shape,
    n.dtype,
    n.label,
  );
  const axes = spec.reduce.map((_, i) => rank + i);
  return graph.node({ kind: "reduce", fn: "sum", axes }, [product], n.shape, n.dtype, n.label);
}

/** Reads a permuted operand where it lies: each stride of the contraction is looked up among the axes it steps along. */
function foldPermutes(n: CNode, spec: SplitContractSpec, graph: Graph): CNode {
  const a = throughPermute(n, n.inputs[0]!, spec.a, spec);
  const b = throughPermute(n, n.inputs[1]!, spec.b, spec);
  if (!a && !b) return n;
  const inputs = [a?.node ?? n.inputs[0]!, b?.node ?? n.inputs[1]!];
  return graph.node(
    { ...spec, a: a?.access ?? spec.a, b: b?.access ?? spec.b },
    inputs,
    n.shape,
    n.dtype,
    n.label,
  );
}

type Access = SplitContractSpec["a"];

function throughPermute(
  n: CNode,
  operand: CNode,
  access: Access,
  spec: SplitContractSpec,
): { node: CNode; access: Access } | undefined {
  if (!isMove(operand, "permute") || access.offset !== 0 || spec.part !== undefined) return undefined;
  if (operand.spec.kind !== "move" || operand.spec.move !== "permute") return undefined;
  const x = operand.inputs[0]!;
  const from = stridesOf(operand.shape);
  const to = stridesOf(x.shape);
  const sizes = [...n.shape, ...spec.reduce];
  const { axes } = operand.spec;
  const strides = access.strides.map((s, i) => {
    if (s === 0) return 0;
    // Only steps along one whole axis are followed.
    const axis = from.findIndex(
      (f, d) => sameSize(f, s) && operand.shape[d] !== 1 && sameSize(operand.shape[d]!, sizes[i]!),
    );
    return axis < 0 ? undefined : to[axes[axis]!]!;
  });
  if (strides.some((s) => s === undefined)) return undefined;
  return { node: x, access: { offset: 0, strides: strides as Size[] } };
}
