/** Data: finding, downloading, reading and writing files; data sets. */
export * from "./cache.ts";
export * from "./datasets/index.ts";
export * from "./download.ts";
export * from "./files.ts";
export * from "./image/index.ts";
export * from "./pipeline/index.ts";
export * from "./source.ts";
