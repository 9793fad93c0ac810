/** The table of layers: one line per layer. Keys are Keras's class names, by which files refer to them. */
import type { LayerClass } from "../layer.ts";
import { Activation } from "./activation.ts";
import { AveragePooling2D } from "./average-pooling2d.ts";
import { Conv2D } from "./conv2d.ts";
import { Dense } from "./dense.ts";
import { Dropout } from "./dropout.ts";
import { ELU } from "./elu.ts";
import { Flatten } from "./flatten.ts";
import { GlobalAveragePooling2D } from "./global-average-pooling2d.ts";
import { GlobalMaxPooling2D } from "./global-max-pooling2d.ts";
import { InputLayer } from "./input.ts";
import { LeakyReLU } from "./leaky-relu.ts";
import { MaxPooling2D } from "./max-pooling2d.ts";
import { Maxout } from "./maxout.ts";
import { ReLU } from "./relu.ts";
import { Rescaling } from "./rescaling.ts";
import { Reshape } from "./reshape.ts";
import { Softmax } from "./softmax.ts";

export { Input } from "./input.ts";
export {
  Activation,
  AveragePooling2D,
  Conv2D,
  Dense,
  Dropout,
  ELU,
  Flatten,
  GlobalAveragePooling2D,
  GlobalMaxPooling2D,
  InputLayer,
  LeakyReLU,
  Maxout,
  MaxPooling2D,
  ReLU,
  Rescaling,
  Reshape,
  Softmax,
};

/** Every layer that a file may name. */
export const layers: ReadonlyMap<string, LayerClass> = new Map<string, LayerClass>(
  [
    Activation,
    AveragePooling2D,
    Conv2D,
    Dense,
    Dropout,
    ELU,
    Flatten,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    InputLayer,
    LeakyReLU,
    MaxPooling2D,
    Maxout,
    ReLU,
    Rescaling,
    Reshape,
    Softmax,
  ].map((layer) => [layer.registeredIn ? `${layer.registeredIn}>${layer.type}` : layer.type, layer]),
);
