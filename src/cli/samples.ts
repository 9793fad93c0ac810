/** Samples with their classes, and the form in which models take them. */
import type { ShapedInput } from "../nn/host-array.ts";
import { type Model, Rescaling } from "../nn/index.ts";

/** Samples of one shape, with their classes. */
export interface Samples {
  readonly count: number;
  /** Sample after sample. Bytes are grey levels 0 to 255. */
  readonly values: Uint8Array | Float32Array;
  /** The class of each sample. */
  readonly labels: Uint8Array | Int32Array;
}

export interface Dataset {
  readonly name: string;
  readonly train: Samples;
  readonly test: Samples;
  readonly classes: readonly string[];
  /** Shape of one sample. */
  readonly shape: readonly number[];
}

/** The number of values of one sample. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Samples as a model takes them: in the shape of its input, bytes as fractions unless its first layer does that. */
export function inputFor(model: Model, samples: Samples, shape: readonly number[]): ShapedInput {
  const declared = model.inputs[0]?.shape;
  const sizes = declared?.every((s) => typeof s === "number") ? (declared as readonly number[]) : shape;
  const same = sizeOf(sizes) === sizeOf(shape);
  const bytes = samples.values instanceof Uint8Array && !takesBytes(model);
  return {
    data: samples.values,
    shape: [samples.count, ...(same ? sizes : shape)],
    ...(bytes ? { divisor: 255 } : {}),
  };
}

/** True where the model begins by making fractions of grey levels. */
function takesBytes(model: Model): boolean {
  const first = model.layers.find((l) => l.type !== "InputLayer");
  const scale = first instanceof Rescaling ? first.config.scale : 1;
  return typeof scale === "number" && Math.abs(scale) < 0.02;
}

/** Labels as rows of zeros and a one. */
export function oneHot(labels: ArrayLike<number>, classes: number): ShapedInput {
  const data = new Uint8Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) data[i * classes + labels[i]!] = 1;
  return { data, shape: [labels.length, classes] };
}
