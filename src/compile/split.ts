/**
 * Fourth pass: long sums with few results are cut into parts, so that there is work for every thread, operands stay in
 * cache and rounding errors stay small; extremes of many elements likewise. Where a sum is cut depends on shapes only.
 */
import type { Size } from "../ir/index.ts";
import { ceilDivSize, countOf } from "../ir/index.ts";
import {
  type CNode,
  type CSpec,
  type Graph,
  type Roots,
  rebuild,
  roughCount,
  type SplitContractSpec,
  type SplitReduceSpec,
} from "./graph.ts";

/** About how many multiply-adds one task of a cut sum does. */
const PART_WORK = 1 << 19;
/** About how many elements one task of a cut sum of elements adds, the most results, and the longest part where the sum's
 * length is not known. */
const PART_ELEMENTS = 1 << 15;
const FEW_RESULTS = 1 << 12;
const LONGEST_PART = 16;
/** Elements from which on an extreme is found in two steps; with more columns than these that of each column first, or else of each row. */
const MANY_ELEMENTS = 1 << 13;
const FEWEST_COLUMNS = 16;
const MOST_COLUMNS = 48;

/** The parts are summed in order. */
export function splitSums(r: Roots, graph: Graph): Roots {
  return rebuild(r, graph, (n) => {
    if (n.spec.kind === "contract") return splitContraction(n, n.spec, graph);
    if (n.spec.kind === "move" && n.spec.move === "permute") return permutedParts(n, n.spec.axes, graph);
    if (n.spec.kind !== "reduce") return undefined;
    return n.spec.fn === "max" || n.spec.fn === "min"
      ? splitExtreme(n, n.spec, graph)
      : splitReduction(n, n.spec, graph);
  });
}

/** The largest or smallest of many elements: of each column or row first, so that there are several tasks. */
function splitExtreme(n: CNode, spec: SplitReduceSpec, graph: Graph): CNode | undefined {
  const { shape } = n.inputs[0]!;
  const last = shape.length - 1;
  const size = countOf(shape);
  if (n.shape.length > 0 || last < 1 || typeof size !== "number" || size < MANY_ELEMENTS) return undefined;
  const [rows, columns] = [shape[0] as number, shape[last] as number];
  // A task does no fewer than 16 columns.
  if (columns <= FEWEST_COLUMNS || rows === 1) return undefined;
  const kept = columns <= MOST_COLUMNS ? last : 0;
  const axes = [...shape.keys()].filter((axis) => axis !== kept);
  const each = graph.node({ ...spec, axes }, n.inputs, [shape[kept]!], n.dtype, n.label);
  return graph.node({ ...spec, axes: [0] }, [each], n.shape, n.dtype, n.label);
}

/** Sums of columns over the leading axes (the statistics of a batch normalization). */
function splitReduction(n: CNode, spec: SplitReduceSpec, graph: Graph): CNode | undefined {
  const { shape } = n.inputs[0]!;
  if (spec.fn !== "sum" || n.dtype !== "float32" || spec.part !== undefined) return undefined;
  if (spec.axes[0] !== 0 || spec.axes.includes(shape.length - 1)) return undefined;
  const results = countOf(n.shape);
  if (typeof results !== "number" || results > FEW_RESULTS) return undefined;
  const part = Math.max(1, 2 ** Math.round(Math.log2(PART_ELEMENTS / roughCount(shape.slice(1)))));
  const first = shape[0]!;
  if (typeof first === "number" ? first < 2 * part : part > LONGEST_PART) return undefined;
  return inParts(n, { ...spec, part }, ceilDivSize(first, part), graph);
}

/** A permuted sum of parts: the sum of permuted parts, so that whoever reads it finds it in its order. */
function permutedParts(n: CNode, axes: readonly number[], graph: Graph): CNode | undefined {
  const sum = n.inputs[0]!;
  const cut = sum.inputs[0];
  if (sum.spec.kind !== "reduce" || cut?.spec.kind !== "contract" || cut.spec.part === undefined)
    return undefined;
  const parts = cut.shape[0]!;
  const spec = { kind: "move", move: "permute", axes: [0, ...axes.map((a) => a + 1)] } as const;
  const turned = graph.node(spec, [cut], [parts, ...n.shape], n.dtype, cut.label);
  return graph.node(sum.spec, [turned], n.shape, n.dtype, sum.label);
}

function inParts(n: CNode, spec: CSpec, parts: Size, graph: Graph): CNode {
  const cut = graph.node(spec, n.inputs, [parts, ...n.shape], n.dtype, n.label);
  return graph.node({ kind: "reduce", fn: "sum", axes: [0] }, [cut], n.shape, n.dtype, `${n.label}/parts`);
}

/** A contraction with few results and a long sum (the gradient of a convolution's kernel), along its first reduce axis. */
function splitContraction(n: CNode, spec: SplitContractSpec, graph: Graph): CNode | undefined {
  const first: Size | undefined = spec.reduce[0];
  if (first === undefined || spec.part !== undefined || n.dtype !== "float32") return undefined;
  const results = roughCount(n.shape);
  const rest = roughCount(spec.reduce.slice(1));
  if (typeof countOf(n.shape) !== "number" || results > (rest === 1 ? 1 << 15 : 1 << 18)) return undefined;
  const byWork = 2 ** Math.round(Math.log2(PART_WORK / (results * rest)));
  // Each part is written and read once more: its sum must be long against that.
  const part = Math.max(1, byWork, 2 ** Math.ceil(Math.log2(2048 / rest)));
  if (typeof first === "number" && first < 2 * part) return undefined;
  return inParts(n, { ...spec, part }, ceilDivSize(first, part), graph);
}
