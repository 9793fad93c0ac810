/** Transforms of graphs, under PyTorch Geometric's names. To add one: one file, one line. */
export * from "./add-self-loops.ts";
export * from "./cartesian.ts";
export * from "./compose.ts";
export * from "./constant.ts";
export * from "./distance.ts";
export type { GeometryOptions } from "./edge-geometry.ts";
export * from "./knn-graph.ts";
export * from "./normalize-features.ts";
export * from "./one-hot-degree.ts";
export * from "./radius-graph.ts";
export * from "./random-link-split.ts";
export * from "./random-node-split.ts";
export * from "./to-undirected.ts";
export type { Splitter } from "./transform.ts";
