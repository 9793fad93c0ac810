/**
 * What `compile` is told, and what it makes of it: optimizer, a loss per output, metrics. Losses and metrics given as
 * words are chosen when the shapes of the labels are known.
 */
import type { BackendName, Variable } from "../core/index.ts";
import { UsageError } from "../ir/errors.ts";
import type { Shape } from "../ir/size.ts";
import type { Loss, LossIdentifier } from "./losses/index.ts";
import { getLoss, isCrossentropyWord, losses } from "./losses/index.ts";
import type { Direction, LabelShapes, Metric, MetricIdentifier } from "./metrics/index.ts";
import { classification, getMetric } from "./metrics/index.ts";
import type { Optimizer } from "./optimizers/index.ts";
import { getOptimizer } from "./optimizers/index.ts";
import type { Plan } from "./stepper.ts";

type PerOutput<T> = T | readonly T[] | Readonly<Record<string, T>>;

/** Options of `compile`. */
export interface CompileOptions {
  /** A name or an Optimizer; `rmsprop` unless given. */
  optimizer?: string | Optimizer;
  /** A name, Loss or function; for several outputs a list, or a record by output name. */
  loss?: PerOutput<LossIdentifier | null> | null | undefined;
  /** Factors of the losses of several outputs. */
  lossWeights?: number | readonly number[] | Readonly<Record<string, number>> | null | undefined;
  /** Names, Metrics or functions; for several outputs a list of lists, or a record by output name. */
  metrics?: PerOutput<MetricIdentifier | readonly MetricIdentifier[] | null> | null | undefined;
  /** The same, with sample weights applied. */
  weightedMetrics?: PerOutput<MetricIdentifier | readonly MetricIdentifier[] | null> | null | undefined;
  /** Where the model runs; the default backend unless given. */
  backend?: BackendName;
}

/** One output of a model and the labels that belong to it. */
export interface OutputSpec extends LabelShapes {
  readonly name: string;
}

/** A loss with its place and factor. */
export interface OutputLoss {
  readonly output: number;
  readonly name: string;
  readonly loss: Loss;
  readonly weight: number;
}

/** A metric with its place and its key in the logs. */
export interface OutputMetric {
  readonly output: number;
  readonly key: string;
  readonly metric: Metric;
  readonly weighted: boolean;
}

/** Losses and metrics, chosen. */
export interface Objective {
  readonly losses: readonly OutputLoss[];
  readonly metrics: readonly OutputMetric[];
}

/** What `compile` leaves in a model. */
export class CompiledState {
  readonly options: CompileOptions;
  readonly optimizer: Optimizer;
  /** Plans made so far, by what they were made for. */
  readonly plans = new Map<string, Plan>();
  /** The weights that a plan reads and writes: a layer may have given way to another with the same names. */
  readonly #weights = new WeakMap<Plan, readonly Variable[]>();
  #objective: { readonly key: string; readonly value: Objective } | undefined;

  /** Throws UsageError for names that are not known. */
  constructor(options: CompileOptions) {
    this.options = options;
    this.optimizer = getOptimizer(options.optimizer ?? "rmsprop");
    const { loss } = options;
    for (const one of loss == null ? [] : flat<LossIdentifier | null>(loss)) {
      if (one !== null && !isCrossentropyWord(one)) getLoss(one);
    }
  }

  /** Losses and metrics for these outputs. Throws UsageError where a list or record does not fit the outputs. */
  objective(outputs: readonly OutputSpec[]): Objective {
    const key = outputs.map((o) => `${o.name}:${ranks(o.labels)}:${ranks(o.predictions)}`).join(";");
    if (this.#objective?.key !== key) {
      const losses = this.#losses(outputs);
      this.#objective = { key, value: { losses, metrics: this.#metrics(outputs) } };
    }
    return this.#objective.value;
  }

  /** The plan of that name for these weights, made where there is none. */
  plan(name: string, weights: readonly Variable[], make: () => Plan): Plan {
    const known = this.plans.get(name);
    const before = known && this.#weights.get(known);
    if (known && before?.length === weights.length && before.every((w, i) => w === weights[i])) return known;
    known?.release();
    const plan = make();
    this.plans.set(name, plan);
    this.#weights.set(plan, weights);
    return plan;
  }

  /** Frees the plans. They are made again when needed. */
  release(): void {
    for (const plan of this.plans.values()) plan.release();
    this.plans.clear();
  }

  /** Frees the plans and the state of the optimizer. */
  dispose(): void {
    this.release();
    this.optimizer.reset();
  }

  /** The objective chosen last; undefined before the first data came. */
  get current(): Objective | undefined {
    return this.#objective?.value;
  }

  /** Whether larger is better for a key of the logs; undefined where that is not known. */
  direction(key: string): Direction | undefined {
    if (key === "loss" || key.endsWith("_loss")) return "down";
    return this.current?.metrics.find((m) => m.key === key)?.metric.direction;
  }

