/** Losses by name, and from saved configurations. */
import type { Tensor } from "../../core/index.ts";
import { UnsupportedError, UsageError } from "../../ir/errors.ts";
import { camelCase, snakeCase, suggestion } from "../naming.ts";
import { BinaryCrossentropy } from "./binary-crossentropy.ts";
import { BinaryFocalCrossentropy } from "./binary-focal-crossentropy.ts";
import { CategoricalCrossentropy } from "./categorical-crossentropy.ts";
import { CategoricalFocalCrossentropy } from "./categorical-focal-crossentropy.ts";
import { CategoricalHinge } from "./categorical-hinge.ts";
import { CosineSimilarity } from "./cosine-similarity.ts";
import { Hinge } from "./hinge.ts";
import { Huber } from "./huber.ts";
import { KLDivergence } from "./kl-divergence.ts";
import { LogCosh } from "./log-cosh.ts";
import { Loss } from "./loss.ts";
import { MeanAbsoluteError } from "./mean-absolute-error.ts";
import { MeanAbsolutePercentageError } from "./mean-absolute-percentage-error.ts";
import { MeanSquaredError } from "./mean-squared-error.ts";
import { MeanSquaredLogarithmicError } from "./mean-squared-logarithmic-error.ts";
import { Poisson } from "./poisson.ts";
import { SparseCategoricalCrossentropy } from "./sparse-categorical-crossentropy.ts";
import { SquaredHinge } from "./squared-hinge.ts";

export type { BinaryCrossentropyOptions } from "./binary-crossentropy.ts";
export type { BinaryFocalCrossentropyOptions } from "./binary-focal-crossentropy.ts";
export type { CategoricalCrossentropyOptions } from "./categorical-crossentropy.ts";
export type { CategoricalFocalCrossentropyOptions } from "./categorical-focal-crossentropy.ts";
export type { HuberOptions } from "./huber.ts";
export type { LossOptions, Reduction } from "./loss.ts";
export type { SparseCategoricalCrossentropyOptions } from "./sparse-categorical-crossentropy.ts";
export {
  BinaryCrossentropy,
  BinaryFocalCrossentropy,
  CategoricalCrossentropy,
  CategoricalFocalCrossentropy,
  CategoricalHinge,
  CosineSimilarity,
  Hinge,
  Huber,
  KLDivergence,
  LogCosh,
  Loss,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
  Poisson,
  SparseCategoricalCrossentropy,
  SquaredHinge,
};

/** Every loss by Keras's class name. */
export const losses = {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  SparseCategoricalCrossentropy,
  MeanSquaredError,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredLogarithmicError,
  Huber,
  LogCosh,
  Poisson,
  KLDivergence,
  CosineSimilarity,
  Hinge,
  SquaredHinge,
  CategoricalHinge,
  BinaryFocalCrossentropy,
  CategoricalFocalCrossentropy,
} as const;

type LossClass = (typeof losses)[keyof typeof losses];

/** Class names, snake and camel case, and Keras's short names. */
const byName = new Map<string, LossClass>([
  ...Object.entries(losses).flatMap(([name, type]): [string, LossClass][] => [
    [name, type],
    [snakeCase(name), type],
    [camelCase(snakeCase(name)), type],
  ]),
  ["bce", BinaryCrossentropy],
  ["BCE", BinaryCrossentropy],
  ["mse", MeanSquaredError],
  ["MSE", MeanSquaredError],
  ["mae", MeanAbsoluteError],
  ["MAE", MeanAbsoluteError],
  ["mape", MeanAbsolutePercentageError],
  ["MAPE", MeanAbsolutePercentageError],
  ["msle", MeanSquaredLogarithmicError],
  ["MSLE", MeanSquaredLogarithmicError],
  ["logcosh", LogCosh],
  ["kld", KLDivergence],
  ["KLD", KLDivergence],
  ["kullback_leibler_divergence", KLDivergence],
]);

/** A loss of your own: the value of each sample, [rows], from labels and predictions. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;
export type LossIdentifier = string | Loss | LossFunction;

class FunctionLoss extends Loss {
  readonly fn: LossFunction;

  constructor(fn: LossFunction) {
    super("FunctionLoss", { name: fn.name || "loss" });
    this.fn = fn;
  }

  get type(): string {
    return this.name;
  }

  call(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.fn(yTrue, yPred);
  }
}

/** True for the words that stand for the cross-entropy that fits the labels. */
export function isCrossentropyWord(identifier: unknown): boolean {
  return identifier === "crossentropy" || identifier === "ce";
}

/** The class of a loss by any of its names, if there is one. */
export function lossClass(name: string): LossClass | undefined {
  return byName.get(name);
}

/** A loss from its name (`categoricalCrossentropy`, `categorical_crossentropy`, `mse`, …), function or itself. Throws UsageError. */
export function getLoss(identifier: LossIdentifier): Loss {
  if (identifier instanceof Loss) return identifier;
  if (typeof identifier === "function") return new FunctionLoss(identifier);
  const found = byName.get(identifier);
  if (found) return new found();
  const names = Object.keys(losses).map((n) => camelCase(snakeCase(n)));
  throw new UsageError({
    where: "compile",
    problem: "there is no such loss",
    expected: `one of ${names.join(", ")}, a Loss or a function`,
    got: String(identifier),
    try: suggestion(String(identifier), byName.keys()) ?? 'loss: "categoricalCrossentropy"',
  });
}

/** The options of any loss, as files spell them. */
const optionsInFile = [
  "name",
  "reduction",
  "from_logits",
  "label_smoothing",
  "delta",
  "apply_class_balancing",
  "alpha",
  "gamma",
];

/** Keras's saved loss: a name, or `{ class_name, config }`. Throws UnsupportedError for a class that is not known here. */
export function lossFromConfig(saved: string | { class_name: string; config?: unknown }): Loss {
  const name = typeof saved === "string" ? saved : saved.class_name;
  // A function is saved as { class_name: "function", config: its name }.
  const inner = typeof saved !== "string" && typeof saved.config === "string" ? saved.config : undefined;
  const found = byName.get(inner ?? name);
  if (!found) {
    throw new UnsupportedError({
      where: "loss",
      problem: "the saved loss is not known here",
      expected: `one of ${Object.keys(losses).join(", ")}`,
      got: inner ?? name,
      try: "load without compiling, then compile with another loss",
    });
  }
  if (typeof saved === "string" || inner !== undefined) return new found();
  const config = (saved.config ?? {}) as Record<string, unknown>;
  const options = Object.fromEntries(
    optionsInFile
      .filter((key) => config[key] !== undefined && config[key] !== null)
      .map((key) => [camelCase(key), config[key]]),
  );
  return new found(options);
}
