/**
 * Activation functions: Keras's table, formula by formula (keras.activations, 3.15).
 *
 * Each takes a float32 tensor and returns one of the same shape (`glu` halves its axis). Softmax and sigmoid remember
 * what they were applied to, so that a cross-entropy can be computed from the logits, as Keras does.
 */
import { onesLike, type Tensor, where } from "../core/index.ts";
import { ShapeError } from "../ir/errors.ts";
import { floorDivSize, mulSize, sameSize, showShape } from "../ir/size.ts";
import { type Field, optional, refuse, required } from "./fields.ts";
import { camelCase, keyInFile, suggestion } from "./naming.ts";
import { type RectifierSpec, rectifierKind } from "./rectifiers.ts";
import { readSpec, writeSpec } from "./specs.ts";

/** What `y` was computed from, if `y` is the output of a softmax over the last axis or of a sigmoid. */
export interface Logits {
  readonly activation: "softmax" | "sigmoid";
  readonly logits: Tensor;
}

const logitsOfOutput = new WeakMap<Tensor, Logits>();

/** The logits behind the output of a softmax over the last axis, or of a sigmoid; undefined for any other tensor. */
export function logitsOf(y: Tensor): Logits | undefined {
  return logitsOfOutput.get(y);
}

function remember(y: Tensor, activation: Logits["activation"], logits: Tensor): Tensor {
  logitsOfOutput.set(y, { activation, logits });
  return y;
}

/** Klambauer et al., 2017. */
const selu = { alpha: 1.6732632423543772, scale: 1.0507009873554805 };

function softmaxOver(x: Tensor, axis: number): Tensor {
  const y = x.softmax(axis);
  return axis === -1 || axis === x.rank - 1 ? remember(y, "softmax", x) : y;
}

function reluWith(
  x: Tensor,
  {
    negativeSlope = 0,
    maxValue = null,
    threshold = 0,
  }: {
    negativeSlope?: number;
    maxValue?: number | null;
    threshold?: number;
  } = {},
): Tensor {
  const positive = threshold === 0 ? x.relu() : where(x.greater(threshold), x, 0);
  const limited = maxValue === null ? positive : positive.minimum(maxValue);
  return negativeSlope === 0 ? limited : limited.sub(x.neg().add(threshold).relu().mul(negativeSlope));
}

function eluWith(x: Tensor, { alpha = 1 }: { alpha?: number } = {}): Tensor {
  return where(x.greater(0), x, x.minimum(0).expm1().mul(alpha));
}

function gluOf(x: Tensor, { axis = -1 }: { axis?: number } = {}): Tensor {
  const size = x.shape.at(axis)!;
  if (!sameSize(mulSize(floorDivSize(size, 2), 2), size)) {
    throw new ShapeError({
      where: "glu",
      problem: `axis ${axis} must have an even size, to be split in two halves`,
      expected: "an even size",
      got: showShape(x.shape),
      try: "double the units of the layer before",
    });
  }
  const [value, gate] = x.split(2, axis) as [Tensor, Tensor];
  return value.mul(gate.sigmoid());
}

/**
 * As Keras computes it, so that its models give the same numbers here: `max(x - τ, 0)` with τ from the *sum* of the
 * supported cumulative sums, where Martins and Astudillo (2016) take the last of them. Where more than one element is
 * supported the outputs therefore do not add up to 1.
 */
function sparsemaxOver(x: Tensor, { axis = -1 }: { axis?: number } = {}): Tensor {
  const sorted = x.sort(axis, { descending: true });
  const sums = sorted.cumsum(axis);
  const rank = onesLike(sorted).cumsum(axis);
  const support = sorted.sub(sums.sub(1).div(rank)).greater(0);
  const size = support.cast("float32").sum(axis, { keepdims: true });
  const threshold = where(support, sums, 0).sum(axis, { keepdims: true }).sub(1).div(size);
  return x.sub(threshold).relu();
}

