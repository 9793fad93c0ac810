/** Every operator, readout, pooling, normalisation and model: one row each, for the harness in contracts.test.ts. */
import type { Tensor } from "../../src/core/index.ts";
import {
  AttentionalAggregation,
  BatchNorm,
  ChebConv,
  DynamicEdgeConv,
  EdgeConv,
  GAT,
  GATConv,
  GATv2Conv,
  GCN,
  GCNConv,
  GIN,
  GINConv,
  GINEConv,
  type Graph,
  type GraphContext,
  GraphConv,
  GraphModule,
  GraphNorm,
  GraphSAGE,
  globalAddPool,
  globalMaxPool,
  globalMeanPool,
  LayerNorm,
  Linear,
  MLP,
  NNConv,
  SAGEConv,
  SAGPooling,
  SGConv,
  SimpleConv,
  TAGConv,
  TopKPooling,
  TransformerConv,
} from "../../src/graph/index.ts";

/** Widths of the features of nodes and edges in the harness. */
export const width = { nodes: 3, edges: 2 } as const;

export interface Row {
  readonly name: string;
  readonly make: () => { module?: GraphModule; call(graph: Graph, ctx: GraphContext): Tensor };
  /** What the rows of the output are. Default nodes. */
  readonly rows?: "graphs";
  /** Takes any width of features. */
  readonly anyWidth?: boolean;
  /** Compares all pairs of nodes, so that graphs cannot be large. */
  readonly allPairs?: boolean;
}

/** A row for an operator that takes features, edges and weights or features of edges. */
function conv<
  M extends GraphModule & { call(x: Tensor, edges: never, values?: Tensor, ctx?: GraphContext): Tensor },
>(name: string, make: () => M, values?: "edgeWeight" | "edgeAttr"): Row {
  return {
    name,
    make() {
      const module = make();
      const call = (g: Graph, ctx: GraphContext) =>
        module.call(g.x, g.edgeIndex as never, values && g.get(values), ctx);
      return { module, call };
    },
  };
}

/** A row for an operator that takes features and edges. */
function plain(
  name: string,
  make: () => GraphModule & { call(x: Tensor, edges: never, ctx?: GraphContext): Tensor },
): Row {
  return {
    name,
    make() {
      const module = make();
      return { module, call: (g, ctx) => module.call(g.x, g.edgeIndex as never, ctx) };
    },
  };
}

/** Several modules as one, with the weights of all. */
class Parts extends GraphModule {
  readonly parts: readonly GraphModule[];

  constructor(parts: readonly GraphModule[]) {
    super();
    this.parts = parts;
  }
}

const nn = (inputs: number, outputs = 4) => [new Linear(inputs, 5), "tanh", new Linear(5, outputs)] as const;
const n = width.nodes;

const operators: readonly Row[] = [
  conv("GCNConv", () => new GCNConv(n, 4), "edgeWeight"),
  conv("GCNConv, not normalised", () => new GCNConv(n, 4, { normalize: false })),
  conv("GATConv", () => new GATConv(n, 4, { heads: 2, edgeDim: 2 }), "edgeAttr"),
  conv("GATConv, least features", () => new GATConv(n, 4, { edgeDim: 2, fillValue: "min" }), "edgeAttr"),
  conv("GATv2Conv", () => new GATv2Conv(n, 4, { heads: 2, edgeDim: 2, residual: true }), "edgeAttr"),
  plain("SAGEConv", () => new SAGEConv(n, 4, { aggr: ["mean", "max", "std"] })),
  plain("SAGEConv, lstm", () => new SAGEConv(n, 4, { aggr: "lstm", maxNumElements: 3 })),
  plain("GINConv", () => new GINConv(nn(n), { trainEps: true })),
  conv("GINEConv", () => new GINEConv(nn(n), { edgeDim: 2 }), "edgeAttr"),
  conv("GraphConv", () => new GraphConv(n, 4), "edgeWeight"),
  conv("GraphConv, reversed", () => new GraphConv(n, 4, { flow: "targetToSource" }), "edgeWeight"),
  conv("TransformerConv", () => new TransformerConv(n, 4, { heads: 2, edgeDim: 2, beta: true }), "edgeAttr"),
  conv("SGConv", () => new SGConv(n, 4, { K: 2 }), "edgeWeight"),
  conv("TAGConv", () => new TAGConv(n, 4, { K: 2 }), "edgeWeight"),
  {
    name: "ChebConv",
    make() {
      const module = new ChebConv(n, 4, 3);
      const call = (g: Graph) => module.call(g.x, g.edgeIndex, undefined, { lambdaMax: 2 });
      return { module, call };
    },
  },
  plain("EdgeConv", () => new EdgeConv(nn(2 * n))),
  {
    name: "DynamicEdgeConv",
    allPairs: true,
    make() {
      const module = new DynamicEdgeConv(nn(2 * n), 2);
      return { module, call: (g, ctx) => module.call(g.x, g.batch, ctx) };
    },
  },
  { ...conv("SimpleConv", () => new SimpleConv({ combineRoot: "selfLoop" }), "edgeWeight"), anyWidth: true },
  { ...conv("SimpleConv, mul", () => new SimpleConv({ aggr: "mul" }), "edgeWeight"), anyWidth: true },
  {
    name: "NNConv",
    make() {
      const module = new NNConv(n, 2, nn(width.edges, 2 * n));
      return { module, call: (g, ctx) => module.call(g.x, g.edgeIndex, g.edgeAttr!, ctx) };
    },
  },
];

