/**
 * Tendril: neural networks for grids and graphs.
 *
 * The main door: tensors and gradients, layers, models and training, and the typed errors. Data sets are in `tendril/data`,
 * graphs in `tendril/graph`, file formats in `tendril/formats`, pictures in `tendril/plot`.
 *
 * @example
 * import { Dense, Input, Sequential } from "tendril";
 * const model = new Sequential([Input({ shape: [4] }), new Dense({ units: 3, activation: "softmax" })]);
 */

export type { CompileOptions } from "./core/index.ts";
export * from "./core/index.ts";
export * from "./ir/errors.ts";
export type { CompileOptions as ModelCompileOptions } from "./nn/index.ts";
export * from "./nn/index.ts";
