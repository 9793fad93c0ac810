/** The readouts of `--pool`: nodes of each graph → one row. To add one: one row. */
import { concat, type Tensor } from "../../core/index.ts";
import {
  type Groups,
  globalAddPool,
  globalMaxPool,
  globalMeanPool,
  SAGPooling,
  TopKPooling,
} from "../../graph/index.ts";

interface PoolEntry {
  /** Columns of the readout for each feature of a node. */
  readonly width: number;
  /**
   * Keeps some nodes behind each operator; what is read out of all stages is added up (Cangea et al., "Towards sparse hierarchical
   * graph classifiers", 2018).
   */
  readonly stage?: (features: number) => TopKPooling | SAGPooling;
  readout(x: Tensor, batch: Groups): Tensor;
}

const meanMax = (x: Tensor, batch: Groups) => concat([globalMaxPool(x, batch), globalMeanPool(x, batch)], -1);
/** The share of the nodes that a stage keeps. */
const ratio = 0.8;

export const poolTable = {
  mean: { width: 1, readout: (x, batch) => globalMeanPool(x, batch) },
  max: { width: 1, readout: (x, batch) => globalMaxPool(x, batch) },
  add: { width: 1, readout: (x, batch) => globalAddPool(x, batch) },
  "mean-max": { width: 2, readout: meanMax },
  topk: { width: 2, readout: meanMax, stage: (features) => new TopKPooling(features, { ratio }) },
  sag: { width: 2, readout: meanMax, stage: (features) => new SAGPooling(features, { ratio }) },
} as const satisfies Record<string, PoolEntry>;

export type PoolName = keyof typeof poolTable;
export const poolNames = Object.keys(poolTable) as [PoolName, ...PoolName[]];

/** The entry of a readout. */
export function poolOf(name: PoolName): PoolEntry {
  return poolTable[name];
}