const norms: readonly Row[] = [
  {
    name: "BatchNorm",
    make() {
      const module = new BatchNorm(n);
      return { module, call: (g, ctx) => module.call(g.x, g.batch, ctx) };
    },
  },
  {
    name: "LayerNorm",
    make() {
      const module = new LayerNorm(n);
      return { module, call: (g) => module.call(g.x, g.batch) };
    },
  },
  {
    name: "GraphNorm",
    make() {
      const module = new GraphNorm(n);
      return { module, call: (g) => module.call(g.x, g.batch) };
    },
  },
  {
    name: "MLP",
    make() {
      const module = new MLP([n, 4, 2], { norm: "graphNorm" });
      return { module, call: (g, ctx) => module.call(g.x, ctx, g.batch) };
    },
  },
];

const readouts: readonly Row[] = [
  ...Object.entries({ globalAddPool, globalMeanPool, globalMaxPool }).map(
    ([name, pool]): Row => ({
      name,
      rows: "graphs",
      anyWidth: true,
      make: () => ({ call: (g) => pool(g.x, g.batch) }),
    }),
  ),
  {
    name: "AttentionalAggregation",
    rows: "graphs",
    make() {
      const module = new AttentionalAggregation(nn(n, 1), nn(n, 2));
      return { module, call: (g) => module.call(g.x, g.batch) };
    },
  },
  {
    name: "TopKPooling",
    rows: "graphs",
    make() {
      const module = new TopKPooling(n, { ratio: 0.6 });
      const conv1 = new GCNConv(n, 2);
      const call = (g: Graph) => {
        const { x, edgeIndex, batch } = module.call(g.x, g.edgeIndex, g.batch);
        return globalAddPool(conv1.call(x, edgeIndex), batch);
      };
      return { module, call };
    },
  },
  {
    name: "TopKPooling, twice above a score",
    rows: "graphs",
    make() {
      const first = new TopKPooling(n, { minScore: 0.1 });
      const second = new TopKPooling(2, { minScore: 0.2 });
      const conv1 = new GATConv(n, 2, { edgeDim: 2 });
      const call = (g: Graph, ctx: GraphContext) => {
        const { x, edgeIndex, batch } = first.call(g.x, g.edgeIndex, g.batch);
        const h = conv1.call(x, edgeIndex, g.edgeAttr, ctx).tanh();
        const pooled = second.call(h, edgeIndex, batch);
        return globalAddPool(pooled.x, pooled.batch);
      };
      return { module: new Parts([first, second, conv1]), call };
    },
  },
  {
    name: "SAGPooling",
    rows: "graphs",
    make() {
      const module = new SAGPooling(n, { ratio: 2 });
      const call = (g: Graph) => {
        const { x, batch } = module.call(g.x, g.edgeIndex, g.batch);
        return globalMeanPool(x, batch);
      };
      return { module, call };
    },
  },
];

const models: readonly Row[] = [
  { name: "GCN", make: () => withCall(new GCN(n, 4, 2, { outChannels: 2, jk: "cat", act: "tanh" })) },
  {
    name: "GCN, lstm over layers",
    make: () => withCall(new GCN(n, 4, 2, { outChannels: 2, jk: "lstm", act: "tanh" })),
  },
  { name: "GraphSAGE", make: () => withCall(new GraphSAGE(n, 4, 2, { act: "tanh" })) },
  { name: "GIN", make: () => withCall(new GIN(n, 4, 2, { norm: "batchNorm", act: "tanh" })) },
  { name: "GAT", make: () => withCall(new GAT(n, 4, 2, { heads: 2, act: "elu" })) },
];

function withCall(module: GCN | GraphSAGE | GIN | GAT) {
  return { module, call: (g: Graph, ctx: GraphContext) => module.call(g, ctx) };
}

export const rows: readonly Row[] = [...operators, ...norms, ...readouts, ...models];
