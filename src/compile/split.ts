/**
 * Third pass: long sums with few results are cut into parts, so that there is work for every thread, operands stay in
 * cache and rounding errors stay small. Where a sum is cut depends on shapes only.
 */
import type { Size } from "../ir/index.ts";
import { ceilDivSize, countOf } from "../ir/index.ts";
import { type CNode, type Graph, type Roots, rebuild, roughCount, type SplitContractSpec } from "./graph.ts";

/** About how many multiply-adds one task of a cut sum does. */
const PART_WORK = 1 << 19;

/**
 * A contraction with few results and a long sum (the gradient of a convolution's kernel) is cut along its first reduce
 * axis, so that there is work for every thread and rounding errors stay small; the parts are summed in order.
 */
export function splitSums(r: Roots, graph: Graph): Roots {
  return rebuild(r, graph, (n) => (n.spec.kind === "contract" ? splitSum(n, n.spec, graph) : undefined));
}

function splitSum(n: CNode, spec: SplitContractSpec, graph: Graph): CNode | undefined {
  const first: Size | undefined = spec.reduce[0];
  if (first === undefined || spec.part !== undefined || n.dtype !== "float32") return undefined;
  const results = roughCount(n.shape);
  const rest = roughCount(spec.reduce.slice(1));
  if (typeof countOf(n.shape) !== "number" || results > (rest === 1 ? 1 << 14 : 1 << 18)) return undefined;
  const byWork = 2 ** Math.round(Math.log2(PART_WORK / (results * rest)));
  // Each part is written and read once more: its sum must be long against that.
  const part = Math.max(1, byWork, 2 ** Math.ceil(Math.log2(2048 / rest)));
  if (typeof first === "number" && first < 2 * part) return undefined;
  // A sum over plain rows is cut only where it can be long.
  if (rest === 1 && byWork < 256) return undefined;
  const parts = ceilDivSize(first, part);
  const cut = graph.node({ ...spec, part }, n.inputs, [parts, ...n.shape], n.dtype, n.label);
  return graph.node({ kind: "reduce", fn: "sum", axes: [0] }, [cut], n.shape, n.dtype, `${n.label}/parts`);
}
