/** From any picture of a digit to MNIST's form. */
export type { Pixels } from "./pixels.ts";
export * from "./prepare.ts";
