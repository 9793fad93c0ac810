/**
 * Samples of every layer, for the harness: options and the shape of one input row. A layer without a row fails it.
 *
 * Over 400 lines: a table, a row for each layer.
 */
import type { Tensor } from "../../src/core/index.ts";
import type { Layer } from "../../src/nn/layer.ts";
import {
  Activation,
  ActivityRegularization,
  Add,
  AlphaDropout,
  Average,
  AveragePooling2D,
  BatchNormalization,
  CenterCrop,
  Concatenate,
  Conv2D,
  Conv2DTranspose,
  Cropping2D,
  Dense,
  DepthwiseConv2D,
  Dot,
  Dropout,
  ELU,
  Embedding,
  Flatten,
  GaussianDropout,
  GaussianNoise,
  GlobalAveragePooling2D,
  GlobalMaxPooling2D,
  GroupNormalization,
  Identity,
  LayerNormalization,
  LeakyReLU,
  Maximum,
  Maxout,
  MaxPooling2D,
  Minimum,
  Multiply,
  Normalization,
  Permute,
  PReLU,
  RandomContrast,
  RandomFlip,
  RandomRotation,
  RandomTranslation,
  RandomZoom,
  ReLU,
  RepeatVector,
  Rescaling,
  Reshape,
  Resizing,
  SeparableConv2D,
  Softmax,
  SpatialDropout2D,
  Subtract,
  UnitNormalization,
  UpSampling2D,
  ZeroPadding2D,
} from "../../src/nn/layers/index.ts";

export interface Sample {
  readonly type: string;
  readonly what: string;
  /** The shape of one row of each input. */
  readonly inputs: readonly (readonly number[])[];
  /** The shape of one output row. */
  readonly output: readonly number[];
  readonly make: () => Layer;
  /** Turns normally distributed numbers into what the layer takes. */
  readonly values: (x: Tensor) => Tensor;
}

const image = [6, 5, 4];
const row = [4];

function sample(
  type: string,
  what: string,
  input: readonly number[],
  output: readonly number[],
  make: () => Layer,
  values: (x: Tensor) => Tensor = (x) => x,
): Sample {
  return { type, what, inputs: [input], output, make, values };
}

/** A sample with several inputs. */
function merged(
  type: string,
  what: string,
  inputs: readonly (readonly number[])[],
  output: readonly number[],
  make: () => Layer,
): Sample {
  return { type, what, inputs, output, make, values: (x) => x };
}

