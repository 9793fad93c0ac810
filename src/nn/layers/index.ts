/** The table of layers: one line per layer. Keys are Keras's class names, by which files refer to them. */
import type { LayerClass } from "../layer.ts";
import { Activation } from "./activation.ts";
import { ActivityRegularization } from "./activity-regularization.ts";
import { Add } from "./add.ts";
import { AlphaDropout } from "./alpha-dropout.ts";
import { Average } from "./average.ts";
import { AveragePooling2D } from "./average-pooling2d.ts";
import { BatchNormalization } from "./batch-normalization.ts";
import { CenterCrop } from "./center-crop.ts";
import { Concatenate } from "./concatenate.ts";
import { Conv2D } from "./conv2d.ts";
import { Conv2DTranspose } from "./conv2d-transpose.ts";
import { Cropping2D } from "./cropping2d.ts";
import { Dense } from "./dense.ts";
import { DepthwiseConv2D } from "./depthwise-conv2d.ts";
import { Dot } from "./dot.ts";
import { Dropout } from "./dropout.ts";
import { ELU } from "./elu.ts";
import { Embedding } from "./embedding.ts";
import { Flatten } from "./flatten.ts";
import { GaussianDropout } from "./gaussian-dropout.ts";
import { GaussianNoise } from "./gaussian-noise.ts";
import { GlobalAveragePooling2D } from "./global-average-pooling2d.ts";
import { GlobalMaxPooling2D } from "./global-max-pooling2d.ts";
import { GroupNormalization } from "./group-normalization.ts";
import { Identity } from "./identity.ts";
import { InputLayer } from "./input.ts";
import { Lambda } from "./lambda.ts";
import { LayerNormalization } from "./layer-normalization.ts";
import { LeakyReLU } from "./leaky-relu.ts";
import { MaxPooling2D } from "./max-pooling2d.ts";
import { Maximum } from "./maximum.ts";
import { Maxout } from "./maxout.ts";
import { Minimum } from "./minimum.ts";
import { Multiply } from "./multiply.ts";
import { Normalization } from "./normalization.ts";
import { Permute } from "./permute.ts";
import { PReLU } from "./prelu.ts";
import { RandomContrast } from "./random-contrast.ts";
import { RandomFlip } from "./random-flip.ts";
import { RandomRotation } from "./random-rotation.ts";
import { RandomTranslation } from "./random-translation.ts";
import { RandomZoom } from "./random-zoom.ts";
import { ReLU } from "./relu.ts";
import { RepeatVector } from "./repeat-vector.ts";
import { Rescaling } from "./rescaling.ts";
import { Reshape } from "./reshape.ts";
import { Resizing } from "./resizing.ts";
import { SeparableConv2D } from "./separable-conv2d.ts";
import { Softmax } from "./softmax.ts";
import { SpatialDropout2D } from "./spatial-dropout2d.ts";
import { Subtract } from "./subtract.ts";
import { UnitNormalization } from "./unit-normalization.ts";
import { UpSampling2D } from "./up-sampling2d.ts";
import { ZeroPadding2D } from "./zero-padding2d.ts";

export { Input } from "./input.ts";
export type { LambdaFunction } from "./lambda.ts";
export type { AdaptInput } from "./normalization.ts";
export {
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
  InputLayer,
  Lambda,
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
};

/** Every layer that a file may name. `Lambda` is none of them: a file never brings code with it. */
export const layers: ReadonlyMap<string, LayerClass> = new Map<string, LayerClass>(
  [
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
    InputLayer,
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
  ].map((layer) => [layer.registeredIn ? `${layer.registeredIn}>${layer.type}` : layer.type, layer]),
);
