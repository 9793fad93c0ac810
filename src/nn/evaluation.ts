/** Going over data without training: what `evaluate` and the validation of a run share. */

import type { Turn } from "../core/turn.ts";
import { streamRows } from "./batches.ts";
import { checkLabels } from "./checks.ts";
import type { Rows, StreamInput } from "./data-adapter.ts";
import { sliceRows } from "./data-adapter.ts";
import { rowSize } from "./host-array.ts";
import { nonFiniteError, type StepPlace } from "./non-finite.ts";
import type { Stepper } from "./stepper.ts";

/**
 * What evaluation and prediction take at once where batches are smaller: so many rows, as long as they are no more numbers
 * than this. A run costs some tenths of a millisecond whatever it computes.
 */
const rowsAtOnce = 1024;
const numbersAtOnce = 2 ** 20;

/** Data for evaluation: in memory or as a stream. */
export interface EvaluationData {
  readonly rows?: Rows;
  readonly stream?: StreamInput;
  /** Batches that were read elsewhere. */
  readonly batches?: (() => Iterable<Rows>) | undefined;
  readonly batchSize: number;
  readonly steps: number | undefined;
}

/** The number of batches of an evaluation, where it is known. */
export function evaluationSteps({ rows, batchSize, steps }: EvaluationData): number | undefined {
  if (rows === undefined) return steps;
  const all = Math.ceil(rows.count / batchSize);
  return steps === undefined ? all : Math.min(steps, all);
}

/** Parts of rows in memory, several batches `together` where they are small, with the number of the last batch of each. */
export function* parts(
  rows: Rows,
  batchSize: number,
  steps: number | undefined,
  together = true,
): Generator<[Rows, number, number]> {
  const end = Math.min(rows.count, (steps ?? Number.POSITIVE_INFINITY) * batchSize);
  const numbers = rows.xs.reduce((sum, x) => sum + rowSize(x), 0);
  const most = Math.min(rowsAtOnce, numbersAtOnce / Math.max(1, numbers));
  const size = batchSize * (together ? Math.max(1, Math.floor(most / batchSize)) : 1);
  for (let from = 0; from < end; from += size) {
    const to = Math.min(end, from + size);
    yield [sliceRows(rows, from, to), Math.ceil(to / batchSize) - 1, from];
  }
}

/**
 * Goes over data without training; the sums are in the stepper. Yields before and after each part: the number of its first
 * and of its last batch. With `place`, a loss that is not finite throws NumericError.
 */
export async function* evaluation(
  data: EvaluationData,
  stepper: Stepper,
  turn: Turn,
  place: Omit<StepPlace, "step"> | undefined,
): AsyncGenerator<{ readonly begin: boolean; readonly batch: number }, void> {
  const check = async (loss: number, rows: Rows, batch: number, rowOf?: (row: number) => number) => {
    if (Number.isFinite(loss) || place === undefined) return;
    throw await nonFiniteError(
      stepper,
      rows,
      { ...place, step: batch + 1, ...(rowOf ? { rowOf } : {}) },
      false,
    );
  };
  if (data.rows) {
    const test = stepper.tester(data.rows);
    const together = !stepper.sums.batchesMatter;
    for (const [rows, batch, from] of parts(data.rows, data.batchSize, data.steps, together)) {
      yield { begin: true, batch: Math.floor(from / data.batchSize) };
      await turn.take();
      await check(await test(rows), rows, batch, (row) => from + row);
      yield { begin: false, batch };
    }
    return;
  }
  let batch = 0;
  const batches = data.batches?.() ?? streamRows(stepper.model, data.stream!, turn, "evaluate");
  for await (const rows of batches) {
    yield { begin: true, batch };
    await turn.take();
    checkLabels(stepper.model, rows, `evaluate: batch ${batch + 1}`);
    await check(await stepper.test(rows), rows, batch);
    yield { begin: false, batch };
    batch++;
    if (batch === data.steps) return;
  }
}