/** Whole numbers from 0 to 4. */
const indices = (x: Tensor): Tensor => x.mul(2).abs().floor().clip(0, 4);

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
  sample("ActivityRegularization", "plain", row, row, () => new ActivityRegularization({ l1: 0.1 })),
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

  sample("BatchNormalization", "plain", image, image, () => new BatchNormalization()),
  sample(
    "BatchNormalization",
    "all options",
    [4, 6, 5],
    [4, 6, 5],
    () =>
      new BatchNormalization({
        axis: 1,
        momentum: 0.9,
        epsilon: 0.01,
        betaInitializer: "ones",
        gammaInitializer: { type: "Constant", value: 2 },
        movingMeanInitializer: "ones",
        movingVarianceInitializer: { type: "Constant", value: 3 },
        betaRegularizer: "l2",
        gammaConstraint: "nonNeg",
      }),
  ),
  sample(
    "BatchNormalization",
    "of features, no offset",
    row,
    row,
    () => new BatchNormalization({ center: false }),
  ),
  sample("LayerNormalization", "plain", image, image, () => new LayerNormalization()),
  sample(
    "LayerNormalization",
    "several axes, no factor",
    image,
    image,
    () => new LayerNormalization({ axis: [1, -1], scale: false, epsilon: 1e-5 }),
  ),
  sample("GroupNormalization", "two groups", image, image, () => new GroupNormalization({ groups: 2 })),
  sample(
    "GroupNormalization",
    "each channel, channels first",
    [4, 6, 5],
    [4, 6, 5],
    () => new GroupNormalization({ groups: -1, axis: 1, gammaRegularizer: "l1" }),
  ),
  sample("UnitNormalization", "plain", row, row, () => new UnitNormalization()),
  sample("UnitNormalization", "two axes", image, image, () => new UnitNormalization({ axis: [1, 2] })),
  sample(
    "Conv2DTranspose",
    "plain",
    [4, 3, 2],
    [6, 5, 3],
    () => new Conv2DTranspose({ filters: 3, kernelSize: 3 }),
  ),
  sample(
    "Conv2DTranspose",
    "same, strides, activation",
    [4, 3, 2],
    [8, 6, 3],
    () =>
      new Conv2DTranspose({
        filters: 3,
        kernelSize: [3, 2],
        strides: 2,
        padding: "same",
        activation: "tanh",
        kernelConstraint: { type: "maxNorm", maxValue: 1, axis: [0, 1] },
      }),
  ),
  sample(
    "Conv2DTranspose",
    "output padding, no bias",
    [4, 3, 2],
    [10, 8, 3],
    () => new Conv2DTranspose({ filters: 3, kernelSize: 3, strides: 2, outputPadding: 1, useBias: false }),
  ),
  sample("DepthwiseConv2D", "plain", image, [4, 3, 4], () => new DepthwiseConv2D({ kernelSize: 3 })),
  sample(
    "DepthwiseConv2D",
    "all options",
    image,
    [3, 3, 8],
    () =>
      new DepthwiseConv2D({
        kernelSize: [3, 2],
        strides: 2,
        padding: "same",
        depthMultiplier: 2,
        activation: "relu",
        depthwiseInitializer: "heNormal",
        depthwiseRegularizer: "l2",
        depthwiseConstraint: "nonNeg",
      }),
  ),
  sample(
    "SeparableConv2D",
    "plain",
    image,
    [4, 3, 3],
    () => new SeparableConv2D({ filters: 3, kernelSize: 3 }),
  ),
  sample(
    "SeparableConv2D",
    "all options",
    image,
    [6, 5, 3],
    () =>
      new SeparableConv2D({
        filters: 3,
        kernelSize: 3,
        dilationRate: 2,
        padding: "same",
        depthMultiplier: 2,
        activation: "elu",
        useBias: false,
        pointwiseRegularizer: "l1",
      }),
  ),
  sample("PReLU", "plain", row, row, () => new PReLU({ alphaInitializer: { type: "Constant", value: 0.2 } })),
  sample("PReLU", "shared", image, image, () => new PReLU({ sharedAxes: [1, 2] })),
  sample("ZeroPadding2D", "plain", image, [8, 7, 4], () => new ZeroPadding2D()),
  sample(
    "ZeroPadding2D",
    "four sides",
    image,
    [9, 8, 4],
    () =>
      new ZeroPadding2D({
        padding: [
          [1, 2],
          [0, 3],
        ],
      }),
  ),
  sample("Cropping2D", "plain", image, [4, 3, 4], () => new Cropping2D({ cropping: 1 })),
  sample(
    "Cropping2D",
    "four sides, channels first",
    [4, 6, 5],
    [4, 3, 4],
    () =>
      new Cropping2D({
        cropping: [
          [1, 2],
          [0, 1],
        ],
        dataFormat: "channels_first",
      }),
  ),
  sample("UpSampling2D", "plain", image, [12, 10, 4], () => new UpSampling2D()),
  ...(["bilinear", "bicubic", "lanczos3", "lanczos5"] as const).map((interpolation) =>
    sample(
      "UpSampling2D",
      interpolation,
      [4, 3, 2],
      [12, 6, 2],
      () => new UpSampling2D({ size: [3, 2], interpolation }),
    ),
  ),
  sample("Permute", "three axes", image, [4, 6, 5], () => new Permute({ dims: [3, 1, 2] })),
  sample("RepeatVector", "plain", row, [3, 4], () => new RepeatVector({ n: 3 })),
  sample("SpatialDropout2D", "plain", image, image, () => new SpatialDropout2D({ rate: 0.5 })),
  sample("GaussianNoise", "plain", row, row, () => new GaussianNoise({ stddev: 0.1, seed: 3 })),
  sample("GaussianDropout", "plain", row, row, () => new GaussianDropout({ rate: 0.2 })),
  sample("AlphaDropout", "plain", row, row, () => new AlphaDropout({ rate: 0.2, noiseShape: [null, 1] })),
  merged("Add", "three", [row, row, row], row, () => new Add()),
  merged("Add", "different ranks", [image, [1], [5, 1]], image, () => new Add()),
  merged("Subtract", "plain", [row, row], row, () => new Subtract()),
  merged("Multiply", "plain", [row, row, row], row, () => new Multiply()),
  merged("Average", "plain", [row, row, row], row, () => new Average()),
  merged("Maximum", "plain", [row, row], row, () => new Maximum()),
  merged("Minimum", "plain", [row, row], row, () => new Minimum()),
  merged("Concatenate", "last axis", [row, [3]], [7], () => new Concatenate()),
  merged("Concatenate", "another axis", [image, [2, 5, 4]], [8, 5, 4], () => new Concatenate({ axis: 1 })),
  merged("Dot", "vectors", [row, row], [1], () => new Dot({ axes: 1 })),
  merged(
    "Dot",
    "matrices, cosine",
    [
      [3, 5],
      [2, 3],
    ],
    [5, 2],
    () => new Dot({ axes: [1, 2], normalize: true }),
  ),
  sample("Identity", "plain", image, image, () => new Identity()),
  sample("Embedding", "words", [6], [6, 3], () => new Embedding({ inputDim: 5, outputDim: 3 }), indices),
  sample(
    "Embedding",
    "all options",
    [2, 2],
    [2, 2, 3],
    () =>
      new Embedding({
        inputDim: 5,
        outputDim: 3,
        embeddingsInitializer: "heNormal",
        embeddingsRegularizer: "l2",
        embeddingsConstraint: "unitNorm",
      }),
    indices,
  ),
  sample("Normalization", "adapted", row, row, () => new Normalization()),
  sample("Normalization", "one for all", image, image, () => new Normalization({ axis: null })),
  sample(
    "Normalization",
    "given, inverted",
    image,
    image,
    () => new Normalization({ mean: [1, 2, 3, 4], variance: [1, 4, 9, 16], invert: true }),
  ),
  sample("Resizing", "bilinear", image, [4, 9, 4], () => new Resizing({ height: 4, width: 9 })),
  sample(
    "Resizing",
    "nearest, cropped",
    image,
    [3, 4, 4],
    () => new Resizing({ height: 3, width: 4, interpolation: "nearest", cropToAspectRatio: true }),
  ),
  sample(
    "Resizing",
    "bicubic, smoothed, padded",
    image,
    [3, 4, 4],
    () =>
      new Resizing({
        height: 3,
        width: 4,
        interpolation: "bicubic",
        padToAspectRatio: true,
        fillValue: 1,
        antialias: true,
      }),
  ),
  sample("CenterCrop", "smaller", image, [3, 4, 4], () => new CenterCrop({ height: 3, width: 4 })),
  sample("CenterCrop", "larger", image, [8, 4, 4], () => new CenterCrop({ height: 8, width: 4 })),
  sample("RandomFlip", "plain", image, image, () => new RandomFlip()),
  sample("RandomRotation", "plain", image, image, () => new RandomRotation({ factor: 0.1 })),
  sample(
    "RandomZoom",
    "two factors",
    image,
    image,
    () => new RandomZoom({ heightFactor: 0.2, widthFactor: [-0.1, 0.3], fillMode: "wrap" }),
  ),
  sample(
    "RandomTranslation",
    "constant",
    image,
    image,
    () =>
      new RandomTranslation({
        heightFactor: 0.2,
        widthFactor: [0.1, 0.3],
        fillMode: "constant",
        fillValue: 2,
        interpolation: "nearest",
        seed: 4,
      }),
  ),
  sample("RandomContrast", "plain", image, image, () => new RandomContrast({ factor: [0.1, 0.3] })),
];
