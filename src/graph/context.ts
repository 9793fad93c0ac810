/** What graph operators are told when they are called: whether they are trained, and where dropout is drawn from. */
import {
  bernoulli,
  defaultGenerator,
  isReplaying,
  randomNormal,
  type Tensor,
  tensor,
  type Variable,
} from "../core/index.ts";
import { UsageError } from "../ir/errors.ts";
import { type Shape, staticSize } from "../ir/size.ts";
import { type CallContext, callContext } from "../nn/context.ts";
import { asSparse, sparseOf } from "./sparse.ts";

/** What is drawn: normally distributed numbers, or 1 with a probability and 0 otherwise. */
export type Distribution = "normal" | { readonly keep: number };
/** Gives random numbers of a shape. */
export type NoiseSource = (shape: Shape, distribution: Distribution) => Tensor;

export interface GraphContext extends Pick<CallContext, "training" | "addLoss"> {
  /** Records a new value for a value that is not trained (running statistics). */
  update(buffer: Variable, change: (value: Tensor) => Tensor): void;
  /** Random numbers for this call. */
  noise: NoiseSource;
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
    ...contextOf(ctx, isReplaying() ? replayed : undefined),
    losses: ctx.losses,
    commit() {
      for (const [weight, value] of ctx.updates) weight.assign(value);
    },
  };
}

/** The context of a graph model inside a step; noise is `source`, or counter streams, one for each call in its order. */
export function contextOf(ctx: CallContext, source?: NoiseSource): GraphContext {
  let calls = 0;
  return {
    training: ctx.training,
    addLoss: (loss) => ctx.addLoss(loss),
    update: (buffer, change) => ctx.update(buffer, change),
    noise(shape, distribution) {
      if (source) return source(shape, distribution);
      const random = ctx.key.child(`noise ${calls++}`).at(ctx.step);
      if (distribution === "normal") return randomNormal(random, shape);
      return bernoulli(random, shape, distribution.keep).cast("float32");
    },
  };
}

function replayed(shape: Shape, distribution: Distribution): Tensor {
  const sizes = shape.map((s) => staticSize(s, "dropout"));
  const count = sizes.reduce((a, b) => a * b, 1);
  return tensor(drawReplayed(count, distribution), { shape: sizes });
}

/** Numbers as PyTorch draws them. */
export function drawReplayed(count: number, distribution: Distribution): Float32Array {
  return distribution === "normal"
    ? defaultGenerator.randn(count)
    : defaultGenerator.bernoulli(count, distribution.keep);
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
  const mask = ctx.noise(x.shape, { keep: 1 - rate });
  const factors = (isReplaying() ? arrange(mask) : mask).mul(1 / (1 - rate));
  const sparse = sparseOf(x);
  return sparse ? asSparse(x.mul(factors), sparse.times(factors)) : x.mul(factors);
}
