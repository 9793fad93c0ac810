/** Batch normalization. */
import type { Tensor, Variable } from "../../core/index.ts";
import type { Shape } from "../../ir/size.ts";
import { otherAxes, resolveAxes, sizesOn, spreadShape } from "../axes.ts";
import type { CallContext } from "../context.ts";
import { optional, readInteger, real } from "../fields.ts";
import { initializerField } from "../initializers.ts";
import { type InputRule, Layer } from "../layer.ts";
import { normalizationFields, normalized, spread } from "../scale-and-center.ts";

const readAxis = readInteger(Number.MIN_SAFE_INTEGER);

const fields = {
  // Keras 2 writes a list of one.
  axis: optional<number>(-1, (value, at) =>
    readAxis(Array.isArray(value) && value.length === 1 ? value[0] : value, at),
  ),
  momentum: real(0.99, 0, 1),
  ...normalizationFields,
  movingMeanInitializer: initializerField("zeros"),
  movingVarianceInitializer: initializerField("ones"),
};

/**
 * `(x - mean) / √(variance + ε) · γ + β` for each position on `axis`: [rows, …] → [rows, …]; gamma, beta, moving mean and
 * variance [size of the axis] (Keras's BatchNormalization; Ioffe and Szegedy, 2015).
 *
 * While training, mean and (biased) variance are those of the batch, and the moving ones follow with `momentum`; otherwise,
 * and where `trainable` is false, they are the moving ones.
 *
 * @example new BatchNormalization({ momentum: 0.9 })
 */
export class BatchNormalization extends Layer<typeof fields> {
  static override readonly type = "BatchNormalization";
  static override readonly fields = fields;
  static override readonly ignoredInFile = ["renorm_momentum"];
  gamma: Variable | undefined;
  beta: Variable | undefined;
  movingMean!: Variable;
  movingVariance!: Variable;
  #rule: InputRule = {};

  override inputRule(): InputRule {
    return this.#rule;
  }

  override build(input: Shape): void {
    const axes = resolveAxes(this.config.axis, input, this.label);
    const sizes = sizesOn(axes, input, this.label);
    if (this.config.scale) this.gamma = this.configured("gamma", sizes);
    if (this.config.center) this.beta = this.configured("beta", sizes);
    const fixed = { trainable: false };
    this.movingMean = this.weight("moving_mean", sizes, this.config.movingMeanInitializer, fixed);
    this.movingVariance = this.weight("moving_variance", sizes, this.config.movingVarianceInitializer, fixed);
    this.#rule = { rank: input.length, axes: new Map([[axes[0]!, sizes[0]!]]) };
  }

  override call(input: Tensor, ctx: CallContext): Tensor {
    const x = input.cast("float32");
    const axes = resolveAxes(this.config.axis, x.shape, this.label);
    const shape = spreadShape(axes, x.shape);
    const [mean, variance] = this.moments(x, otherAxes(axes, x.shape), ctx);
    return normalized(
      x,
      mean.reshape(shape),
      variance.reshape(shape),
      this.config.epsilon,
      spread(this.gamma, shape),
      spread(this.beta, shape),
    );
  }

  /** Of the batch while training (noting them in the moving ones), else the moving ones. */
  private moments(x: Tensor, axes: number[], ctx: CallContext): [Tensor, Tensor] {
    if (!ctx.training || !this.trainable) return [this.movingMean.value, this.movingVariance.value];
    const mean = x.mean(axes);
    const variance = x.variance(axes);
    const { momentum } = this.config;
    const follow = (now: Tensor) => (before: Tensor) =>
      before.mul(momentum).add(now.stopGradient().mul(1 - momentum));
    ctx.update(this.movingMean, follow(mean));
    ctx.update(this.movingVariance, follow(variance));
    return [mean, variance];
  }
}
