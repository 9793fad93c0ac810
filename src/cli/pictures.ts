/** The pictures of a trained model. */
import type { Tensor } from "../core/index.ts";
import { Conv2D, Model } from "../nn/index.ts";
import {
  confusionMatrix,
  curves,
  type Figure,
  featureMaps,
  filters,
  type GridImage,
  imageGrid,
  prCurve,
  rocCurve,
  weightsHistogram,
} from "../plot/index.ts";
import type { Assessment } from "./assess.ts";
import type { NamedFigure } from "./output.ts";
import { type Dataset, inputFor, type Samples, sizeOf } from "./samples.ts";

export interface Pictured {
  readonly model: Model;
  /** Key of the logs → one value per epoch. */
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly dataset: Dataset;
  /** Of the model on the test samples. */
  readonly assessment: Promise<Assessment>;
}

/**
 * Every picture that the model and the data allow, with the name of its file: those first that can be drawn before the
 * model is assessed.
 */
export async function* pictures(run: Pictured): AsyncGenerator<NamedFigure> {
  const { model, dataset } = run;
  yield* shown("curves", trainingCurves(run.history));
  yield* shown("weights", weightsHistogram(model, { title: "Weights" }));
  yield* shown("filters", kernels(model));
  const assessment = await run.assessment;
  yield* shown("misread", misread(dataset, assessment));
  yield* shown("confusion-matrix", confusionMatrix(assessment.confusion, { classNames: dataset.classes }));
  yield* shown("feature-maps", await maps(model, dataset));
  yield* twoClasses(dataset, assessment);
}

/** A figure, where there is one. */
function* shown(name: string, figure: Figure | undefined): Generator<NamedFigure> {
  if (figure !== undefined) yield [name, figure];
}

/** What two classes allow: all thresholds at once. */
function twoClasses({ test, classes }: Dataset, { probabilities }: Assessment): NamedFigure[] {
  if (classes.length !== 2) return [];
  const scored = { labels: test.labels, scores: probabilities.filter((_, i) => i % 2 === 1) };
  const subtitle = `positive: ${classes[1]}`;
  return [
    ["roc", rocCurve(scored, { title: "Receiver operating characteristic", subtitle })],
    ["precision-recall", prCurve(scored, { title: "Precision and recall", subtitle })],
  ];
}

/** Loss and accuracy over the epochs, and the learning rate where it changes; undefined before the first epoch is over. */
export function trainingCurves(history: Pictured["history"]): Figure | undefined {
  if (Object.keys(history).length === 0) return undefined;
  const rates = history.learning_rate ?? [];
  const metrics = ["loss", "accuracy"].filter((m) => m in history);
  if (rates.some((rate) => rate !== rates[0])) metrics.push("learning_rate");
  return curves(history, { title: "Training", metrics });
}

const firstConvolution = (model: Model) => model.layers.find((layer) => layer instanceof Conv2D);

/** The kernels of the first convolution. */
function kernels(model: Model): Figure | undefined {
  const weight = firstConvolution(model)?.weights()[0];
  if (weight === undefined) return undefined;
  const shape = weight.shape as readonly number[];
  return filters(
    { data: weight.read() as Float32Array, shape },
    { title: "Filters of the first convolution" },
  );
}

/** What the first convolution makes of a test image. */
async function maps(model: Model, { test, shape, classes }: Dataset): Promise<Figure | undefined> {
  const layer = firstConvolution(model);
  const output = layer?.applications.at(-1)?.outputs[0];
  if (output === undefined || model.graph === undefined || test.count === 0) return undefined;
  const tap = new Model({ inputs: model.graph.inputs, outputs: output, name: "feature_maps" });
  const x = inputFor(model, sample(test, 0, sizeOf(shape)), shape);
  const activation = (await tap.predict(x, { verbose: 0 })) as Tensor;
  const [, ...size] = activation.shape as number[];
  if (size.length !== 3) return undefined;
  const values = { shape: size, data: (await activation.data()) as Float32Array };
  return featureMaps(values, {
    title: "Feature maps",
    subtitle: `the first convolution on test image 0, which shows ${classes[test.labels[0]!]}`,
  });
}

function sample(samples: Samples, at: number, size: number): Samples {
  return {
    count: 1,
    values: samples.values.subarray(at * size, (at + 1) * size),
    labels: samples.labels.subarray(at, at + 1),
  };
}

/** Misread images that are shown at most. */
const most = 40;

/** The test images that were taken for another class, the surest mistakes first; undefined where there is none. */
function misread({ test, shape, classes }: Dataset, assessment: Assessment): Figure | undefined {
  const [height = 1, width = 1, channels = 1] = shape;
  const size = sizeOf(shape);
  if (shape.length !== 3 || (channels !== 1 && channels !== 3)) return undefined;
  const { predicted, probabilities } = assessment;
  const sure = (i: number) => probabilities[i * classes.length + predicted[i]!]!;
  const wrong = Array.from(predicted.keys())
    .filter((i) => predicted[i] !== test.labels[i])
    .sort((a, b) => sure(b) - sure(a) || a - b);
  if (wrong.length === 0) return undefined;
  const images = wrong.slice(0, most).map(
    (i): GridImage => ({
      pixels: test.values.subarray(i * size, (i + 1) * size),
      height,
      width,
      channels,
      caption: [`true ${classes[test.labels[i]!]}`, `read ${classes[predicted[i]!]} (${sure(i).toFixed(2)})`],
      tone: "bad",
    }),
  );
  return imageGrid(images, {
    title: `${wrong.length} of ${test.count} test images misread`,
    subtitle: "the surest mistakes first, with the probability given to what was read",
    ...(wrong.length > most ? { note: `Shown: the first ${most}.` } : {}),
  });
}
