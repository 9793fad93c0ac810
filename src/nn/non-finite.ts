/** Finding where a step met NaN or infinity: the data first, then weights, predictions, loss and gradients. */
import { type ErrorParts, NumericError } from "../ir/errors.ts";
import type { Rows } from "./data-adapter.ts";
import type { HostArray } from "./host-array.ts";
import { placeInRow, rowSize } from "./host-array.ts";
import { named } from "./module.ts";
import { pythonFloat } from "./number-format.ts";
import type { Stepper } from "./stepper.ts";

/** Which step it was; counted from 1, as people do. */
export interface StepPlace {
  /** `fit`, `evaluate`, … */
  readonly call: string;
  readonly epoch?: number;
  readonly step: number;
  /** The row of the data set that a row of the batch is; undefined for batches of a stream. */
  readonly rowOf?: (row: number) => number;
}

type Finding = Pick<ErrorParts, "problem" | "got" | "try"> & { place: string; row?: number; column?: number };

/** A NumericError that names the epoch, the step and the first value that is not finite. */
export async function nonFiniteError(
  stepper: Stepper,
  batch: Rows,
  at: StepPlace,
  training: boolean,
): Promise<NumericError> {
  const where = `${at.call}: ${at.epoch === undefined ? "" : `epoch ${at.epoch}, `}step ${at.step}`;
  const found = badData(batch, at) ?? badWeight(stepper) ?? (await badResult(stepper, batch, training));
  const { place, row, column, ...parts } = found;
  return new NumericError({
    where,
    expected: "finite numbers",
    ...parts,
    details: { epoch: at.epoch, step: at.step, place, row, column },
  });
}

function firstBad(values: ArrayLike<number>): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}

function badData(batch: Rows, at: StepPlace): Finding | undefined {
  const arrays: [string, HostArray][] = [
    ...batch.xs.map((x, i): [string, HostArray] => [batch.xs.length > 1 ? `x[${i}]` : "x", x]),
    ...batch.ys.map((y, i): [string, HostArray] => [batch.ys.length > 1 ? `y[${i}]` : "y", y]),
    ...(batch.weight ? [["sampleWeight", batch.weight] as [string, HostArray]] : []),
  ];
  for (const [name, array] of arrays) {
    const bad = firstBad(array.data);
    if (bad < 0) continue;
    const inBatch = Math.floor(bad / rowSize(array));
    const row = at.rowOf?.(inBatch) ?? inBatch;
    const place = placeInRow(array, bad).replace(/^row \d+/, `row ${row}`);
    return {
      place: name,
      row,
      column: bad % rowSize(array),
      problem: `${name} holds ${pythonFloat(array.data[bad]!)}`,
      got: `${pythonFloat(array.data[bad]!)} at ${place} of ${name}${at.rowOf ? "" : ` (of batch ${at.step})`}`,
      try: "remove the row or fill in the value; the weights are those of the last finite step",
    };
  }
  return undefined;
}

function badWeight(stepper: Stepper): Finding | undefined {
  for (const [path, weight] of named(stepper.model)) {
    const values = weight.read();
    const bad = firstBad(values);
    if (bad < 0) continue;
    return {
      place: path,
      problem: `the weight ${path} holds ${pythonFloat(values[bad]!)}`,
      got: `${pythonFloat(values[bad]!)} at position ${bad} of ${weight.name}`,
      try: "load or initialize the weights again",
    };
  }
  return undefined;
}

async function badResult(stepper: Stepper, batch: Rows, training: boolean): Promise<Finding> {
  const { predictions, loss, gradients } = await stepper.inspect(batch);
  const advice = "lower the learning rate, scale the inputs, or clip the gradients (clipnorm)";
  const output = predictions.findIndex((p) => !Number.isFinite(p));
  if (output >= 0) {
    const name = stepper.model.outputs[output]?.name ?? `output ${output}`;
    return {
      place: name,
      problem: "the predictions are not finite",
      got: `${pythonFloat(predictions[output]!)} in the output of ${name}; data and weights are finite`,
      try: advice,
    };
  }
  if (!Number.isFinite(loss)) {
    return {
      place: "loss",
      problem: `the loss is ${pythonFloat(loss)}`,
      got: "finite data, weights and predictions",
      try: "look at the labels and at logarithms or divisions in the loss; or lower the learning rate",
    };
  }
  const paths = new Map(named(stepper.model).map(([path, weight]) => [weight, path]));
  for (const [weight, largest] of gradients) {
    if (Number.isFinite(largest)) continue;
    const path = paths.get(weight) ?? weight.name;
    return {
      place: path,
      problem: `the gradient of ${path} is not finite`,
      got: `${pythonFloat(largest)} in the gradient of ${weight.name}; the loss is ${pythonFloat(loss)}`,
      try: advice,
    };
  }
  return {
    place: training ? "update" : "loss",
    problem: "the step overflows",
    got: `finite gradients and a learning rate of ${pythonFloat(stepper.state.optimizer.learningRate)}`,
    try: advice,
  };
}