  #losses(outputs: readonly OutputSpec[]): OutputLoss[] {
    const { loss, lossWeights } = this.options;
    if (loss == null) return [];
    const single = outputs.length === 1;
    const each = perOutput<LossIdentifier | null>(loss, outputs, "loss", true);
    const weights =
      lossWeights == null
        ? outputs.map(() => 1)
        : perOutput<number>(lossWeights, outputs, "lossWeights", false).map((w) => w ?? 1);
    return each.flatMap((identifier, output) => {
      if (identifier == null) return [];
      const spec = outputs[output]!;
      const found = isCrossentropyWord(identifier) ? crossentropy(spec) : getLoss(identifier);
      const name = single ? "loss" : `${spec.name}_loss`;
      return [{ output, name, loss: found, weight: weights[output]! }];
    });
  }

  #metrics(outputs: readonly OutputSpec[]): OutputMetric[] {
    const taken = new Set(["loss"]);
    const list = (option: CompileOptions["metrics"], weighted: boolean): OutputMetric[] => {
      if (option == null) return [];
      const each =
        outputs.length === 1
          ? [singleOutput(option, outputs[0]!.name)]
          : perOutput<MetricIdentifier | readonly MetricIdentifier[] | null>(
              option,
              outputs,
              "metrics",
              false,
            );
      return each.flatMap((identifiers, output) =>
        (identifiers == null ? [] : flat<MetricIdentifier>(identifiers)).map((identifier) => {
          const spec = outputs[output]!;
          const metric = getMetric(identifier, spec);
          const prefix = outputs.length === 1 ? "" : `${spec.name}_`;
          const key = freeKey(prefix, metric.name, weighted, taken);
          return { output, key, metric, weighted };
        }),
      );
    };
    return [...list(this.options.metrics, false), ...list(this.options.weightedMetrics, true)];
  }
}

const crossentropies = {
  binary: losses.BinaryCrossentropy,
  sparse: losses.SparseCategoricalCrossentropy,
  categorical: losses.CategoricalCrossentropy,
} as const;

function crossentropy(shapes: LabelShapes): Loss {
  return new crossentropies[classification(shapes)]();
}

/** Rank and last size, the number of rows left out: all that a choice by shape looks at. */
function ranks(shape: Shape): string {
  return `${shape.length}/${shape.slice(1).at(-1)}`;
}

function isRecord(x: unknown): x is Readonly<Record<string, unknown>> {
  return typeof x === "object" && x !== null && Object.getPrototypeOf(x) === Object.prototype;
}

/** The entries of a value, list or record. */
function flat<T>(x: PerOutput<T>): T[] {
  return (Array.isArray(x) ? x.flat() : isRecord(x) ? Object.values(x).flat() : [x]) as T[];
}

/** The metrics of the only output: a value, a list (of lists), or a record with its name. */
function singleOutput(option: NonNullable<CompileOptions["metrics"]>, output: string): MetricIdentifier[] {
  if (!isRecord(option)) return flat(option as PerOutput<MetricIdentifier>);
  return flat(perOutput(option as PerOutput<MetricIdentifier>, [{ name: output }], "metrics", false)[0]!);
}

/** One entry for each output, from a value (for all, where `shared`), a list or a record by name. */
function perOutput<T>(
  option: PerOutput<T>,
  outputs: readonly { readonly name: string }[],
  what: string,
  shared: boolean,
): (T | undefined)[] {
  const names = outputs.map((o) => o.name);
  const refuse = (got: string): never => {
    throw new UsageError({
      where: `compile: ${what}`,
      problem: "the entries do not fit the outputs of the model",
      expected: `one for each of ${names.join(", ")}`,
      got,
      try: `give a list in this order, or a record by these names`,
    });
  };
  if (Array.isArray(option)) {
    if (option.length !== outputs.length) refuse(`${option.length} entries for ${outputs.length} outputs`);
    return option as T[];
  }
  if (isRecord(option)) {
    const strange = Object.keys(option).find((k) => !names.includes(k));
    if (strange !== undefined) refuse(`an entry named ${strange}`);
    return names.map((n) => option[n] as T | undefined);
  }
  if (outputs.length > 1 && !shared) refuse(`one entry for ${outputs.length} outputs`);
  return outputs.map(() => option as T);
}

/** A key that is not taken: Keras puts `weighted_` before, or a number behind. */
function freeKey(prefix: string, name: string, weighted: boolean, taken: Set<string>): string {
  const candidates = [`${prefix}${name}`, ...(weighted ? [`${prefix}weighted_${name}`] : [])];
  let key = candidates.find((c) => !taken.has(c));
  for (let i = 1; key === undefined; i++) {
    const next = `${candidates.at(-1)}_${i}`;
    if (!taken.has(next)) key = next;
  }
  taken.add(key);
  return key;
}
