/** What graph operators are told when they are called: whether they are trained, and where dropout is drawn from. */
import {
  bernoulli,
  defaultGenerator,
  isReplaying,
  type Tensor,
  tensor,
  type Variable,
} from "../core/index.ts";
import { UsageError } from "../ir/errors.ts";
import { type Shape, staticSize } from "../ir/size.ts";
import { type CallContext, callContext } from "../nn/context.ts";
import { asSparse, sparseOf } from "./sparse.ts";

/** Gives a mask of `shape`: 1 with probability `keep`, else 0. */
export type MaskSource = (shape: Shape, keep: number) => Tensor;

export interface GraphContext extends Pick<CallContext, "training" | "addLoss"> {
  /** Records a new value for a value that is not trained (running statistics). */
  update(buffer: Variable, change: (value: Tensor) => Tensor): void;
  /** A mask for this call: 1 with probability `keep`, else 0. */
  mask: MaskSource;
}

/**
 * The context of a call by hand. With `training`, masks come from PyTorch's generator after `manualSeed`, else from the counter
 * streams of `seed` and `step`; `commit` writes what the operators noted about running statistics.
 */
export interface HandContext extends GraphContext {
  readonly losses: readonly Tensor[];
  commit(): void;
}

/** The context of inference, or with `training` that of one step. */
export function graphContext(
  options: { training?: boolean; seed?: number; step?: number | Tensor } = {},
): HandContext {
  const ctx = callContext(options);
  return {
    ...contextOf(ctx, isReplaying() ? replayedMask : undefined),
    losses: ctx.losses,
    commit() {
      for (const [weight, value] of ctx.updates) weight.assign(value);
    },
  };
}

/** The context of a graph model inside a step; masks are `masks` or counter streams, one for each call in its order. */
export function contextOf(ctx: CallContext, masks?: MaskSource): GraphContext {
  let calls = 0;
  return {
    training: ctx.training,
    addLoss: (loss) => ctx.addLoss(loss),
    update: (buffer, change) => ctx.update(buffer, change),
    mask: (shape, keep) =>
      masks?.(shape, keep) ??
      bernoulli(ctx.key.child(`dropout ${calls++}`).at(ctx.step), shape, keep).cast("float32"),
  };
}

function replayedMask(shape: Shape, keep: number): Tensor {
  const sizes = shape.map((s) => staticSize(s, "dropout"));
  const count = sizes.reduce((a, b) => a * b, 1);
  return tensor(defaultGenerator.bernoulli(count, keep), { shape: sizes });
}

/**
 * While training, sets a share `rate` of the elements to 0 and divides the rest by 1 - rate, as PyTorch's `dropout`; otherwise
 * passes them on. `arrange` brings a mask from PyTorch Geometric's order of rows to that of `x`.
 *
 * @throws UsageError unless the rate is from 0 to 1.
 */
export function dropout(
  x: Tensor,
  rate: number,
  ctx: GraphContext,
  arrange: (mask: Tensor) => Tensor = (mask) => mask,
): Tensor {
  if (!(rate >= 0 && rate <= 1)) {
    throw new UsageError({
      where: "dropout",
      problem: "the rate is a probability",
      expected: "a number from 0 to 1",
      got: String(rate),
      try: "dropout(x, 0.5, ctx)",
    });
  }
  if (!ctx.training || rate === 0) return x;
  if (rate === 1) return x.mul(0);
  // Counter streams have no order that must be kept.
  const mask = ctx.mask(x.shape, 1 - rate);
  const factors = (isReplaying() ? arrange(mask) : mask).mul(1 / (1 - rate));
  const sparse = sparseOf(x);
  return sparse ? asSparse(x.mul(factors), sparse.times(factors)) : x.mul(factors);
}
