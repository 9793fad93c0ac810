/** What a transform is: a function of a graph that prints as PyTorch Geometric prints its class. */
import type { Data } from "../data.ts";
import type { Transform } from "../dataset.ts";

/** A function of a graph that gives several. */
export type Splitter = (data: Data) => [train: Data, validation: Data, test: Data];

/** Gives a transform its printout. */
export function named<F extends Transform | Splitter>(label: string, transform: F): F {
  return Object.assign(transform, { toString: () => label });
}
