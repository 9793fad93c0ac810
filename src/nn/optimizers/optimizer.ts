/**
 * Optimizers. Each one is an update rule for one array, with the slots and numbers that the rule needs; walking over the
 * weights, clipping, decay, the learning rate, effects and saved state are written once, here.
 *
 * Everything that changes from step to step (learning rate, bias corrections) is computed on the host and handed to the
 * plan as a scalar input, so a plan is made once.
 *
 * Over 400 lines: clipping, decay, averages and accumulation act on the same updates.
 */
import { full, type Tensor, type Variable, variable, where } from "../../core/index.ts";
import type { DType, TypedArray } from "../../ir/dtype.ts";
import { UsageError } from "../../ir/errors.ts";
import { keyInFile, uniqueName } from "../naming.ts";
import type { LearningRateSchedule } from "../schedules/index.ts";
import { isSchedule } from "../schedules/index.ts";
import { clipGradients } from "./clip.ts";
import { type ParameterGroup, readGroups } from "./groups.ts";

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
  /** Keep a moving average of the weights, which they become at the end of `fit` (Polyak and Juditsky 1992). */
  useEma?: boolean;
  /** How slowly the moving average forgets; 0.99 unless given. */
  emaMomentum?: number;
  /** Set the weights to their average every so many steps. */
  emaOverwriteFrequency?: number | null;
  /** Change the weights once in so many steps, by the mean of the gradients since; at least 2. */
  gradientAccumulationSteps?: number | null;
  /** Weights with a learning rate or decay of their own. Of our own: Keras's files do not hold it. */
  groups?: readonly ParameterGroup[];
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

/** Slots of any optimizer: the moving average of the weight, and the sum of gradients not yet used. */
const averageSlot = "average";
const accumulatorSlot = "gradient_accumulator";

