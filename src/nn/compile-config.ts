/** What `compile` was told, to and from the `training_config` of Keras's `.h5` files. */

import { UnsupportedError } from "../ir/errors.ts";
import type { CompiledState, CompileOptions } from "./compile-options.ts";
import type { LossIdentifier } from "./losses/index.ts";
import { getLoss, isCrossentropyWord, Loss, lossClass, lossFromConfig } from "./losses/index.ts";
import type { MetricIdentifier } from "./metrics/index.ts";
import { getMetric, LossMetric, type Metric, metrics } from "./metrics/index.ts";
import { camelCase, snakeCase } from "./naming.ts";
import { optimizerFromConfig } from "./optimizers/index.ts";

/** `{ class_name, config }`, as Keras saves objects. */
interface Saved {
  class_name: string;
  config: Record<string, unknown>;
}

type Tree<T> = T | readonly Tree<T>[] | { readonly [key: string]: Tree<T> };

/** Words that Keras leaves to the shapes, and saves as they are. */
const words = new Set(["accuracy", "acc", "crossentropy", "ce"]);
/** Metrics of our own, which a file for Keras leaves out. */
const ownMetrics = new Set<string>([metrics.ConfusionMatrix.type, metrics.ExactAUC.type]);

/**
 * Keras's `training_config` of a compiled model; undefined where the loss is a function of the user's own, which no file
 * can hold. For Keras, metrics that it does not have are left out; for another Tendril nothing is, so that a metric which
 * is a function gives undefined too.
 */
export function trainingConfig(
  state: CompiledState,
  reader: Reader = "keras",
): Record<string, unknown> | undefined {
  const { loss, lossWeights, metrics: plain, weightedMetrics } = state.options;
  const { optimizer } = state;
  const savedLoss = loss == null ? null : mapTree(loss as Tree<LossIdentifier | null>, lossToConfig);
  const [savedMetrics, savedWeighted] = [plain, weightedMetrics].map((m) => metricsToConfig(m, reader));
  if (contains([savedLoss, ...(reader === "keras" ? [] : [savedMetrics, savedWeighted])], undefined)) {
    return undefined;
  }
  return {
    loss: savedLoss,
    loss_weights: lossWeights ?? null,
    metrics: without(savedMetrics),
    weighted_metrics: without(savedWeighted),
    run_eagerly: false,
    steps_per_execution: 1,
    jit_compile: false,
    optimizer_config: { class_name: optimizer.type, config: optimizer.config() },
  };
}

/** Options of `compile` from Keras's `training_config`. Throws UnsupportedError for what is not known here. */
export function compileOptionsFromConfig(saved: Record<string, unknown>): CompileOptions {
  const optimizer = saved.optimizer_config as Saved | undefined;
  return {
    ...(optimizer ? { optimizer: optimizerFromConfig(optimizer) } : {}),
    loss: fromConfig(saved.loss, (l) => lossFromConfig(l as string)) as CompileOptions["loss"],
    lossWeights: fromConfig(saved.loss_weights, (w) => w) as CompileOptions["lossWeights"],
    metrics: fromConfig(saved.metrics, metricFromConfig) as CompileOptions["metrics"],
    weightedMetrics: fromConfig(saved.weighted_metrics, metricFromConfig) as CompileOptions["metrics"],
  };
}

/** Undefined for a function. Names are written out, because Keras cannot read its short ones (`mse`) back. */
function lossToConfig(identifier: LossIdentifier | null): string | Saved | null | undefined {
  if (identifier === null) return null;
  if (typeof identifier === "string") {
    return isCrossentropyWord(identifier) ? identifier : snakeCase(getLoss(identifier).type);
  }
  if (!(identifier instanceof Loss)) return undefined;
  return { class_name: identifier.type, config: identifier.config() };
}

type Reader = "keras" | "tendril";

function metricsToConfig(option: CompileOptions["metrics"], reader: Reader): unknown {
  if (option == null) return null;
  const saved = mapTree(option as Tree<MetricIdentifier | null>, (m) => metricToConfig(m, reader));
  return Array.isArray(saved) || typeof option === "object" ? saved : [saved];
}

