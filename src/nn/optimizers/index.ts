/** Optimizers by name, and from saved configurations. */
import { UnsupportedError, UsageError } from "../../ir/errors.ts";
import { camelCase, snakeCase, suggestion } from "../naming.ts";
import type { LearningRateSchedule } from "../schedules/index.ts";
import { schedules } from "../schedules/index.ts";
import { Adadelta } from "./adadelta.ts";
import { Adagrad } from "./adagrad.ts";
import { Adam } from "./adam.ts";
import { Adamax } from "./adamax.ts";
import { AdamW } from "./adamw.ts";
import { Lion } from "./lion.ts";
import { Nadam } from "./nadam.ts";
import { Optimizer } from "./optimizer.ts";
import { RMSprop } from "./rmsprop.ts";
import { SGD } from "./sgd.ts";

export type { AdadeltaOptions } from "./adadelta.ts";
export type { AdagradOptions } from "./adagrad.ts";
export type { AdamOptions } from "./adam.ts";
export type { AdamaxOptions } from "./adamax.ts";
export type { ParameterGroup } from "./groups.ts";
export type { LionOptions } from "./lion.ts";
export type { NadamOptions } from "./nadam.ts";
export type { OptimizerOptions, OptimizerWeight, Update } from "./optimizer.ts";
export type { RMSpropOptions } from "./rmsprop.ts";
export type { SGDOptions } from "./sgd.ts";
export { Adadelta, Adagrad, Adam, Adamax, AdamW, Lion, Nadam, Optimizer, RMSprop, SGD };

/** Every optimizer by Keras's class name. */
export const optimizers = { SGD, Adam, AdamW, RMSprop, Adagrad, Adadelta, Adamax, Nadam, Lion } as const;

const byLowerName = new Map(Object.entries(optimizers).map(([name, c]) => [name.toLowerCase(), c]));

/** An optimizer with its defaults from its name in any case (`adam`), or the optimizer itself. Throws UsageError. */
export function getOptimizer(identifier: string | Optimizer): Optimizer {
  if (identifier instanceof Optimizer) return identifier;
  const found = byLowerName.get(String(identifier).toLowerCase());
  if (found) return new found();
  const names = Object.keys(optimizers);
  throw new UsageError({
    where: "compile",
    problem: "there is no such optimizer",
    expected: `one of ${names.join(", ")}, or an Optimizer`,
    got: String(identifier),
    try: suggestion(String(identifier), names) ?? 'optimizer: "adam"',
  });
}

/** Keras's `{ class_name, config }` as an Optimizer. Throws UnsupportedError for a class that is not known here. */
export function optimizerFromConfig(saved: {
  class_name: string;
  config: Record<string, unknown>;
}): Optimizer {
  const found = byLowerName.get(saved.class_name.toLowerCase());
  if (!found) {
    throw new UnsupportedError({
      where: "optimizer",
      problem: `the saved optimizer is of a class that is not known here`,
      expected: `one of ${Object.keys(optimizers).join(", ")}`,
      got: saved.class_name,
      try: "load without compiling, then compile with another optimizer",
    });
  }
  const known = new Set(optionNames(found));
  const options: Record<string, unknown> = { learningRate: rateFromConfig(saved.config.learning_rate) };
  for (const [key, value] of Object.entries(saved.config)) {
    const option = camelCase(key);
    if (known.has(option) && option !== "learningRate") options[option] = value;
  }
  if (typeof saved.config.name === "string") options.name = saved.config.name;
  return new found(options) as Optimizer;
}

function optionNames(type: (typeof optimizers)[keyof typeof optimizers]): string[] {
  return Object.keys(new type({ name: snakeCase(type.type) }).options);
}

function rateFromConfig(saved: unknown): number | LearningRateSchedule {
  if (typeof saved === "number") return saved;
  const { class_name, config } = (saved ?? {}) as { class_name?: string; config?: Record<string, never> };
  const found = new Map(Object.entries(schedules)).get(class_name ?? "");
  if (found && config) return found.fromConfig(config);
  throw new UnsupportedError({
    where: "optimizer",
    problem: "the saved learning rate is of a kind that is not known here",
    expected: `a number, or one of ${Object.keys(schedules).join(", ")}`,
    got: class_name ?? String(saved),
    try: "load without compiling, then compile with a learning rate of your own",
  });
}
