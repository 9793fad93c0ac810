/**
 * Models that together use every layer that Keras has: they go through files here, and through Keras itself where that is
 * at hand. No layer has a list of axes: Keras 3.15 forgets it when it reads `.h5` files, its own included.
 */
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
  Input,
  LayerNormalization,
  LeakyReLU,
  Maximum,
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
import { Model } from "../../src/nn/model.ts";
import { Sequential } from "../../src/nn/sequential.ts";

export interface ModelRow {
  readonly name: string;
  readonly make: () => Model;
  /** The inputs are whole numbers below this. */
  readonly words?: number;
}

const seed = 5;

/** A stack on inputs of one shape. */
function stack(name: string, shape: readonly number[], layers: () => Layer[], words?: number): ModelRow {
  const make = () => new Sequential([Input({ shape }), ...layers()], { seed });
  return { name, make, ...(words !== undefined && { words }) };
}

const image = [8, 7, 3];

function residual(): Model {
  const inputs = Input({ shape: [8, 8, 4] });
  const conv = () => new Conv2D({ filters: 4, kernelSize: 3, padding: "same" });
  let x = new BatchNormalization().apply(conv().apply(inputs));
  x = new BatchNormalization().apply(conv().apply(new ReLU().apply(x)));
  x = new Activation({ activation: "relu" }).apply(new Add().apply([inputs, x]));
  x = new GlobalAveragePooling2D().apply(x);
  return new Model({ inputs, outputs: new Dense({ units: 3, activation: "softmax" }).apply(x), seed });
}

function merges(): Model {
  const a = Input({ shape: [5], name: "a" });
  const b = Input({ shape: [5], name: "b" });
  const sum = new Add().apply([a, b]);
  const rest = new Subtract().apply([a, b]);
  const parts = [
    new Multiply().apply([sum, rest]),
    new Average().apply([a, b, sum]),
    new Maximum().apply([a, rest]),
    new Minimum().apply([b, rest]),
    new Dot({ axes: 1, normalize: true }).apply([a, b]),
  ];
  const outputs = new Dense({ units: 2 }).apply(new Concatenate().apply(parts));
  return new Model({ inputs: [a, b], outputs, seed });
}

function shared(): Model {
  const a = Input({ shape: [4] });
  const b = Input({ shape: [4] });
  const encoder = new Sequential(
    [Input({ shape: [4] }), new Dense({ units: 6, activation: "elu" }), new LayerNormalization()],
    { seed },
  );
  const [x, y] = [encoder.apply(a), encoder.apply(b)];
  return new Model({ inputs: [a, b], outputs: new Dot({ axes: -1 }).apply([x, y]), seed });
}

function nested(): Model {
  const inner = residual();
  const inputs = Input({ shape: [8, 8, 4] });
  const scores = inner.apply(new Rescaling({ scale: 0.5, offset: 0.1 }).apply(inputs));
  const outputs = new Dense({ units: 2, activation: "sigmoid" }).apply(scores);
  return new Model({ inputs, outputs, seed });
}

function severalOutputs(): Model {
  const inputs = Input({ shape: [6], name: "features" });
  const body = new Dense({ units: 8, activation: "gelu" }).apply(inputs);
  const kind = new Dense({ units: 3, activation: "softmax", name: "kind" }).apply(body);
  const size = new Dense({ units: 1, activation: "softplus", name: "size" }).apply(body);
  return new Model({ inputs, outputs: [kind, size], seed });
}

function attentionLike(): Model {
  const inputs = Input({ shape: [4, 6] });
  const turned = new Permute({ dims: [2, 1] }).apply(inputs);
  const scores = new Softmax().apply(new Dot({ axes: [2, 1] }).apply([inputs, turned]));
  const mixed = new Dot({ axes: [2, 1] }).apply([scores, inputs]);
  return new Model({ inputs, outputs: new UnitNormalization({ axis: 2 }).apply(mixed), seed });
}

