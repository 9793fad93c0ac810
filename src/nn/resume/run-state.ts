/**
 * The state of a run between two steps: all that is needed to go on as if it had never stopped. Random numbers are counted
 * from the seed and the step, and the order of rows from the seed and the epoch, so neither has a state of its own; a source
 * of batches that draws from a generator keeps that.
 */
import { CheckpointError } from "../../ir/errors.ts";
import type { EpochLogs } from "../callbacks/callback.ts";
import type { Optimizer } from "../optimizers/index.ts";
import type { Trainable } from "../trainable.ts";
import type { StateTree } from "./state-tree.ts";

/** What a run does next. */
export interface RunPosition {
  readonly epoch: number;
  /** Begin the epoch; go on with its batches; validate; end the epoch. */
  readonly next: "epoch" | "batches" | "validation" | "epochEnd";
  /** The next batch. */
  readonly batch: number;
  /** The logs of the epoch, once its batches are done. */
  readonly logs: EpochLogs;
  /** True where training ends without another step. */
  readonly over: boolean;
}

/** A weight, or a piece of the state of an optimizer. */
export interface SavedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** Sums of losses and metrics since the epoch began. */
export interface SavedSums {
  /** Sum of the losses, number of rows, then the sums of the losses of single outputs. */
  readonly losses: Float64Array;
  readonly metrics: readonly (readonly Float64Array[])[];
  /** Sums of what a training step of the model's own returned. */
  readonly own: Readonly<Record<string, number>>;
}

/** A run, saved. Plain data and typed arrays; `encodeState` makes bytes of it. */
export interface RunState {
  readonly kind: "tendril run";
  readonly version: number;
  readonly position: RunPosition;
  /** What must be the same when the run goes on, by name. */
  readonly conditions: Readonly<Record<string, string | number | boolean>>;
  readonly weights: readonly SavedArray[];
  /** The state of each optimizer: that of `compile`, then others that a training step of the model's own uses. */
  readonly optimizers: readonly (readonly SavedArray[])[];
  readonly sums: SavedSums;
  /** What batches are drawn from, where they have a state. */
  readonly source?: StateTree | undefined;
  /** The state of each callback that has one. */
  readonly callbacks: Readonly<Record<string, StateTree>>;
}

/** The version of `RunState` that is written. */
export const runStateVersion = 1;

interface Saveable {
  readonly name: string;
  readonly shape: readonly number[];
  read(): ArrayLike<number>;
  write(values: ArrayLike<number>): void;
}

/** The weights of the model and the state of its optimizers. */
export function saveArrays(
  model: Trainable,
  optimizers: readonly Optimizer[],
): Pick<RunState, "weights" | "optimizers"> {
  const saved = (w: Saveable): SavedArray => {
    return { name: w.name, shape: w.shape, data: w.read() as Float32Array | Int32Array };
  };
  return {
    weights: (model.weights() as readonly Saveable[]).map(saved),
    optimizers: optimizers.map((o) => o.weights().map(saved)),
  };
}

/**
 * Puts back the weights of the model; nothing is changed where anything does not fit.
 *
 * @throws CheckpointError naming the first difference.
 */
export function restoreWeights(model: Trainable, saved: Pick<RunState, "weights">): void {
  if (!model.built) {
    throw new CheckpointError({
      where: "Run.restore",
      problem: "the model has no weights yet",
      expected: "a model that is built before training begins",
      got: `${model.name}, whose shapes are not known`,
      try: "give its first layer an inputShape, or begin with Input",
    });
  }
  write(match("model", model.weights() as readonly Saveable[], saved.weights));
}

/**
 * Puts back the state of the optimizers; nothing is changed where anything does not fit.
 *
 * @throws CheckpointError naming the first difference.
 */
export function restoreOptimizers(
  model: Trainable,
  optimizers: readonly Optimizer[],
  saved: Pick<RunState, "optimizers">,
): void {
  const pairs = saved.optimizers.flatMap((state, i) => {
    const optimizer = optimizers[i];
    // Slots are made at the first step: without one, the file holds the step count and the learning rate alone.
    const isNew = optimizer && state.length > optimizer.weights().length;
    if (isNew && model.trainStep === undefined) optimizer.build(model.trainableWeights());
    return match(`optimizer ${optimizer?.type ?? i + 1}`, optimizer?.weights() ?? [], state);
  });
  write(pairs);
}

function write(pairs: readonly (readonly [Saveable, SavedArray])[]): void {
  for (const [target, { data }] of pairs) target.write(data);
}

/** Pairs by order: names have counters in them, which differ from process to process. */
function match(
  what: string,
  own: readonly Saveable[],
  saved: readonly SavedArray[],
): [Saveable, SavedArray][] {
  const at = saved.findIndex((s, i) => own[i] === undefined || !sameShape(own[i].shape, s.shape));
  if (at < 0 && own.length === saved.length) return saved.map((s, i) => [own[i]!, s]);
  const place = at < 0 ? saved.length : at;
  const show = (a: { readonly name: string; readonly shape: readonly number[] } | undefined) =>
    a ? `${a.name} [${a.shape}]` : "nothing more";
  throw new CheckpointError({
    where: `Run.restore: ${what}`,
    problem: `the checkpoint belongs to another one: array ${place + 1} differs`,
    expected: show(own[place]),
    got: show(saved[place]),
    try: "make and compile the model as for the run that was saved, with the same layers frozen",
  });
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/**
 * A state tree as the state of a run.
 *
 * @throws CheckpointError where it is something else or of another version.
 */
export function readRunState(tree: StateTree, where: string): RunState {
  const state = tree as unknown as RunState | null;
  if (state === null || typeof state !== "object" || state.kind !== "tendril run") {
    throw new CheckpointError({
      where,
      problem: "this is not the state of a training run",
      expected: "a checkpoint that BackupAndRestore wrote",
      try: "choose another folder",
    });
  }
  if (state.version !== runStateVersion) {
    throw new CheckpointError({
      where,
      problem: "the state is of another version",
      expected: `version ${runStateVersion}`,
      got: `version ${state.version}`,
      try: "go on with the version of Tendril that wrote it, or begin anew",
    });
  }
  return state;
}

/**
 * Compares what must be the same when a run goes on.
 *
 * @throws CheckpointError naming the first condition that differs.
 */
export function checkConditions(saved: RunState["conditions"], own: RunState["conditions"]): void {
  for (const [name, value] of Object.entries(saved)) {
    if (own[name] === value) continue;
    throw new CheckpointError({
      where: `Run.restore: ${name}`,
      problem: `the run was saved with another ${name}; going on would not give what one run gives`,
      expected: String(value),
      got: String(own[name] ?? "none"),
      try: `use the ${name} of the run that was saved, or begin anew`,
    });
  }
}

/** The first weight or slot that holds NaN or an infinity. */
export function nonFiniteArray(state: RunState): SavedArray | undefined {
  return [...state.weights, ...state.optimizers.flat()].find(({ data }) => !data.every(Number.isFinite));
}
