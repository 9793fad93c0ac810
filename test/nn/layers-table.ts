/** Samples of every layer, for the harness: options and the shape of one input row. A layer without a row fails it. */
import type { Layer } from "../../src/nn/layer.ts";
import {
  Activation,
  AveragePooling2D,
  Conv2D,
  Dense,
  Dropout,
  ELU,
  Flatten,
  GlobalAveragePooling2D,
  GlobalMaxPooling2D,
  LeakyReLU,
  Maxout,
  MaxPooling2D,
  ReLU,
  Rescaling,
  Reshape,
  Softmax,
} from "../../src/nn/layers/index.ts";

export interface Sample {
  readonly type: string;
  readonly what: string;
  readonly input: readonly number[];
  /** The shape of one output row. */
  readonly output: readonly number[];
  readonly make: () => Layer;
}

const image = [6, 5, 4];
const row = [4];

function sample(
  type: string,
  what: string,
  input: readonly number[],
  output: readonly number[],
  make: () => Layer,
): Sample {
  return { type, what, input, output, make };
}

export const samples: readonly Sample[] = [
  sample("Dense", "plain", row, [3], () => new Dense({ units: 3 })),
  sample("Dense", "on images, no bias", image, [6, 5, 2], () => new Dense({ units: 2, useBias: false })),
  sample(
    "Dense",
    "all options",
    row,
    [3],
    () =>
      new Dense({
        units: 3,
        activation: "leaky_relu",
        kernelInitializer: { type: "RandomNormal", stddev: 0.3, seed: 4 },
        biasInitializer: "ones",
        kernelRegularizer: { type: "L1L2", l1: 0.1, l2: 0.2 },
        biasRegularizer: "l2",
        activityRegularizer: { type: "L1", l1: 0.3 },
      }),
  ),
  sample("Maxout", "plain", row, [3], () => new Maxout({ units: 3 })),
  sample(
    "Maxout",
    "three pieces, no bias",
    row,
    [2],
    () => new Maxout({ units: 2, pieces: 3, useBias: false }),
  ),
  sample("Activation", "tanh", row, row, () => new Activation({ activation: "tanh" })),
  sample("ReLU", "plain", row, row, () => new ReLU()),
  sample(
    "ReLU",
    "all options",
    row,
    row,
    () => new ReLU({ maxValue: 0.5, negativeSlope: 0.1, threshold: 0.2 }),
  ),
  sample("LeakyReLU", "plain", row, row, () => new LeakyReLU()),
  sample("LeakyReLU", "slope of the lecture", row, row, () => new LeakyReLU({ negativeSlope: 0.1 })),
  sample("ELU", "alpha", row, row, () => new ELU({ alpha: 0.5 })),
  sample("Softmax", "last axis", row, row, () => new Softmax()),
  sample("Softmax", "two axes", image, image, () => new Softmax({ axis: [1, 2] })),
  sample("Conv2D", "plain", image, [4, 3, 3], () => new Conv2D({ filters: 3, kernelSize: 3 })),
  sample(
    "Conv2D",
    "same, strides, groups, activation",
    image,
    [3, 5, 6],
    () =>
      new Conv2D({
        filters: 6,
        kernelSize: [3, 2],
        strides: [2, 1],
        padding: "same",
        groups: 2,
        activation: "relu",
      }),
  ),
  sample(
    "Conv2D",
    "dilated, no bias",
    image,
    [2, 1, 2],
    () => new Conv2D({ filters: 2, kernelSize: 3, dilationRate: 2, useBias: false }),
  ),
  sample(
    "Conv2D",
    "channels first",
    [4, 6, 5],
    [3, 4, 3],
    () => new Conv2D({ filters: 3, kernelSize: 3, dataFormat: "channels_first" }),
  ),
  sample("MaxPooling2D", "plain", image, [3, 2, 4], () => new MaxPooling2D()),
  sample(
    "MaxPooling2D",
    "same, overlapping",
    image,
    [6, 3, 4],
    () => new MaxPooling2D({ poolSize: [3, 2], strides: [1, 2], padding: "same" }),
  ),
  sample(
    "AveragePooling2D",
    "same",
    image,
    [3, 3, 4],
    () => new AveragePooling2D({ poolSize: 3, strides: 2, padding: "same" }),
  ),
  sample(
    "AveragePooling2D",
    "channels first",
    [4, 6, 5],
    [4, 3, 2],
    () => new AveragePooling2D({ dataFormat: "channels_first" }),
  ),
  sample("GlobalMaxPooling2D", "plain", image, [4], () => new GlobalMaxPooling2D()),
  sample(
    "GlobalMaxPooling2D",
    "keepdims",
    image,
    [1, 1, 4],
    () => new GlobalMaxPooling2D({ keepdims: true }),
  ),
  sample("GlobalAveragePooling2D", "plain", image, [4], () => new GlobalAveragePooling2D()),
  sample(
    "GlobalAveragePooling2D",
    "channels first",
    [4, 6, 5],
    [4],
    () => new GlobalAveragePooling2D({ dataFormat: "channels_first" }),
  ),
  sample("Flatten", "plain", image, [120], () => new Flatten()),
  sample("Flatten", "channels first", [4, 6, 5], [120], () => new Flatten({ dataFormat: "channels_first" })),
  sample("Reshape", "one size open", image, [10, 12], () => new Reshape({ targetShape: [-1, 12] })),
  sample("Reshape", "all given", image, [4, 5, 6], () => new Reshape({ targetShape: [4, 5, 6] })),
  sample("Dropout", "plain", row, row, () => new Dropout({ rate: 0.5 })),
  sample(
    "Dropout",
    "all options",
    image,
    image,
    () => new Dropout({ rate: 0.3, seed: 7, noiseShape: [null, 1, 1, 4] }),
  ),
  sample("Rescaling", "one factor", image, image, () => new Rescaling({ scale: 1 / 255 })),
  sample(
    "Rescaling",
    "a factor for each channel",
    image,
    image,
    () => new Rescaling({ scale: [1, 2, 3, 4], offset: [0, 1, 0, -1] }),
  ),
];
