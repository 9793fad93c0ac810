import { concat, Tensor } from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";
import { extraLoops } from "../dynamic-edges.ts";
import type { EdgeInput } from "../edges.ts";
import { column } from "../groups.ts";
import { type Message, MessagePassing, type MessagePassingOptions } from "../message-passing.ts";
import { type NodeInput, rootOf, sentOf } from "../node-input.ts";

export interface SimpleConvOptions extends MessagePassingOptions {
  /** What the node itself has to do with it: added, put before, or one more neighbour. Default null: nothing. */
  combineRoot?: "sum" | "cat" | "selfLoop" | null;
}

/**
 * The reduction of the neighbours alone, without weights to learn.
 *
 * x [nodes, in], edgeWeight [edges] → [nodes, in], or [nodes, 2 · in] with `cat`
 */
export class SimpleConv extends MessagePassing {
  readonly combineRoot: "sum" | "cat" | "selfLoop" | null;

  constructor(options: SimpleConvOptions = {}) {
    super(options);
    const { combineRoot = null } = options;
    if (!["sum", "cat", "selfLoop", null].includes(combineRoot)) {
      throw new UsageError({
        where: "SimpleConv: combineRoot",
        problem: "nodes cannot be combined like that",
        expected: "sum, cat, selfLoop or null",
        got: String(combineRoot),
        try: "leave combineRoot out",
      });
    }
    this.combineRoot = combineRoot;
  }

  call(x: NodeInput, edges: EdgeInput, edgeWeight?: Tensor): Tensor {
    if (this.combineRoot === "selfLoop") {
      return x instanceof Tensor ? this.#withLoops(x, edges, edgeWeight) : noLoops();
    }
    const out = this.propagate(edges, { ...sentOf(x), weight: edgeWeight });
    const root = rootOf(x);
    if (this.combineRoot === null || root === undefined) return out;
    return this.combineRoot === "sum" ? out.add(root) : concat([root, out], -1);
  }

  /** A loop is added at every node, beside those that are there. */
  #withLoops(x: Tensor, edges: EdgeInput, edgeWeight: Tensor | undefined): Tensor {
    const e = extraLoops(this.structure(edges, { x }));
    const weight = edgeWeight && e.arrange(edgeWeight, 1);
    const xj = e.fromSource(x);
    return this.aggrModule.call(weight ? xj.mul(column(weight, x.rank)) : xj, e.rows);
  }

  override message(m: Message): Tensor {
    return m.has("weight") ? m.xj.mul(m.weight) : m.xj;
  }
}

function noLoops(): never {
  throw new UsageError({
    where: "SimpleConv: combineRoot",
    problem: "a bipartite graph has no self-loops",
    expected: "features of one kind of node",
    got: "a pair of features",
    try: 'combineRoot: "sum"',
  });
}
