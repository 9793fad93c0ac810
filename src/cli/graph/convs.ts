/** The operators of `--conv`. To add one: one row. */
import type { Tensor } from "../../core/index.ts";
import {
  Chain,
  ChebConv,
  EdgeConv,
  type Edges,
  GATConv,
  GATv2Conv,
  GCNConv,
  GINConv,
  type GraphContext,
  GraphConv,
  type GraphModule,
  SAGEConv,
  SGConv,
  TAGConv,
  TorchLinear,
  TransformerConv,
} from "../../graph/index.ts";

/** The size of an operator in a network. */
export interface ConvSize {
  readonly inputs: number;
  readonly outputs: number;
  readonly heads: number;
  /** Whether heads stand side by side (`outputs` each) or are averaged. */
  readonly concat: boolean;
  /** Of attention. */
  readonly dropout: number;
}

/** An operator and how it is called. */
export interface Conv {
  readonly module: GraphModule;
  call(x: Tensor, edges: Edges, ctx: GraphContext): Tensor;
}

interface ConvEntry {
  /** Whether `--heads` concerns it. */
  readonly heads?: boolean;
  make(size: ConvSize): Conv;
}

/** Operators that need nothing but features and edges. */
function simple(module: GraphModule & { call(x: Tensor, edges: Edges): Tensor }): Conv {
  return { module, call: (x, edges) => module.call(x, edges) };
}

/** Operators with attention. */
function attending(
  module: GraphModule & { call(x: Tensor, edges: Edges, edgeAttr?: Tensor, ctx?: GraphContext): Tensor },
): Conv {
  return { module, call: (x, edges, ctx) => module.call(x, edges, undefined, ctx) };
}

function gin({ inputs, outputs }: ConvSize): Conv {
  const module = new GINConv(
    new Chain([new TorchLinear(inputs, outputs), "relu", new TorchLinear(outputs, outputs)]),
  );
  return { module, call: (x, edges, ctx) => module.call(x, edges, ctx) };
}

function edge({ inputs, outputs }: ConvSize): Conv {
  const module = new EdgeConv(new Chain([new TorchLinear(2 * inputs, outputs), "relu"]));
  return { module, call: (x, edges, ctx) => module.call(x, edges, ctx) };
}

export const convTable = {
  gcn: { make: ({ inputs, outputs }) => simple(new GCNConv(inputs, outputs)) },
  gat: {
    heads: true,
    make: ({ inputs, outputs, heads, concat, dropout }) =>
      attending(new GATConv(inputs, outputs, { heads, concat, dropout })),
  },
  gatv2: {
    heads: true,
    make: ({ inputs, outputs, heads, concat, dropout }) =>
      attending(new GATv2Conv(inputs, outputs, { heads, concat, dropout })),
  },
  transformer: {
    heads: true,
    make: ({ inputs, outputs, heads, concat, dropout }) =>
      attending(new TransformerConv(inputs, outputs, { heads, concat, dropout })),
  },
  sage: { make: ({ inputs, outputs }) => simple(new SAGEConv(inputs, outputs)) },
  gin: { make: gin },
  graphconv: { make: ({ inputs, outputs }) => simple(new GraphConv(inputs, outputs)) },
  edge: { make: edge },
  tag: { make: ({ inputs, outputs }) => simple(new TAGConv(inputs, outputs)) },
  cheb: { make: ({ inputs, outputs }) => simple(new ChebConv(inputs, outputs, 3)) },
  sg: { make: ({ inputs, outputs }) => simple(new SGConv(inputs, outputs)) },
} as const satisfies Record<string, ConvEntry>;

export type ConvName = keyof typeof convTable;
export const convNames = Object.keys(convTable) as [ConvName, ...ConvName[]];

/** The entry of an operator. */
export function convOf(name: ConvName): ConvEntry {
  return convTable[name];
}
