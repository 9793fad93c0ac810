export * from "./backend.ts";
export * from "./dtype.ts";
export * from "./errors.ts";
export * from "./kernel.ts";
export * from "./plan.ts";
export * from "./program.ts";
export * from "./scalar.ts";
export * from "./size.ts";
