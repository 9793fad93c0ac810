/** The readouts of `--pool`: nodes of each graph → one row. To add one: one row. */
import { concat, type Tensor } from "../../core/index.ts";
import { type Groups, globalAddPool, globalMaxPool, globalMeanPool } from "../../graph/index.ts";

interface PoolEntry {
  /** Columns of the readout for each feature of a node. */
  readonly width: number;
  readout(x: Tensor, batch: Groups): Tensor;
}

export const poolTable = {
  mean: { width: 1, readout: (x, batch) => globalMeanPool(x, batch) },
  max: { width: 1, readout: (x, batch) => globalMaxPool(x, batch) },
  add: { width: 1, readout: (x, batch) => globalAddPool(x, batch) },
  "mean-max": {
    width: 2,
    readout: (x, batch) => concat([globalMeanPool(x, batch), globalMaxPool(x, batch)], -1),
  },
} as const satisfies Record<string, PoolEntry>;

export type PoolName = keyof typeof poolTable;
export const poolNames = Object.keys(poolTable) as [PoolName, ...PoolName[]];

/** The entry of a readout. */
export function poolOf(name: PoolName): PoolEntry {
  return poolTable[name];
}