/** Undefined for what the reader could not make again. */
function metricToConfig(
  identifier: MetricIdentifier | null,
  reader: Reader,
): string | Saved | null | undefined {
  if (identifier === null) return null;
  if (typeof identifier === "string" && words.has(identifier)) return identifier;
  if (typeof identifier === "function") return undefined;
  // The shapes matter to the words only.
  const metric = getMetric(identifier, { labels: [], predictions: [] });
  if (reader === "keras" && ownMetrics.has(metric.type)) return undefined;
  if (identifier === snakeCase(metric.type)) return identifier;
  return { class_name: metric.type, config: metric.config() };
}

function metricFromConfig(saved: unknown): string | Metric {
  if (typeof saved === "string" && words.has(saved)) return saved;
  // A name stays the key in logs, however it is spelt.
  if (typeof saved === "string") return namedMetric(saved, {});
  const { class_name, config = {} } = saved as Saved;
  const name = typeof config.name === "string" ? { name: config.name } : {};
  const inner = class_name === "MeanMetricWrapper" && typeof config.fn === "string" ? config.fn : class_name;
  const found = new Map(Object.entries(metrics)).get(inner);
  if (found) {
    const { name: _, dtype: __, ...own } = config;
    const options = Object.entries(own).map(([k, v]): [string, unknown] => [camelCase(k), v]);
    return new found({ ...name, ...Object.fromEntries(options) });
  }
  if (lossClass(inner)) {
    const { name: _, dtype: __, fn: ___, ...rest } = config;
    return new LossMetric(lossFromConfig({ class_name: inner, config: rest }), { name: inner, ...name });
  }
  return namedMetric(inner, name);
}

function namedMetric(inner: string, name: { name?: string }): Metric {
  try {
    const metric = getMetric(inner, { labels: [], predictions: [] });
    metric.name = name.name ?? inner;
    return metric;
  } catch (cause) {
    throw new UnsupportedError({
      where: "metrics",
      problem: "a saved metric is not known here",
      expected: `one of ${Object.keys(metrics).join(", ")}, or a loss`,
      got: inner,
      try: "load without compiling, then compile with other metrics",
      cause,
    });
  }
}

function isSaved(x: unknown): boolean {
  return typeof x === "object" && x !== null && "class_name" in x;
}

function fromConfig(saved: unknown, leaf: (x: unknown) => unknown): unknown {
  if (saved === null || saved === undefined) return null;
  return mapTree(saved as Tree<unknown>, (x) => (x === null ? null : leaf(x)));
}

/** `fn` of every leaf; lists and records keep their form, saved objects are leaves. */
function mapTree<T, R>(tree: Tree<T>, fn: (leaf: T) => R): Tree<R> {
  if (Array.isArray(tree)) return tree.map((x: Tree<T>) => mapTree(x, fn));
  // What was parsed from a file has no prototype.
  const plain = [Object.prototype, null];
  const record = typeof tree === "object" && tree !== null && plain.includes(Object.getPrototypeOf(tree));
  if (!record || isSaved(tree)) return fn(tree as T);
  return Object.fromEntries(
    Object.entries(tree as Record<string, Tree<T>>).map(([k, v]) => [k, mapTree(v, fn)]),
  );
}

function contains(tree: unknown, leaf: unknown): boolean {
  if (Array.isArray(tree)) return tree.some((x) => contains(x, leaf));
  if (typeof tree === "object" && tree !== null && !isSaved(tree)) return contains(Object.values(tree), leaf);
  return tree === leaf;
}

/** Without the leaves that are undefined. */
function without(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.filter((x) => x !== undefined).map(without);
  if (typeof tree !== "object" || tree === null || isSaved(tree)) return tree;
  return Object.fromEntries(
    Object.entries(tree)
      .filter(([, v]) => v !== undefined)
      .map(([k, v]) => [k, without(v)]),
  );
}
