/** The graph of the recorded cases, and results in the form in which they are recorded. */
import { readFileSync } from "node:fs";
import { Data, isGraphArray } from "../../src/graph/data.ts";
import { EdgeIndex } from "../../src/graph/edge-index.ts";

export const recorded = JSON.parse(
  readFileSync(new URL("../reference/pyg-utils.json", import.meta.url), "utf8"),
);

export const pairs: [number[], number[]] = [
  [0, 2, 2, 1, 0, 4, 4, 3, 1, 5],
  [1, 1, 2, 0, 1, 2, 4, 1, 1, 0],
];
export const attr = [1.5, -2, 3, 0.5, 4, -1, 2.5, 6, -3.5, 0.25];
export const wide = attr.map((v) => [v, 2 * v - 1]);
export const numNodes = 7;
/** Results as PyTorch Geometric's are recorded: tensors as lists in lists, truth values as numbers or not. */
export function plain(value: unknown): unknown {
  if (value instanceof EdgeIndex) return [[...value.source], [...value.target]];
  if (value instanceof Data) return [...value.fields.values()].map(plain);
  if (isGraphArray(value)) {
    const flat = Array.from(value.data, (v) => (value.dtype === "bool" ? v === 1 : v));
    return value.shape.reduceRight<unknown[]>(
      (rows, size) =>
        Array.from({ length: rows.length / (size || 1) }, (_, i) => rows.slice(i * size, (i + 1) * size)),
      flat,
    )[0];
  }
  if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array);
  if (value === undefined) return null;
  return typeof value === "object" && value !== null ? Object.values(value).map(plain) : value;
}
