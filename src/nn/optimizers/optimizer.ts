/**
 * Optimizers. Each one is an update rule for one array, with the slots and numbers that the rule needs; walking over the
 * weights, clipping, decay, the learning rate, effects and saved state are written once, here.
 *
 * Everything that changes from step to step (learning rate, bias corrections) is computed on the host and handed to the
 * plan as a scalar input, so a plan is made once.
 */
import { type Tensor, type Variable, variable, zeros } from "../../core/index.ts";
import type { DType, TypedArray } from "../../ir/dtype.ts";
import { UsageError } from "../../ir/errors.ts";
import { keyInFile, uniqueName } from "../naming.ts";
import type { LearningRateSchedule } from "../schedules/index.ts";
import { isSchedule } from "../schedules/index.ts";
import { clipGradients } from "./clip.ts";

/** Options that every optimizer has. At most one of the three clippings may be given. */
export interface OptimizerOptions {
  /** A number, or a schedule of the optimizer's steps. */
  learningRate?: number | LearningRateSchedule;
  /** Decoupled weight decay: before each update a weight loses this fraction of itself times the learning rate. */
  weightDecay?: number | null;
  /** Largest L2 norm of each weight's gradient. */
  clipnorm?: number | null;
  /** Largest absolute value of a gradient's element. */
  clipvalue?: number | null;
  /** Largest L2 norm of all gradients together. */
  globalClipnorm?: number | null;
  name?: string;
}

/** A piece of the optimizer's state as a saved file has it: a slot, the step count or the learning rate. */
export interface OptimizerWeight {
  /** Keras's path, e.g. `adam/sequential_dense_kernel_momentum`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  read(): TypedArray;
  write(values: ArrayLike<number>): void;
}

/** What an update rule returns: the new weight, and the new content of its slots. */
export interface Update {
  readonly value: Tensor;
  readonly slots?: Readonly<Record<string, Tensor>>;
}

type Scalars = Readonly<Record<string, Tensor>>;

/** Base of all optimizers. A subclass says its slots, its numbers of the step, and the update of one array. */
export abstract class Optimizer<O extends OptimizerOptions = OptimizerOptions> {
  readonly name: string;
  readonly options: Readonly<Required<Omit<O, "name" | "learningRate">>>;
  /** Optimizer steps taken so far. */
  iterations = 0;
  #learningRate: number | LearningRateSchedule;
  readonly #slots = new Map<Variable, Map<string, Variable>>();

  /** Throws UsageError when more than one clipping is asked for, or the learning rate is not a number or a schedule. */
  constructor(type: string, defaults: Required<Omit<O, "name">>, given: O) {
    const known = new Set([...Object.keys(defaults), "name"]);
    for (const key of Object.keys(given)) if (!known.has(key)) unknownOption(type, key, known);
    const { learningRate, ...options } = { ...defaults, ...given };
    const clippings = [given.clipnorm, given.clipvalue, given.globalClipnorm].filter((x) => x != null);
    if (clippings.length > 1) {
      throw new UsageError({
        where: type,
        problem: "more than one kind of clipping",
        expected: "at most one of clipnorm, clipvalue and globalClipnorm",
        got: `clipnorm ${given.clipnorm}, clipvalue ${given.clipvalue}, globalClipnorm ${given.globalClipnorm}`,
        try: "keep the one you need",
      });
    }
    this.name = given.name ?? uniqueName(type);
    this.options = options as Readonly<Required<Omit<O, "name" | "learningRate">>>;
    this.#learningRate = checkRate(type, learningRate as number | LearningRateSchedule);
  }

  /** Keras's class name. */
  abstract get type(): string;

  /**
   * Names of the slots, in the groups in which Keras creates them: weight by weight inside a group, group after group.
   */
  abstract slotGroups(): readonly (readonly string[])[];

  /** The numbers that the update rule needs in the step after `step` finished ones; the names never change. */
  protected abstract numbers(learningRate: number, step: number): Record<string, number>;

  /** The update of one weight: `p` and its gradient `g`, same shape, with its slots and the numbers of the step. */
  protected abstract update(p: Tensor, g: Tensor, slots: Scalars, numbers: Scalars): Update;

  /** The learning rate of the next step, as float32 holds it. */
  get learningRate(): number {
    const rate = this.#learningRate;
    return Math.fround(typeof rate === "number" ? rate : rate.at(this.iterations));
  }