function encoderDecoder(): Model {
  const inputs = Input({ shape: [8, 8, 1] });
  const down = (filters: number) =>
    new Conv2D({ filters, kernelSize: 3, strides: 2, padding: "same", activation: "relu" });
  const first = down(4).apply(inputs);
  const second = down(8).apply(first);
  const up = new UpSampling2D({ interpolation: "bilinear" }).apply(second);
  const joined = new Concatenate({ axis: 3 }).apply([up, first]);
  const outputs = new Conv2DTranspose({
    filters: 1,
    kernelSize: 3,
    strides: 2,
    padding: "same",
    activation: "sigmoid",
  }).apply(joined);
  return new Model({ inputs, outputs, seed });
}

function named(): Model {
  const [a, b] = [Input({ shape: [4], dtype: "int32" }), Input({ shape: [4], name: "second" })];
  const words = new Flatten().apply(new Embedding({ inputDim: 7, outputDim: 2 }).apply(a));
  const inputs = { words: a, numbers: b };
  const sum = new Add().apply([new Dense({ units: 3 }).apply(words), new Dense({ units: 3 }).apply(b)]);
  const outputs = { sum, kind: new Softmax().apply(sum) };
  return new Model({ inputs, outputs, seed });
}

export const models: readonly ModelRow[] = [
  stack("mlp", [9], () => [
    new Dense({ units: 16, activation: "tanh" }),
    new Dropout({ rate: 0.3 }),
    new Dense({ units: 4, activation: "softmax" }),
  ]),
  stack("mlp-normalized", [9], () => [
    new Dense({ units: 8, useBias: false, kernelInitializer: "heNormal" }),
    new BatchNormalization({ momentum: 0.9 }),
    new LeakyReLU({ negativeSlope: 0.1 }),
    new Dense({ units: 1 }),
  ]),
  stack("mlp-constrained", [6], () => [
    new Dense({
      units: 8,
      activation: "relu",
      kernelConstraint: { type: "maxNorm", maxValue: 1.5 },
      biasConstraint: "nonNeg",
      kernelInitializer: "orthogonal",
    }),
    new Dense({
      units: 4,
      kernelConstraint: "unitNorm",
      kernelRegularizer: { type: "orthogonalRegularizer", factor: 0.02 },
    }),
    new Dense({ units: 2, kernelConstraint: { type: "minMaxNorm", minValue: 0.5, rate: 0.5 } }),
  ]),
  stack("self-normalizing", [7], () => [
    new Dense({ units: 10, activation: "selu", kernelInitializer: "lecunNormal" }),
    new AlphaDropout({ rate: 0.1 }),
    new Dense({ units: 3, activation: "softmax" }),
  ]),
  stack("noisy", [7], () => [
    new GaussianNoise({ stddev: 0.2, seed: 4 }),
    new Dense({ units: 5, activation: "swish" }),
    new GaussianDropout({ rate: 0.25 }),
    new PReLU({ alphaInitializer: { type: "constant", value: 0.3 } }),
  ]),
  stack("normalization", [5], () => [
    new Normalization({ mean: [1, 2, 3, 4, 5], variance: [1, 2, 3, 4, 5] }),
    new LayerNormalization({ epsilon: 1e-5, center: false }),
    new ELU({ alpha: 0.7 }),
  ]),
  stack("adapted", [5], () => [new Normalization(), new Dense({ units: 2 })]),
  stack("lecture", [28, 28, 1], () => [
    new Conv2D({ filters: 8, kernelSize: [3, 3], activation: "relu" }),
    new MaxPooling2D({ poolSize: [2, 2] }),
    new Flatten(),
    new Dense({ units: 16, activation: "relu" }),
    new Dense({ units: 10, activation: "softmax" }),
  ]),
  stack("lenet", [16, 16, 1], () => [
    new Conv2D({ filters: 6, kernelSize: 5, padding: "same", activation: "tanh" }),
    new AveragePooling2D(),
    new Conv2D({ filters: 8, kernelSize: 3, activation: "tanh" }),
    new AveragePooling2D({ padding: "same" }),
    new Flatten(),
    new Dense({ units: 12, activation: "tanh" }),
    new Dense({ units: 10, activation: "softmax" }),
  ]),
  stack("padded", image, () => [
    new ZeroPadding2D({
      padding: [
        [1, 2],
        [0, 1],
      ],
    }),
    new Conv2D({ filters: 4, kernelSize: 3, strides: [2, 1], activation: "relu6" }),
    new SpatialDropout2D({ rate: 0.4 }),
    new Cropping2D({ cropping: [1, 2] }),
    new GlobalMaxPooling2D(),
  ]),
  stack("depthwise", image, () => [
    new DepthwiseConv2D({ kernelSize: 3, padding: "same", depthMultiplier: 2 }),
    new BatchNormalization(),
    new ReLU({ maxValue: 6 }),
    new Conv2D({ filters: 5, kernelSize: 1 }),
    new GlobalAveragePooling2D({ keepdims: true }),
  ]),
  stack("separable", image, () => [
    new SeparableConv2D({ filters: 6, kernelSize: 3, activation: "relu" }),
    new SeparableConv2D({ filters: 4, kernelSize: [2, 3], depthMultiplier: 2, useBias: false }),
    new GlobalMaxPooling2D({ keepdims: true }),
    new Flatten(),
  ]),
  stack("groups", [6, 6, 8], () => [
    new Conv2D({ filters: 8, kernelSize: 3, groups: 4, padding: "same" }),
    new GroupNormalization({ groups: 4 }),
    new Activation({ activation: "silu" }),
    new GroupNormalization({ groups: -1 }),
    new Conv2D({ filters: 3, kernelSize: 3, dilationRate: 2 }),
  ]),
  stack("generator", [10], () => [
    new Dense({ units: 4 * 4 * 3 }),
    new Reshape({ targetShape: [4, 4, 3] }),
    new BatchNormalization({ scale: false }),
    new LeakyReLU(),
    new Conv2DTranspose({ filters: 4, kernelSize: 5, strides: 2, padding: "same" }),
    new Conv2DTranspose({ filters: 1, kernelSize: 4, strides: 2, activation: "tanh" }),
  ]),
  stack("transposed-odd", [3, 4, 2], () => [
    new Conv2DTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: "same", outputPadding: 1 }),
    new Conv2DTranspose({ filters: 2, kernelSize: [2, 3], useBias: false }),
  ]),
  stack("upsampled", [4, 3, 2], () => [
    new UpSampling2D({ size: [2, 3] }),
    new UpSampling2D({ interpolation: "bilinear" }),
    new Conv2D({ filters: 2, kernelSize: 3, activation: "sigmoid" }),
  ]),
  stack("resized", [9, 7, 2], () => [
    new Resizing({ height: 6, width: 10 }),
    new CenterCrop({ height: 5, width: 6 }),
    new Resizing({ height: 3, width: 4, interpolation: "nearest" }),
    new Flatten(),
    new Dense({ units: 3 }),
  ]),
  stack("resized-smoothly", [9, 7, 2], () => [
    new Resizing({ height: 6, width: 6, cropToAspectRatio: true, antialias: true }),
    new Resizing({ height: 4, width: 8, padToAspectRatio: true, fillValue: 0.5, interpolation: "lanczos3" }),
    new GlobalAveragePooling2D(),
  ]),
  stack("augmented", [8, 8, 3], () => [
    new RandomFlip({ mode: "horizontal" }),
    new RandomRotation({ factor: 0.1, fillMode: "constant" }),
    new RandomZoom({ heightFactor: [-0.2, 0.1] }),
    new RandomTranslation({ heightFactor: 0.1, widthFactor: 0.2, fillMode: "nearest", seed: 3 }),
    new RandomContrast({ factor: 0.3, valueRange: [0, 1] }),
    new Conv2D({ filters: 2, kernelSize: 3 }),
    new Flatten(),
  ]),
  stack(
    "words",
    [6],
    () => [new Embedding({ inputDim: 20, outputDim: 4 }), new Flatten(), new Dense({ units: 2 })],
    20,
  ),
  stack(
    "words-in-lines",
    [5],
    () => [
      new Embedding({ inputDim: 11, outputDim: 3, embeddingsInitializer: "glorotNormal" }),
      new Permute({ dims: [2, 1] }),
      new Dense({ units: 4, activation: "tanh" }),
      new LayerNormalization({ axis: 1 }),
    ],
    11,
  ),
  stack("repeated", [4], () => [
    new RepeatVector({ n: 3 }),
    new Dense({ units: 2, activation: "mish" }),
    new Permute({ dims: [2, 1] }),
    new Identity(),
    new Reshape({ targetShape: [-1, 2] }),
  ]),
  stack("slopes", [5, 4, 3], () => [
    new PReLU({ sharedAxes: [1, 2] }),
    new Conv2D({ filters: 3, kernelSize: 2 }),
    new PReLU(),
    new Softmax({ axis: 1 }),
    new UnitNormalization({ axis: 1 }),
  ]),
  stack("activations", [6], () =>
    (
      [
        "celu",
        "exponential",
        "hardSigmoid",
        "hardTanh",
        "logSigmoid",
        "softsign",
        "tanhShrink",
        "squareplus",
      ] as const
    ).flatMap((activation) => [new Dense({ units: 6 }), new Activation({ activation })]),
  ),
  stack("channels-first", [3, 7, 8], () => [
    new ZeroPadding2D({ padding: 1, dataFormat: "channels_first" }),
    new Cropping2D({ cropping: 1, dataFormat: "channels_first" }),
    new BatchNormalization({ axis: 1 }),
    new Flatten({ dataFormat: "channels_first" }),
    new Dense({ units: 2 }),
  ]),
  stack("frozen", [6], () => [
    new Dense({ units: 5, activation: "relu", trainable: false }),
    new BatchNormalization({ trainable: false }),
    new Dense({ units: 2, name: "head" }),
  ]),
  stack("initializers", [6], () =>
    (
      ["glorotNormal", "heUniform", "lecunUniform", "randomNormal", "truncatedNormal", "identity"] as const
    ).map(
      (kernelInitializer) => new Dense({ units: 6, kernelInitializer, biasInitializer: "randomUniform" }),
    ),
  ),
  stack("regularized", [6], () => [
    new Dense({
      units: 5,
      kernelRegularizer: { type: "L1L2", l1: 0.01, l2: 0.02 },
      biasRegularizer: "l1",
      activityRegularizer: "l2",
    }),
    new Dense({
      units: 1,
      kernelRegularizer: "l2",
      kernelInitializer: { type: "varianceScaling", scale: 2 },
    }),
  ]),
  stack("rectified", [6, 6, 1], () => [
    new Conv2D({ filters: 3, kernelSize: 3, activation: new LeakyReLU({ negativeSlope: 0.2 }) }),
    new ActivityRegularization({ l2: 0.1 }),
    new Flatten(),
    new Dense({ units: 4, activation: { type: "ELU", alpha: 0.5 } }),
    new Dense({ units: 2, activation: new ReLU({ maxValue: 1, negativeSlope: 0.1 }) }),
  ]),
  { name: "residual", make: residual },
  { name: "merges", make: merges },
  { name: "shared", make: shared },
  { name: "nested", make: nested },
  { name: "several-outputs", make: severalOutputs },
  { name: "attention-like", make: attentionLike },
  { name: "encoder-decoder", make: encoderDecoder },
  { name: "named", make: named, words: 7 },
];
