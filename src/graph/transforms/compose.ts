import type { Transform } from "../dataset.ts";
import { named, type Splitter } from "./transform.ts";

/**
 * Transforms one after the other; after one that splits the graph, the others are applied to each part.
 *
 * @example new GraphDataset("events", graphs, { transform: Compose([KNNGraph({ k: 4 }), Distance()]) })
 */
export function Compose(transforms: readonly Transform[]): Transform;
export function Compose(transforms: readonly (Transform | Splitter)[]): Splitter;
export function Compose(transforms: readonly (Transform | Splitter)[]): Transform | Splitter {
  const label = `Compose([\n${transforms.map((t) => `  ${t}`).join(",\n")}\n])`;
  const composed: Transform = (data) => {
    let parts = [data];
    for (const transform of transforms) parts = parts.flatMap((part) => transform(part));
    // A splitter gives all three parts; the overload says which it is.
    return (parts.length === 1 ? parts[0] : parts) as typeof data;
  };
  return named(label, composed);
}
