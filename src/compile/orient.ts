/**
 * Second pass: every contraction is turned so that its last output axis can run over vector lanes — by swapping the
 * operands, by copying one of them into the order in which it is read, or by writing the sum as a plain reduction of a
 * product. The choice depends on shapes only, so it is the same on every backend.
 */
import type { Shape, Size } from "../ir/index.ts";
import { apply, arg, mulSize, sameSize, stridesOf } from "../ir/index.ts";
import {
  type CNode,
  type CSpec,
  type Graph,
  isMove,
  type Roots,
  rebuild,
  type SplitContractSpec,
} from "./graph.ts";
import { vectorizable } from "./lower/contract.ts";

export function orient(r: Roots, graph: Graph): Roots {
  return rebuild(r, graph, (n) =>
    n.spec.kind === "contract" ? oriented(foldPermutes(n, n.spec, graph), graph) : undefined,
  );
}

function oriented(n: CNode, graph: Graph): CNode {
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
    const inner = oriented(graph.node(slim, n.inputs, shape, n.dtype, n.label), graph);
    return graph.node({ kind: "move", move: "reshape" }, [inner], n.shape, n.dtype, n.label);
  }
  const last = n.shape.length - 1;
  const swapped: SplitContractSpec = { ...spec, a: spec.b, b: spec.a };
  if (vectorizable(spec, last)) return n;
  const [a, b] = n.inputs as [CNode, CNode];
  if (vectorizable(swapped, last)) return graph.node(swapped, [b, a], n.shape, n.dtype, n.label);
  const copied = copyOperand(n, spec, [a, b], graph) ?? copyOperand(n, swapped, [b, a], graph);
  if (copied) return copied;
  return asReduction(n, spec, graph) ?? n;
}

/**
 * The `b` operand read along the lanes with a stride: copied once into the order of reading, if it is read again for
 * other results, and if nothing of it is read through overlapping windows.
 */
function copyOperand(
  n: CNode,
  spec: SplitContractSpec,
  [a, b]: readonly [CNode, CNode],
  graph: Graph,
): CNode | undefined {
  const last = n.shape.length - 1;
  if (last < 0 || spec.a.strides[last] !== 0 || spec.b.strides[last] === 0) return undefined;
  const all = [...n.shape, ...spec.reduce];
  const reused = n.shape.some((_, i) => spec.b.strides[i] === 0);
  if (!reused) return undefined;
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