  /** Sets a constant rate. Throws UsageError where a schedule decides. */
  set learningRate(value: number) {
    if (isSchedule(this.#learningRate)) {
      throw new UsageError({
        where: `${this.name}.learningRate`,
        problem: "the learning rate follows a schedule and cannot be set",
        expected: "an optimizer made with a number as its learning rate",
        got: this.#learningRate.type,
        try: "drop the schedule, or the callback that changes the learning rate",
      });
    }
    this.#learningRate = checkRate(this.name, value) as number;
  }

  /** The schedule that decides the learning rate, if one does. */
  get schedule(): LearningRateSchedule | undefined {
    return isSchedule(this.#learningRate) ? this.#learningRate : undefined;
  }

  /** The scalars of the next step by name: what `apply` takes, as numbers. Handed to the plan as float32 inputs. */
  scalars(): Record<string, number> {
    const learningRate = this.learningRate;
    const numbers = this.numbers(learningRate, this.iterations);
    const { weightDecay } = this.options as OptimizerOptions;
    return weightDecay == null ? numbers : { ...numbers, weightDecay: weightDecay * learningRate };
  }

  /** Makes the slots of weights that have none yet. */
  build(weights: readonly Variable[]): void {
    for (const weight of weights) if (!this.#slots.has(weight)) this.#slots.set(weight, new Map());
    for (const group of this.slotGroups()) {
      for (const weight of weights) {
        const own = this.#slots.get(weight)!;
        for (const slot of group) {
          if (own.has(slot)) continue;
          const name = `${this.name}/${weight.name.replaceAll("/", "_")}_${slot}`;
          own.set(slot, variable(zeros(weight.shape), { name, trainable: false }));
        }
      }
    }
  }

  /**
   * Records one step as effects of the trace: clipping, weight decay, the update of every weight and its slots, and what
   * the weights are constrained to.
   * `scalars` are the values of `scalars()` as Tensors (plan inputs). Returns the new values of the weights.
   */
  apply(gradients: readonly Tensor[], weights: readonly Variable[], scalars: Scalars): Tensor[] {
    this.build(weights);
    const clipped = clipGradients(gradients, this.options as OptimizerOptions);
    return weights.map((weight, i) => {
      const own = this.#slots.get(weight)!;
      const decay = scalars.weightDecay;
      const before = weight.value;
      const p = decay === undefined ? before : before.sub(before.mul(decay));
      const slots = Object.fromEntries([...own].map(([name, v]) => [name, v.value]));
      const next = this.update(p, clipped[i]!, slots, scalars);
      const value = weight.constraint?.(next.value) ?? next.value;
      weight.assign(value);
      for (const [name, slot] of Object.entries(next.slots ?? {})) own.get(name)!.assign(slot);
      return value;
    });
  }

  /** Counts a step that was carried out. */
  advance(): void {
    this.iterations++;
  }

  /** The whole state in Keras's order: step count, learning rate (unless scheduled), slots. */
  weights(): OptimizerWeight[] {
    const out: OptimizerWeight[] = [
      {
        name: `${this.name}/iteration`,
        shape: [],
        dtype: "int32",
        read: () => Int32Array.of(this.iterations),
        write: (values) => {
          this.iterations = Number(values[0]);
        },
      },
    ];
    if (!isSchedule(this.#learningRate)) {
      out.push({
        name: `${this.name}/learning_rate`,
        shape: [],
        dtype: "float32",
        read: () => Float32Array.of(this.learningRate),
        write: (values) => {
          this.learningRate = Number(values[0]);
        },
      });
    }
    for (const group of this.slotGroups()) {
      for (const own of this.#slots.values()) {
        for (const slot of group) out.push(asWeight(own.get(slot)!));
      }
    }
    return out;
  }

  /** Frees the slots and starts counting anew. */
  reset(): void {
    for (const own of this.#slots.values()) for (const v of own.values()) v.release();
    this.#slots.clear();
    this.iterations = 0;
  }

  /** Keras's configuration, as saved files have it. */
  config(): Record<string, unknown> {
    const { weightDecay, clipnorm, clipvalue, globalClipnorm, ...own } = this.options as OptimizerOptions;
    const rate = this.#learningRate;
    return {
      name: this.name,
      learning_rate: isSchedule(rate)
        ? {
            module: "keras.optimizers.schedules",
            class_name: rate.type,
            config: rate.config,
            registered_name: null,
          }
        : this.learningRate,
      weight_decay: weightDecay ?? null,
      clipnorm: clipnorm ?? null,
      global_clipnorm: globalClipnorm ?? null,
      clipvalue: clipvalue ?? null,
      use_ema: false,
      ema_momentum: 0.99,
      ema_overwrite_frequency: null,
      loss_scale_factor: null,
      gradient_accumulation_steps: null,
      ...Object.fromEntries(Object.entries(own).map(([k, v]) => [optionKey(k), v])),
    };
  }
}

/** `beta1` → `beta_1`, `globalClipnorm` → `global_clipnorm`. */
function optionKey(option: string): string {
  return keyInFile(option).replace(/(\D)(\d+)$/, "$1_$2");
}

function asWeight(v: Variable): OptimizerWeight {
  return {
    name: v.name,
    shape: v.shape as readonly number[],
    dtype: v.dtype,
    read: () => v.read(),
    write: (values) => v.write(values),
  };
}

function checkRate(where: string, rate: number | LearningRateSchedule): number | LearningRateSchedule {
  if (isSchedule(rate) || (typeof rate === "number" && Number.isFinite(rate) && rate >= 0)) return rate;
  throw new UsageError({
    where,
    problem: "the learning rate must be a number or a schedule",
    expected: "a finite number, 0 or more, or a LearningRateSchedule",
    got: String(rate),
    try: "learningRate: 0.001",
  });
}

function unknownOption(type: string, key: string, known: ReadonlySet<string>): never {
  throw new UsageError({
    where: type,
    problem: `unknown option ${key}`,
    expected: `one of ${[...known].join(", ")}`,
    got: key,
    try: "check the spelling; options are written in camelCase",
  });
}

/** Options common to all optimizers, all off. */
export const commonDefaults = {
  weightDecay: null,
  clipnorm: null,
  clipvalue: null,
  globalClipnorm: null,
} as const;
