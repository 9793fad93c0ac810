/**
 * Steps of training in the user's own words: a model that has a `trainStep` says what is computed and which weights follow
 * which loss, with as many optimizers as it likes (adversarial networks, second-order penalties). The step is traced into one
 * plan like any other; optimizers are noted in a rehearsal, so that their learning rates are inputs of the plan.
 */
import { gradient, key, type RandomKey, rehearse, type Tensor, Variable, zeros } from "../core/index.ts";
import { UsageError } from "../ir/errors.ts";
import type { Size } from "../ir/size.ts";
import { callContext } from "./context.ts";
import type { Layer } from "./layer.ts";
import type { Optimizer } from "./optimizers/index.ts";

/** One batch of data: inputs, labels and weights of the rows. */
export interface StepBatch {
  readonly xs: readonly Tensor[];
  readonly ys: readonly Tensor[];
  readonly sampleWeight: Tensor | undefined;
}

/** What is trained: layers (their trained weights), or single weights. */
export type Trained = Layer | readonly (Layer | Variable)[];

/** What a `trainStep` works with. */
export interface StepTools {
  /** The number of the step, an int32 scalar. */
  readonly step: Tensor;
  /** The number of rows of the batch. */
  readonly rows: Size;
  /** Random numbers of this step; every name has its own. */
  key(name: string): RandomKey;
  /** Applies a layer or model with one output in training mode. Running statistics are noted at once. */
  forward(layer: Layer, ...inputs: Tensor[]): Tensor;
  /** The penalties of a layer's weights, and what layers added to the loss since this was last asked. */
  penalties(layer: Layer): Tensor;
  /** Changes weights so that `loss`, a scalar, becomes smaller; by the optimizer of `compile` unless another is given. */
  minimize(loss: Tensor, trained: Trained, optimizer?: Optimizer): void;
}

/** A step of one's own: returns scalars for the logs. */
export type TrainStep = (batch: StepBatch, tools: StepTools) => Record<string, Tensor>;

type Scalars = Readonly<Record<string, Tensor>>;

/** What a traced step leaves. */
export interface TracedStep {
  readonly logs: Readonly<Record<string, Tensor>>;
  /** The sum of all that was minimized. */
  readonly loss: Tensor;
  /** Values that must be finite for the step to count. */
  readonly watched: readonly Tensor[];
  /** The optimizers in the order in which they were used. */
  readonly used: readonly Optimizer[];
}

/**
 * Traces a step. `scalars` gives the numbers of an optimizer's n-th use (all uses counted together).
 *
 * @throws UsageError where a loss is not a scalar, or there is nothing to train.
 */
export function traceStep(
  trainStep: TrainStep,
  batch: StepBatch,
  options: {
    readonly optimizer: Optimizer;
    readonly seed: number;
    readonly step: Tensor;
    readonly rows: Size;
    readonly scalars: (optimizer: Optimizer, use: number) => Scalars;
  },
): TracedStep {
  const { optimizer: usual, step, rows } = options;
  const random = key(options.seed, "layers");
  const losses: Tensor[] = [];
  const watched: Tensor[] = [];
  const used: Optimizer[] = [];
  let added: Tensor[] = [];
  let calls = 0;
  const tools: StepTools = {
    step,
    rows,
    key: (name) => random.child(`own/${name}`).at(step),
    forward(layer, ...inputs) {
      const context = callContext({ training: true, key: random.child(`call ${calls++}`), step });
      const [y, ...more] = layer.forward(inputs, context);
      if (y === undefined || more.length > 0) severalOutputs(layer, more.length + 1);
      for (const [weight, value] of context.updates) {
        weight.assign(value);
        watched.push(value);
      }
      added.push(...context.losses);
      return y;
    },
    penalties(layer) {
      const terms = [...added, ...[layer.penalty() ?? []].flat()];
      added = [];
      return terms.reduce((a, b) => a.add(b), zeros([]));
    },
    minimize(loss, trained, optimizer = usual) {
      const weights = weightsOf(trained);
      if (loss.rank !== 0 || weights.length === 0) nothingToMinimize(loss, weights.length);
      const numbers = options.scalars(optimizer, used.length);
      used.push(optimizer);
      losses.push(loss);
      optimizer.build(weights);
      watched.push(loss, ...optimizer.apply(gradient(loss, weights), weights, numbers));
    },
  };
  const logs = trainStep(batch, tools);
  return { logs, loss: losses.reduce((a, b) => a.add(b), zeros([])), watched, used };
}

/** The optimizers that a step uses, found by running it on nothing. */
export function rehearsedOptimizers(
  trainStep: TrainStep,
  batch: StepBatch,
  options: { readonly optimizer: Optimizer; readonly rows: Size },
): readonly Optimizer[] {
  const blank = (optimizer: Optimizer): Scalars =>
    Object.fromEntries(Object.keys(optimizer.scalars()).map((name) => [name, zeros([])]));
  return rehearse(() =>
    traceStep(trainStep, batch, { ...options, seed: 0, step: zeros([], "int32"), scalars: blank }),
  ).used;
}

function weightsOf(trained: Trained): Variable[] {
  const list = (Array.isArray(trained) ? trained : [trained]) as readonly (Layer | Variable)[];
  return [...new Set(list.flatMap((t) => (t instanceof Variable ? [t] : t.trainableWeights())))];
}

function severalOutputs(layer: Layer, count: number): never {
  throw new UsageError({
    where: `trainStep: ${layer.label}`,
    problem: `there are ${count} outputs`,
    expected: "one output",
    got: String(count),
    try: "make a model for each output, or join them with Concatenate",
  });
}

function nothingToMinimize(loss: Tensor, weights: number): never {
  throw new UsageError({
    where: "trainStep: minimize",
    problem: weights === 0 ? "there are no weights to train" : "the loss must be a scalar",
    expected: "a scalar and at least one trained weight",
    got: `${loss} and ${weights} weights`,
    try: weights === 0 ? "build the layers first: give models an Input" : "take the mean of the loss",
  });
}
