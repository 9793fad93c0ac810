/** Graphs of neighbouring points. */
export type { Flow } from "./events.ts";
export * from "./knn-graph.ts";
export * from "./radius-graph.ts";
