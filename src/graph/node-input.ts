/** What operators take as features of nodes: those of one kind of node, or of sources and targets of different kinds. */
import { Tensor } from "../core/index.ts";
import { UsageError } from "../ir/errors.ts";

/**
 * Features of all nodes [nodes, in], or of a bipartite graph: those of the sources [sources, in], and those of the targets
 * [targets, in], their number, or null for as many as the edges name.
 */
export type NodeInput = Tensor | NodePair;
export type NodePair = readonly [source: Tensor, target: TargetInput];
/** Features of the targets, or how many there are; null for one more than the largest number of the edges. */
export type TargetInput = Tensor | number | null;

/** The width of the features of nodes, or of sources and targets. */
export type Widths = number | readonly [source: number, target: number];

/** What `propagate` sends: the features, and the targets where they are other nodes. */
export function sentOf(x: NodeInput): { readonly x: Tensor; readonly target?: TargetInput } {
  return x instanceof Tensor ? { x } : { x: x[0], target: x[1] };
}

/** The features of the nodes that messages go to, where there are any. */
export function rootOf(x: NodeInput): Tensor | undefined {
  const root = x instanceof Tensor ? x : x[1];
  return root instanceof Tensor ? root : undefined;
}

/** The same for operators that cannot do without. Throws UsageError. */
export function neededRoot(x: NodeInput, type: string): Tensor {
  const root = rootOf(x);
  if (root !== undefined) return root;
  throw new UsageError({
    where: type,
    problem: "the operator needs features of the targets",
    expected: "[source, target], both Tensors",
    got: "no features of the targets",
    try: "give the targets features, or use an operator that looks at sources alone, such as SAGEConv",
  });
}

/** Both widths. */
export function widthsOf(widths: Widths): readonly [source: number, target: number] {
  return typeof widths === "number" ? [widths, widths] : widths;
}

/** As PyTorch Geometric prints them: `16`, or `(16, 8)`. */
export function showWidths(widths: Widths): string {
  return typeof widths === "number" ? String(widths) : `(${widths.join(", ")})`;
}
