/** What a layer is told when it is called: nothing global is consulted. */
import { key, type RandomKey, type Tensor, type Variable } from "../core/index.ts";
import type { Layer } from "./layer.ts";

/** Sees the outputs of layers as they are called. */
export type Observer = (layer: Layer, outputs: readonly Tensor[]) => void;

export interface CallContext {
  /** True while training: dropout drops, batch statistics are taken. */
  readonly training: boolean;
  /** The source of randomness; every layer derives its own from it by its path. */
  readonly key: RandomKey;
  /** The number of the training step, int32 scalar or number: random layers draw anew at each. */
  readonly step: Tensor | number;
  /** Adds a scalar to the loss (activity regularization). */
  addLoss(loss: Tensor): void;
  /**
   * Records a new value for a weight that is not trained (running statistics), made from its value now: where a layer is
   * used several times, the one that the use before left.
   */
  update(weight: Variable, change: (value: Tensor) => Tensor): void;
  /** Is told what every layer gives, inner layers before the layer around them. */
  readonly observe?: Observer | undefined;
}

/** A context that collects what the layers add. */
export interface CollectingContext extends CallContext {
  readonly losses: Tensor[];
  readonly updates: readonly (readonly [weight: Variable, value: Tensor])[];
}

/**
 * A context for calling layers by hand, as in a custom training loop: `losses` and `updates` hold what was added.
 * Without options it is the context of inference.
 */
export function callContext(
  options: {
    training?: boolean;
    key?: RandomKey;
    seed?: number;
    step?: Tensor | number;
    observe?: Observer | undefined;
  } = {},
): CollectingContext {
  const losses: Tensor[] = [];
  const updates = new Map<Variable, Tensor>();
  return {
    training: options.training ?? false,
    key: options.key ?? key(options.seed ?? 0),
    step: options.step ?? 0,
    observe: options.observe,
    losses,
    get updates() {
      return [...updates];
    },
    addLoss: (loss) => {
      losses.push(loss);
    },
    update: (weight, change) => {
      updates.set(weight, change(updates.get(weight) ?? weight.value));
    },
  };
}

/** The same context with the randomness of a part of the model. */
export function within(ctx: CallContext, part: string): CallContext {
  return {
    training: ctx.training,
    key: ctx.key.child(part),
    step: ctx.step,
    observe: ctx.observe,
    addLoss: (loss) => ctx.addLoss(loss),
    update: (weight, change) => ctx.update(weight, change),
  };
}
