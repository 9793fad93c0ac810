/** What a model makes of a set of samples: loss, accuracy, and who was taken for whom. */
import type { BackendName, Tensor } from "../core/index.ts";
import { NumericError, ShapeError } from "../ir/errors.ts";
import type { LossIdentifier, Model } from "../nn/index.ts";
import { inputFor, oneHot, type Samples } from "./samples.ts";

export interface Assessment {
  readonly loss: number;
  readonly accuracy: number;
  /** `confusion[label][predicted]`: counts. */
  readonly confusion: number[][];
  /** The class with the highest probability, for each sample. */
  readonly predicted: Int32Array;
  /** Row after row, one value for each class. */
  readonly probabilities: Float32Array;
}

const batchSize = 256;

/**
 * Evaluates a compiled model.
 *
 * @throws ShapeError where its output is not one number for each class or its input does not take the samples.
 */
export async function assess(
  model: Model,
  samples: Samples,
  { classes, shape }: { readonly classes: readonly string[]; readonly shape: readonly number[] },
  signal: AbortSignal,
): Promise<Assessment> {
  const output = model.outputs.map((o) => o.shape.join(", ")).join("; ");
  if (output !== String(classes.length)) {
    throw new ShapeError({
      where: model.name,
      problem: "the output of the model does not fit the data set",
      expected: `[${classes.length}], a number for each class`,
      got: `[${output}]`,
      try: "choose the data set that the model was trained on",
    });
  }
  const x = inputFor(model, samples, shape);
  const sparse = isSparse(model.compiled?.options.loss);
  const y = sparse ? samples.labels : oneHot(samples.labels, classes.length);
  const { loss } = await model.evaluate(x, y, { batchSize, verbose: 0, signal, returnDict: true });
  const { probabilities, predicted } = await readClasses(model, x, signal);
  const confusion = classes.map(() => classes.map(() => 0));
  samples.labels.forEach((label, i) => {
    confusion[label]![predicted[i]!]!++;
  });
  return { loss: loss!, accuracy: rightShare(predicted, samples), confusion, predicted, probabilities };
}

/** The accuracy of a model, and nothing else. */
export async function accuracyOf(
  model: Model,
  samples: Samples,
  { shape }: { readonly shape: readonly number[] },
  signal: AbortSignal,
): Promise<number> {
  const { predicted } = await readClasses(model, inputFor(model, samples, shape), signal);
  return rightShare(predicted, samples);
}

function rightShare(predicted: Int32Array, { labels, count }: Samples): number {
  return predicted.reduce((sum, found, i) => sum + Number(found === labels[i]), 0) / count;
}

/** The probabilities that a model gives, and the best class for each row. */
export async function readClasses(model: Model, x: ReturnType<typeof inputFor>, signal: AbortSignal) {
  const output = (await model.predict(x, { batchSize, verbose: 0, signal })) as Tensor;
  const rows = output.shape[0] as number;
  const probabilities = (await output.data()) as Float32Array;
  const classes = probabilities.length / rows;
  const predicted = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const values = probabilities.subarray(row * classes, (row + 1) * classes);
    if (!values.every(Number.isFinite)) notFinite(model, row);
    if (!isDistribution(values)) toDistribution(values);
    predicted[row] = values.indexOf(Math.max(...values));
  }
  return { probabilities, predicted };
}

function notFinite(model: Model, sample: number): never {
  throw new NumericError({
    where: model.name,
    problem: "the predictions are not finite",
    expected: "finite numbers",
    got: `NaN or infinity for sample ${sample}`,
    try: "train the model again with a lower learning rate",
  });
}

/** Compiles a model for a backend: as it came, or for classification. */
export function compileForUse(model: Model, backend: BackendName): void {
  model.compile({ ...(model.compiled?.options ?? { loss: "categoricalCrossentropy" }), backend });
}

/** True for a loss whose labels are class numbers. */
function isSparse(loss: unknown): boolean {
  const one = (Array.isArray(loss) ? loss[0] : loss) as LossIdentifier | null | undefined;
  const name = typeof one === "object" && one !== null && "type" in one ? String(one.type) : String(one);
  return /^sparse/i.test(name);
}

function isDistribution(values: Float32Array): boolean {
  let sum = 0;
  for (const v of values) {
    if (v < 0) return false;
    sum += v;
  }
  return Math.abs(sum - 1) < 1e-3;
}

/** Softmax in place: for models that end in scores. */
function toDistribution(values: Float32Array): void {
  const most = Math.max(...values);
  let sum = 0;
  for (const v of values) sum += Math.exp(v - most);
  values.forEach((v, i) => {
    values[i] = Math.exp(v - most) / sum;
  });
}
