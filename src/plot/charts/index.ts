/** Every chart: data and options → figure. To add one: one file here, one line below. */
export * from "./activation-chart.ts";
export * from "./bars.ts";
export * from "./confusion-matrix.ts";
export * from "./curves.ts";
export * from "./decision-surface.ts";
export * from "./embedding.ts";
export * from "./feature-maps.ts";
export * from "./filters.ts";
export * from "./graph-plot.ts";
export * from "./heatmap.ts";
export * from "./histogram.ts";
export { type GridImage, type ImageGridOptions, imageGrid } from "./image-grid.ts";
export * from "./line-chart.ts";
export * from "./model-plot.ts";
export * from "./pr-curve.ts";
export type { Scored } from "./ranking.ts";
export * from "./roc-curve.ts";
export { type ScatterData, type ScatterOptions, scatter } from "./scatter.ts";
