/** Graphs: data, batches, message passing, operators. */
export * from "./batch.ts";
export * from "./data.ts";
export * from "./dataset.ts";
export * from "./datasets.ts";
export * from "./edge-index.ts";
export { type EdgeSource, Edges, edgesOf } from "./edges.ts";
export * from "./loader.ts";
export * from "./neighbours/index.ts";
export * from "./transforms/index.ts";
export * from "./utils/index.ts";
