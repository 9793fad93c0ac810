/** MessagePassing: the base of operators that compute a message for each edge and reduce the messages at each node. */
import { Tensor } from "../core/index.ts";
import { UsageError } from "../ir/errors.ts";
import { type Aggregation, type AggregationOption, aggregationOf } from "./aggr/aggregation.ts";
import { bipartiteEdges, type EdgeInput, type Edges, edgesOf } from "./edges.ts";
import { GraphModule } from "./module.ts";
import type { Flow } from "./neighbours/index.ts";
import { neededRoot, type TargetInput } from "./node-input.ts";

export interface MessagePassingOptions {
  /** How the messages at a node are reduced: a name, several, or an Aggregation. Default `add`. */
  aggr?: AggregationOption;
  /** Default `sourceToTarget`. */
  flow?: Flow;
}

/** What a message is made of. Everything is gathered when it is asked for, and stays part of the kernel that reduces. */
export interface Message {
  /** `x` of the node that the message goes to: [edges, …]. */
  readonly xi: Tensor;
  /** `x` of the node that it comes from: [edges, …]. */
  readonly xj: Tensor;
  /** Features of the edge: [edges, …]. */
  readonly edgeAttr: Tensor;
  /** The weight of the edge, shaped to multiply `xj`: [edges, 1]. */
  readonly weight: Tensor;
  /** Whether there are features or weights. */
  has(name: "edgeAttr" | "weight"): boolean;
  /** Any values of nodes, at the node that the message goes to. */
  i(values: Tensor): Tensor;
  /** Any values of nodes, at the node that it comes from. */
  j(values: Tensor): Tensor;
}

/** What `propagate` sends around: features of nodes, and values of the edges in the order of the list. */
export interface Sent {
  /** [nodes, …] */
  readonly x: Tensor;
  /** Of a bipartite graph, whose `x` are the features of the sources: those of the targets, or how many there are. */
  readonly target?: TargetInput | undefined;
  /** [edges, …] */
  readonly edgeAttr?: Tensor | undefined;
  /** [edges] */
  readonly weight?: Tensor | undefined;
}

/**
 * Base of graph operators. `message` says what goes along an edge, `aggr` how messages are reduced, `update` what becomes of the
 * sum. A message that is a map of gathered values is computed inside the kernel that reduces it, and never stored.
 *
 * @example
 * class Smooth extends MessagePassing {
 *   constructor() {
 *     super({ aggr: "mean" });
 *   }
 *   override message({ xi, xj }: Message) {
 *     return xj.sub(xi);
 *   }
 *   call(x: Tensor, edges: EdgeInput) {
 *     return x.add(this.propagate(edges, { x }).mul(0.5));
 *   }
 * }
 */
export abstract class MessagePassing extends GraphModule {
  /** How messages are reduced; the field's name is part of the paths of its weights. */
  readonly aggrModule: Aggregation;
  readonly flow: Flow;

  constructor({ aggr = "add", flow = "sourceToTarget" }: MessagePassingOptions = {}) {
    super();
    if (flow !== "sourceToTarget" && flow !== "targetToSource") {
      throw new UsageError({
        where: `${this.type}: flow`,
        problem: "messages do not flow that way",
        expected: "sourceToTarget or targetToSource",
        got: String(flow),
        try: "leave flow out",
      });
    }
    this.aggrModule = aggregationOf(aggr);
    this.flow = flow;
  }

  /** The message of every edge: [edges, …], from `message` and all that was sent; `xj` unless said otherwise. */
  message({ xj }: Message, _sent: Sent): Tensor {
    return xj;
  }

  /** What becomes of the reduced messages [nodes, …]. */
  update(reduced: Tensor, _sent: Sent): Tensor {
    return reduced;
  }

  /**
   * Sends messages along all edges and reduces them at the nodes: [nodes, …].
   *
   * @throws ShapeError where there is not one row for each node or edge, DataError for an edge to no node.
   */
  propagate<S extends Sent>(edges: EdgeInput, sent: S): Tensor {
    const e = this.structure(edges, sent);
    const reduced = this.aggrModule.call(this.message(messageOf(e, sent, this.type), sent), e.rows);
    return this.update(reduced, sent);
  }

  /** The edges in the direction in which messages flow, between as many nodes as there are rows. */
  protected structure(edges: EdgeInput, { x, target }: Pick<Sent, "x" | "target">): Edges {
    const nodes = x.shape[0]!;
    if (target === undefined) {
      const e = edgesOf(edges, nodes);
      return this.flow === "sourceToTarget" ? e : e.reversed;
    }
    if (this.flow === "sourceToTarget") {
      return bipartiteEdges(edges, nodes, target instanceof Tensor ? target.shape[0]! : target);
    }
    throw new UsageError({
      where: this.type,
      problem: "messages of a bipartite graph flow from its sources to its targets",
      expected: "flow sourceToTarget",
      got: this.flow,
      try: "turn the edges and the pair of features round",
    });
  }

  protected override get printsParts(): boolean {
    return false;
  }
}

/** The parts of the messages along `e`. */
export function messageOf(e: Edges, { x, target, edgeAttr, weight }: Sent, type: string): Message {
  const given = (name: "edgeAttr" | "weight", values: Tensor | undefined): Tensor => {
    if (values !== undefined) return values;
    throw new UsageError({
      where: `${type}.message`,
      problem: `the message needs ${name}, which was not sent`,
      expected: `propagate(edges, { x, ${name} })`,
      got: "none",
      try: `pass ${name} when the operator is called`,
    });
  };
  return {
    get xi() {
      return e.fromTarget(target === undefined ? x : neededRoot([x, target], type));
    },
    get xj() {
      return e.fromSource(x);
    },
    get edgeAttr() {
      return e.arrange(given("edgeAttr", edgeAttr));
    },
    get weight() {
      const w = e.arrange(given("weight", weight));
      return w.rank === 1 && x.rank > 1 ? w.expandDims(-1) : w;
    },
    has: (name) => (name === "weight" ? weight : edgeAttr) !== undefined,
    i: (values) => e.fromTarget(values),
    j: (values) => e.fromSource(values),
  };
}
