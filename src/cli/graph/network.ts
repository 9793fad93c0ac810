/** The graph networks of `train`, put together from its flags. */
import { concat, type Tensor } from "../../core/index.ts";
import { graphActivations } from "../../graph/activations.ts";
import {
  dropout,
  type Graph,
  type GraphContext,
  GraphModel,
  type GraphModule,
  type SAGPooling,
  type TopKPooling,
  TorchLinear,
} from "../../graph/index.ts";
import { type Conv, type ConvName, convOf } from "./convs.ts";
import { type PoolName, poolOf } from "./pools.ts";

/** What is predicted: classes of nodes by the last operator or by a layer behind it, of graphs, of edges. */
export type Head = "last-conv" | "nodes" | "graphs" | "edges";

export interface NetworkOptions {
  readonly head: Head;
  readonly conv: ConvName;
  /** Features of an operator (of each head). */
  readonly hidden: number;
  /** Operators. */
  readonly layers: number;
  /** Features of the last operator, where they differ; with `last-conv` the classes. */
  readonly lastHidden?: number | undefined;
  readonly heads: number;
  readonly dropout: number;
  readonly pool: PoolName;
  readonly activation: "relu" | "tanh" | "elu";
  /** Whether the activation also follows the last operator. */
  readonly activateLast: boolean;
  readonly inputs: number;
  readonly edgeInputs: number;
  readonly classes: number;
}

const activations: Readonly<Record<NetworkOptions["activation"], (x: Tensor) => Tensor>> = {
  relu: (x) => x.relu(),
  tanh: (x) => x.tanh(),
  elu: graphActivations.elu,
};

/** Operators, then what the head needs. Gives scores of classes, and the features that they come from. */
export class GraphNetwork extends GraphModel {
  readonly convs: GraphModule[];
  /** Behind each operator, where nodes are dropped in stages. */
  readonly pools: (TopKPooling | SAGPooling)[];
  /** Layers behind the operators; none with `last-conv`. */
  readonly lin: TorchLinear | undefined;
  readonly lin2: TorchLinear | undefined;
  readonly #options: NetworkOptions;
  readonly #convs: readonly Conv[];

  constructor(options: NetworkOptions) {
    super();
    this.#options = options;
    const { head, classes, edgeInputs, hidden, pool } = options;
    const { convs, widths } = convsOf(options);
    const width = widths.at(-1)!;
    this.#convs = convs;
    this.convs = convs.map((c) => c.module);
    const { stage } = poolOf(pool);
    this.pools = head === "graphs" && stage ? widths.map(stage) : [];
    if (head === "nodes") this.lin = new TorchLinear(width, classes);
    if (head === "graphs") this.lin = new TorchLinear(width * poolOf(pool).width, classes);
    if (head === "edges") {
      this.lin = new TorchLinear(2 * width + edgeInputs, hidden);
      this.lin2 = new TorchLinear(hidden, classes);
    }
  }

  call(graph: Graph, ctx: GraphContext): readonly [scores: Tensor, features: Tensor] {
    if (this.pools.length > 0) return this.#stages(graph, ctx);
    const { head, activateLast, dropout: rate } = this.#options;
    let h = graph.x;
    let before = h;
    this.#convs.forEach((conv, i) => {
      // Networks that classify nodes by their last operator drop what each of them is given, as published.
      if (head === "last-conv") h = dropout(h, rate, ctx);
      before = h;
      h = conv.call(h, graph.edgeIndex, ctx);
      if (i < this.#convs.length - 1 || activateLast) h = this.#activate(h);
    });
    return head === "last-conv" ? [h, before] : this.#heads[head](h, graph, ctx);
  }

  #activate(h: Tensor): Tensor {
    return activations[this.#options.activation](h);
  }

  /** Operators with nodes dropped behind each; what is read out of all stages is added up. */
  #stages(graph: Graph, ctx: GraphContext): [Tensor, Tensor] {
    let { x, edgeIndex, batch } = graph as Pick<Graph, "x" | "edgeIndex" | "batch">;
    const rows = this.#convs.map((conv, i) => {
      const h = this.#activate(conv.call(x, edgeIndex, ctx));
      ({ x, edgeIndex, batch } = this.pools[i]!.call(h, edgeIndex, batch));
      return poolOf(this.#options.pool).readout(x, batch);
    });
    return this.#classify(
      rows.reduce((sum, row) => sum.add(row)),
      ctx,
    );
  }

  #classify(row: Tensor, ctx: GraphContext): [Tensor, Tensor] {
    return [this.lin!.call(dropout(row, this.#options.dropout, ctx)), row];
  }

  readonly #heads: Readonly<
    Record<Exclude<Head, "last-conv">, (h: Tensor, graph: Graph, ctx: GraphContext) => [Tensor, Tensor]>
  > = {
    nodes: (h) => [this.lin!.call(h), h],
    graphs: (h, { batch }, ctx) => this.#classify(poolOf(this.#options.pool).readout(h, batch), ctx),
    edges: (h, { edgeIndex, edgeAttr }, ctx) => {
      const ends = [edgeIndex.fromSource(h), edgeIndex.fromTarget(h)];
      const own = edgeAttr === undefined ? [] : [edgeIndex.arrange(edgeAttr)];
      const pair = this.lin!.call(concat([...ends, ...own], -1)).relu();
      const scores = this.lin2!.call(dropout(pair, this.#options.dropout, ctx));
      return [edgeIndex.restore(scores), edgeIndex.restore(pair)];
    },
  };
}

/** The operators, and the features that each of them gives. */
function convsOf(options: NetworkOptions): { convs: Conv[]; widths: number[] } {
  const { conv, head, hidden, layers, lastHidden, heads, dropout: rate, classes } = options;
  const entry = convOf(conv);
  const lastWidth = head === "last-conv" ? classes : (lastHidden ?? hidden);
  const widths: number[] = [];
  let width = options.inputs;
  const convs = Array.from({ length: layers }, (_, i) => {
    const last = i === layers - 1;
    const outputs = last ? lastWidth : hidden;
    // The heads of the last operator are averaged; one that gives the classes has a single one.
    const made = entry.make({
      inputs: width,
      outputs,
      heads: last && head === "last-conv" ? 1 : heads,
      concat: !last,
      dropout: head === "last-conv" ? rate : 0,
    });
    width = !last && entry.heads ? outputs * heads : outputs;
    widths.push(width);
    return made;
  });
  return { convs, widths };
}
