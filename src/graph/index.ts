/** Graphs: data, batches, message passing, operators. */

export * from "./aggr/aggregation.ts";
export * from "./batch.ts";
export * from "./context.ts";
export * from "./convs/index.ts";
export * from "./data.ts";
export * from "./dataset.ts";
export * from "./datasets.ts";
export * from "./edge-index.ts";
export { type EdgeSource, Edges, edgesOf } from "./edges.ts";
export * from "./graph.ts";
export * from "./groups.ts";
export { Chain, type FeatureModule, type Link, type NetworkOption } from "./layers/chain.ts";
export { Linear, type LinearOptions, TorchLinear, type WeightInitializer } from "./layers/linear.ts";
export * from "./loader.ts";
export * from "./message-passing.ts";
export * from "./model.ts";
export { GraphModule } from "./module.ts";
export * from "./neighbours/index.ts";
export * from "./pool/global.ts";
export type { StateDict, StateOptions, StateTensor } from "./state.ts";
export * from "./torch-adam.ts";
export type { GraphInput } from "./training.ts";
export * from "./transforms/index.ts";
export * from "./utils/index.ts";
