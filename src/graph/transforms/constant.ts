import { besideColumns } from "../arrays.ts";
import type { Transform } from "../dataset.ts";
import { named } from "./transform.ts";

export interface ConstantOptions {
  /** Default 1. */
  value?: number | undefined;
  /** Add the column to `x` instead of replacing it. Default true. */
  cat?: boolean | undefined;
}

/** Adds a column of one value to the features of the nodes: something to begin with for nodes without any. */
export function Constant({ value = 1, cat = true }: ConstantOptions = {}): Transform {
  return named(`Constant(value=${Number.isInteger(value) ? `${value}.0` : value})`, (data) => {
    const column = new Float32Array(data.numNodes).fill(value);
    const added = { data: column, shape: [data.numNodes, 1], dtype: "float32" } as const;
    return data.with({ x: besideColumns(cat ? data.x : undefined, added) });
  });
}