/** Base of all optimizers. A subclass says its slots, its numbers of the step, and the update of one array. */
export abstract class Optimizer<O extends OptimizerOptions = OptimizerOptions> {
  readonly name: string;
  readonly options: Readonly<Required<Omit<O, "name" | "learningRate">>>;
  /** Steps taken so far; with gradient accumulation those that changed no weight count too, as in Keras. */
  iterations = 0;
  #learningRate: number | LearningRateSchedule;
  readonly #slots = new Map<Variable, Map<string, Variable>>();
  /** The group of each weight; -1 where it has none. */
  readonly #groupOf = new Map<Variable, number>();

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
    checkAveraging(type, options as OptimizerOptions);
    readGroups(type, options.groups as OptimizerOptions["groups"]);
    this.options = options as Readonly<Required<Omit<O, "name" | "learningRate">>>;
    this.#learningRate = checkRate(type, learningRate as number | LearningRateSchedule);
  }

  /** Keras's class name. */
  abstract get type(): string;

  /**
   * Names of the slots, in the groups in which Keras creates them: weight by weight inside a group, group after group.
   */
  abstract slotGroups(): readonly (readonly string[])[];

  /** What a slot begins with. */
  protected slotStart(_slot: string): number {
    return 0;
  }

  /** Whether weight decay is part of the gradient (L2), as in PyTorch, instead of apart from it. */
  protected get couplesDecay(): boolean {
    return false;
  }

  /** The numbers that the update rule needs in the step after `step` finished ones; the names never change. */
  protected abstract numbers(learningRate: number, step: number): Record<string, number>;

  /** The update of one weight: `p` and its gradient `g`, same shape, with its slots and the numbers of the step. */
  protected abstract update(p: Tensor, g: Tensor, slots: Scalars, numbers: Scalars): Update;

  /** The learning rate of the next step, as float32 holds it. */
  get learningRate(): number {
    const rate = this.#learningRate;
    return this.#rateNow(rate);
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

  get #common(): OptimizerOptions {
    return this.options as OptimizerOptions;
  }

  /** Updates of the weights so far: steps, unless gradients are accumulated. */
  protected get updates(): number {
    return Math.floor(this.iterations / (this.#common.gradientAccumulationSteps || 1));
  }

  /** The scalars of the next step by name: what `apply` takes, as numbers. Handed to the plan as float32 inputs. */
  scalars(): Record<string, number> {
    const { groups, gradientAccumulationSteps, useEma, emaMomentum, emaOverwriteFrequency } = this.#common;
    const all = this.#numbersOf(this.learningRate, this.#common.weightDecay);
    for (const [i, group] of (groups ?? []).entries()) {
      const rate = group.learningRate ?? this.#learningRate;
      const numbers = this.#numbersOf(this.#rateNow(rate), group.weightDecay ?? this.#common.weightDecay);
      for (const [name, value] of Object.entries(numbers)) all[inGroup(i, name)] = value;
    }
    const steps = gradientAccumulationSteps || 1;
    if (steps > 1) all.update = (this.iterations + 1) % steps === 0 ? 1 : 0;
    if (useEma) {
      all.emaMomentum = this.updates === 0 ? 0 : emaMomentum!;
      if (emaOverwriteFrequency) all.overwrite = (this.updates + 1) % emaOverwriteFrequency === 0 ? 1 : 0;
    }
    return all;
  }

  #numbersOf(learningRate: number, weightDecay: number | null | undefined): Record<string, number> {
    const numbers = { ...this.numbers(learningRate, this.updates) };
    if (weightDecay == null) return numbers;
    return { ...numbers, weightDecay: this.couplesDecay ? weightDecay : weightDecay * learningRate };
  }

  #rateNow(rate: number | LearningRateSchedule): number {
    return Math.fround(typeof rate === "number" ? rate : rate.at(this.iterations));
  }

  /** Every slot, in the groups in which Keras creates them. */
  #slotGroups(): readonly (readonly string[])[] {
    return [
      ...(this.#common.useEma ? [[averageSlot]] : []),
      ...(this.#common.gradientAccumulationSteps ? [[accumulatorSlot]] : []),
      ...this.slotGroups(),
    ];
  }

  /** Makes the slots of weights that have none yet. */
  build(weights: readonly Variable[]): void {
    for (const weight of weights) if (!this.#slots.has(weight)) this.#slots.set(weight, new Map());
    for (const group of this.#slotGroups()) {
      for (const weight of weights) {
        const own = this.#slots.get(weight)!;
        for (const slot of group) {
          if (own.has(slot)) continue;
          const name = `${this.name}/${weight.name.replaceAll("/", "_")}_${slot}`;
          const first = full(weight.shape, this.slotStart(slot), "float32");
          own.set(slot, variable(first, { name, trainable: false }));
        }
      }
    }
    const groupOf = readGroups(this.type, this.#common.groups);
    for (const weight of weights) this.#groupOf.set(weight, groupOf(weight.name));
  }

  /**
   * Records one step as effects of the trace: clipping, weight decay, the update of every weight and its slots, and what
   * the weights are constrained to.
   * `scalars` are the values of `scalars()` as Tensors (plan inputs). Returns the values that must be finite: those of the
   * weights, and sums of gradients.
   */
  apply(gradients: readonly Tensor[], weights: readonly Variable[], scalars: Scalars): Tensor[] {
    this.build(weights);
    const { gradientAccumulationSteps: steps } = this.#common;
    const update = scalars.update?.greater(0);
    const slotsOf = weights.map((weight) => this.#slots.get(weight)!);
    const sums = steps ? gradients.map((g, i) => slotsOf[i]!.get(accumulatorSlot)!.value.add(g)) : [];
    const means = steps ? sums.map((sum) => sum.div(steps)) : gradients;
    const clipped = clipGradients(means, this.#common);
    const next = weights.map((weight, i) => this.#applyOne(weight, clipped[i]!, scalars, update));
    if (update) {
      sums.forEach((sum, i) => {
        slotsOf[i]!.get(accumulatorSlot)!.assign(where(update, 0, sum));
      });
    }
    return [...next, ...sums];
  }

  /** The update of one weight, its slots and its average; nothing but the average changes where `update` is false. */
  #applyOne(weight: Variable, gradient: Tensor, scalars: Scalars, update: Tensor | undefined): Tensor {
    const own = this.#slots.get(weight)!;
    const group = this.#groupOf.get(weight)!;
    const numbers = group < 0 ? scalars : ofGroup(group, scalars);
    const decay = numbers.weightDecay;
    const before = weight.value;
    const decayed = decay && before.mul(decay);
    const p = decayed === undefined || this.couplesDecay ? before : before.sub(decayed);
    const g = decayed !== undefined && this.couplesDecay ? gradient.add(decayed) : gradient;
    const slots = Object.fromEntries([...own].map(([name, v]) => [name, v.value]));
    const next = this.update(p, g, slots, numbers);
    const kept = (value: Tensor, old: Tensor) => (update ? where(update, value, old) : value);
    for (const [name, value] of Object.entries(next.slots ?? {}))
      own.get(name)!.assign(kept(value, slots[name]!));
    const averaged = this.#averaged(own.get(averageSlot), kept(next.value, before), scalars);
    const value = weight.constraint?.(averaged) ?? averaged;
    weight.assign(value);
    return value;
  }

  /** Moves the average towards the new value of a weight; returns what the weight becomes. */
  #averaged(average: Variable | undefined, value: Tensor, scalars: Scalars): Tensor {
    if (!average) return value;
    const { emaMomentum: momentum, overwrite } = scalars;
    const mean = average.value.mul(momentum!).add(value.mul(momentum!.mul(-1).add(1)));
    average.assign(mean);
    return overwrite ? where(overwrite.greater(0), mean, value) : value;
  }

  /** State beyond slots, one number each, written after the step count; behind the slots in files. */
  protected scalarWeights(): OptimizerWeight[] {
    return [];
  }

  /** Sets the weights to their moving averages, at the end of training; nothing without `useEma`. */
  finalize(): void {
    for (const own of this.#slots.entries()) averageOf(own)?.[0].write(averageOf(own)![1].read());
  }

  /** Exchanges the weights with their moving averages. Throws UsageError without `useEma`. */
  swapAverages(): void {
    this.#needsAverages();
    for (const own of this.#slots.entries()) {
      const [weight, average] = averageOf(own)!;
      const values = weight.read();
      weight.write(average.read());
      average.write(values);
    }
  }

  /** Sets the averages to the weights as they are. Throws UsageError without `useEma`. */
  takeAverages(): void {
    this.#needsAverages();
    for (const own of this.#slots.entries()) averageOf(own)![1].write(averageOf(own)![0].read());
  }

  #needsAverages(): void {
    if (this.#common.useEma) return;
    throw new UsageError({
      where: this.name,
      problem: "there are no averages of the weights",
      expected: "an optimizer made with useEma: true",
      got: "useEma: false",
      try: "compile({ optimizer: new Adam({ useEma: true }) })",
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
    for (const group of this.#slotGroups()) {
      for (const own of this.#slots.values()) {
        for (const slot of group) out.push(asWeight(own.get(slot)!));
      }
    }
    if (this.#slots.size > 0) out.push(...this.scalarWeights());
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
    const { weightDecay, clipnorm, clipvalue, globalClipnorm, groups: _, ...more } = this.#common;
    const { useEma, emaMomentum, emaOverwriteFrequency, gradientAccumulationSteps, ...own } = more;
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
      use_ema: useEma ?? false,
      ema_momentum: emaMomentum ?? 0.99,
      ema_overwrite_frequency: emaOverwriteFrequency ?? null,
      loss_scale_factor: null,
      gradient_accumulation_steps: gradientAccumulationSteps ?? null,
      ...Object.fromEntries(Object.entries(own).map(([k, v]) => [optionKey(k), v])),
    };
  }
}

/** `beta1` → `beta_1`, `globalClipnorm` → `global_clipnorm`. */
function optionKey(option: string): string {
  return keyInFile(option).replace(/(\D)(\d+)$/, "$1_$2");
}

/** The name of a scalar for the weights of a group. */
function inGroup(group: number, name: string): string {
  return `group${group}/${name}`;
}

/** The scalars of a group under their plain names. */
function ofGroup(group: number, scalars: Scalars): Scalars {
  const prefix = inGroup(group, "");
  const own = Object.entries(scalars).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

/** A weight and its average, where it has one. */
function averageOf([weight, own]: [Variable, Map<string, Variable>]): [Variable, Variable] | undefined {
  const average = own.get(averageSlot);
  return average && [weight, average];
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

/** Throws UsageError for numbers of averaging and accumulation that mean nothing. */
function checkAveraging(type: string, options: OptimizerOptions): void {
  const { emaMomentum = 0.99, emaOverwriteFrequency, gradientAccumulationSteps } = options;
  const whole = (value: number | null | undefined, least: number) =>
    value == null || (Number.isInteger(value) && value >= least);
  const refuse = (option: string, expected: string, got: unknown): never => {
    throw new UsageError({
      where: `${type}: ${option}`,
      problem: "the number means nothing here",
      expected,
      got: String(got),
      try: `leave ${option} out`,
    });
  };
  if (!(emaMomentum >= 0 && emaMomentum <= 1)) refuse("emaMomentum", "a number from 0 to 1", emaMomentum);
  if (!whole(emaOverwriteFrequency, 1))
    refuse("emaOverwriteFrequency", "a whole number of steps, 1 or more", emaOverwriteFrequency);
  if (!whole(gradientAccumulationSteps, 2))
    refuse("gradientAccumulationSteps", "a whole number of steps, 2 or more", gradientAccumulationSteps);
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
  useEma: false,
  emaMomentum: 0.99,
  emaOverwriteFrequency: null,
  gradientAccumulationSteps: null,
  groups: [],
} as const;

/** A power of the float32 β, as Keras takes it: `1 - 0.999` differs from the float64 value by 1e-5 of itself. */
export function float32Power(beta: number, exponent: number): number {
  return Math.fround(Math.fround(beta) ** exponent);
}