/** Every activation function. Those with parameters take them as a second argument, with Keras's defaults. */
export const activations = {
  celu: (x: Tensor, { alpha = 1 }: { alpha?: number } = {}): Tensor =>
    x.relu().add(x.minimum(0).div(alpha).expm1().mul(alpha)),
  elu: eluWith,
  exponential: (x: Tensor): Tensor => x.exp(),
  gelu: (x: Tensor, { approximate = false }: { approximate?: boolean } = {}): Tensor => {
    const gate = approximate
      ? x
          .mul(x)
          .mul(x)
          .mul(0.044715)
          .add(x)
          .mul(Math.sqrt(2 / Math.PI))
          .tanh()
      : x.mul(Math.SQRT1_2).erf();
    return x.mul(0.5).mul(gate.add(1));
  },
  glu: gluOf,
  hardShrink: (x: Tensor, { threshold = 0.5 }: { threshold?: number } = {}): Tensor =>
    where(x.abs().greater(threshold), x, 0),
  hardSigmoid: (x: Tensor): Tensor => x.add(3).clip(0, 6).div(6),
  hardSilu: (x: Tensor): Tensor => x.mul(x.add(3).clip(0, 6).div(6)),
  hardSwish: (x: Tensor): Tensor => x.mul(x.add(3).clip(0, 6).div(6)),
  hardTanh: (x: Tensor): Tensor => x.clip(-1, 1),
  leakyRelu: (x: Tensor, { negativeSlope = 0.2 }: { negativeSlope?: number } = {}): Tensor =>
    reluWith(x, { negativeSlope }),
  linear: (x: Tensor): Tensor => x,
  logSigmoid: (x: Tensor): Tensor => x.neg().softplus().neg(),
  logSoftmax: (x: Tensor, { axis = -1 }: { axis?: number } = {}): Tensor => x.logSoftmax(axis),
  mish: (x: Tensor): Tensor => x.mul(x.softplus().tanh()),
  relu: reluWith,
  relu6: (x: Tensor): Tensor => x.clip(0, 6),
  selu: (x: Tensor): Tensor => eluWith(x, { alpha: selu.alpha }).mul(selu.scale),
  sigmoid: (x: Tensor): Tensor => remember(x.sigmoid(), "sigmoid", x),
  silu: (x: Tensor): Tensor => x.mul(x.sigmoid()),
  softShrink: (x: Tensor, { threshold = 0.5 }: { threshold?: number } = {}): Tensor =>
    x.sub(x.clip(-threshold, threshold)),
  softmax: (x: Tensor, { axis = -1 }: { axis?: number } = {}): Tensor => softmaxOver(x, axis),
  softplus: (x: Tensor): Tensor => x.softplus(),
  softsign: (x: Tensor): Tensor => x.div(x.abs().add(1)),
  sparsePlus: (x: Tensor): Tensor => {
    const ramp = x.clip(-1, 1).add(1);
    return where(x.less(1), ramp.mul(ramp).mul(0.25), x);
  },
  sparseSigmoid: (x: Tensor): Tensor => x.clip(-1, 1).add(1).mul(0.5),
  sparsemax: sparsemaxOver,
  squareplus: (x: Tensor, { b = 4 }: { b?: number } = {}): Tensor => x.add(x.mul(x).add(b).sqrt()).div(2),
  swish: (x: Tensor): Tensor => x.mul(x.sigmoid()),
  tanh: (x: Tensor): Tensor => x.tanh(),
  tanhShrink: (x: Tensor): Tensor => x.sub(x.tanh()),
  threshold: (x: Tensor, { threshold, defaultValue }: { threshold: number; defaultValue: number }): Tensor =>
    where(x.greater(threshold), x, defaultValue),
} as const;

/** The activations that a layer can be given by name: all but `threshold`, whose parameters have no defaults. */
export type ActivationName = Exclude<keyof typeof activations, "threshold">;

export const activationNames = Object.keys(activations).filter(
  (name): name is ActivationName => name !== "threshold",
);

/** The activation of a layer: a function by its name, or a rectifier with its parameters. */
export type Activation = ActivationName | RectifierSpec;

const rectifierFunctions = { LeakyReLU: "leakyRelu", ReLU: "relu", ELU: "elu" } as const;

/** Applies an activation; functions have their default parameters. */
export function activate(activation: Activation, x: Tensor): Tensor {
  if (typeof activation === "string") return activations[activation](x);
  const { type, ...parameters } = activation;
  return activations[rectifierFunctions[type]](x, parameters);
}

function readActivation(value: unknown, at: string): Activation {
  if (value === null) return "linear";
  const layer = rectifierOf(value);
  if (layer !== undefined) return readSpec<RectifierSpec>(rectifierKind, layer, at);
  const word = typeof value === "string" ? value : wordOfFunction(value);
  const name = word === undefined ? undefined : activationNames.find((n) => n === camelCase(word));
  if (name !== undefined) return name;
  refuse(
    at,
    "the name of an activation function",
    value,
    (word === undefined ? undefined : suggestion(word, activationNames)) ??
      `use one of ${activationNames.join(", ")}`,
  );
}

/** Some versions of Keras write a function as `{ class_name: "function", config: its name }`. */
function wordOfFunction(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const saved = new Map(Object.entries(value));
  const word: unknown = saved.get("class_name") === "function" ? saved.get("config") : undefined;
  return typeof word === "string" ? word : undefined;
}

/** The rectifier that a layer, a spec or a file gives; undefined for anything else. */
function rectifierOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  const { class_name: inFile, type, config } = value as Record<string, unknown>;
  const name = inFile ?? type;
  if (typeof name !== "string" || !rectifierKind.types.has(name)) return undefined;
  if (typeof config !== "object" || config === null) return value;
  const parameters = Object.entries(config).map(([key, v]) => [camelCase(key), v] as const);
  const own = parameters.filter(([key]) => !["name", "dtype", "trainable"].includes(key));
  return { ...Object.fromEntries(own), type: name };
}

/**
 * What may be given for an activation: its name, in camel case or as Keras spells it; a layer `LeakyReLU`, `ReLU` or
 * `ELU` for its parameters; null is `linear`.
 */
export type ActivationOption =
  | ActivationName
  | (string & {})
  | { readonly type: string; readonly config?: object }
  | (Partial<RectifierSpec> & { readonly type: RectifierSpec["type"] })
  | null;

/** An option that names an activation function. */
export function activationField(initial: ActivationName): Field<ActivationOption, Activation, true> {
  return optional<ActivationOption, Activation>(initial, readActivation, activationInFile);
}

/** The same without a default. */
export function requiredActivation(): Field<ActivationOption, Activation, false> {
  return required<ActivationOption, Activation>(readActivation, activationInFile);
}

/** Keras writes `swish` and `hard_swish` under the name of the function they are. */
function activationInFile(name: Activation): unknown {
  if (typeof name !== "string") return writeSpec(rectifierKind, name);
  return keyInFile(name === "swish" ? "silu" : name === "hardSwish" ? "hardSilu" : name);
}
