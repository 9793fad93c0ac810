/** Graph operators. To add one: a file here and a line in this table; the harness in test/graph tests it. */
import { GATConv } from "./gat-conv.ts";
import { GCNConv } from "./gcn-conv.ts";
import { GINConv } from "./gin-conv.ts";
import { GraphConv } from "./graph-conv.ts";
import { SAGEConv } from "./sage-conv.ts";

export type { Attended, GATConvOptions } from "./gat-conv.ts";
export type { GCNConvOptions } from "./gcn-conv.ts";
export type { GINConvOptions } from "./gin-conv.ts";
export type { GraphConvOptions } from "./graph-conv.ts";
export type { SAGEConvOptions } from "./sage-conv.ts";
export { GATConv, GCNConv, GINConv, GraphConv, SAGEConv };

/** Every operator by PyTorch Geometric's class name. */
export const convs = { GCNConv, GATConv, SAGEConv, GINConv, GraphConv } as const;
