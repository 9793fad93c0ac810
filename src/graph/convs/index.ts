/** Graph operators. To add one: a file here and a line in this table; the harness in test/graph tests it. */
import { ChebConv } from "./cheb-conv.ts";
import { DynamicEdgeConv } from "./dynamic-edge-conv.ts";
import { EdgeConv } from "./edge-conv.ts";
import { GATConv } from "./gat-conv.ts";
import { GATv2Conv } from "./gatv2-conv.ts";
import { GCNConv } from "./gcn-conv.ts";
import { GINConv } from "./gin-conv.ts";
import { GINEConv } from "./gine-conv.ts";
import { GraphConv } from "./graph-conv.ts";
import { NNConv } from "./nn-conv.ts";
import { SAGEConv } from "./sage-conv.ts";
import { SGConv } from "./sg-conv.ts";
import { SimpleConv } from "./simple-conv.ts";
import { TAGConv } from "./tag-conv.ts";
import { TransformerConv } from "./transformer-conv.ts";

export type { ChebConvOptions, ChebScale } from "./cheb-conv.ts";
export type { Attended, GATConvOptions } from "./gat-conv.ts";
export type { GATv2ConvOptions } from "./gatv2-conv.ts";
export type { GCNConvOptions } from "./gcn-conv.ts";
export type { GINConvOptions } from "./gin-conv.ts";
export type { GINEConvOptions } from "./gine-conv.ts";
export type { GraphConvOptions } from "./graph-conv.ts";
export type { LoopFill } from "./loop-fill.ts";
export type { NNConvOptions } from "./nn-conv.ts";
export type { SAGEConvOptions } from "./sage-conv.ts";
export type { SGConvOptions } from "./sg-conv.ts";
export type { SimpleConvOptions } from "./simple-conv.ts";
export type { TAGConvOptions } from "./tag-conv.ts";
export type { TransformerConvOptions } from "./transformer-conv.ts";
export {
  ChebConv,
  DynamicEdgeConv,
  EdgeConv,
  GATConv,
  GATv2Conv,
  GCNConv,
  GINConv,
  GINEConv,
  GraphConv,
  NNConv,
  SAGEConv,
  SGConv,
  SimpleConv,
  TAGConv,
  TransformerConv,
};

/** Every operator by PyTorch Geometric's class name. */
export const convs = {
  GCNConv,
  GATConv,
  GATv2Conv,
  SAGEConv,
  GINConv,
  GINEConv,
  GraphConv,
  TransformerConv,
  SGConv,
  TAGConv,
  ChebConv,
  EdgeConv,
  DynamicEdgeConv,
  SimpleConv,
  NNConv,
} as const;
