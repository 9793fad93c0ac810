/** Layer normalization. */
import { type Tensor, type Variable, zeros } from "../../core/index.ts";
import type { Shape } from "../../ir/size.ts";
import { resolveAxes, sizesOn, spreadShape } from "../axes.ts";
import { axesField, flag } from "../fields.ts";
import { type InputRule, Layer } from "../layer.ts";
import { normalizationFields, normalized, spread } from "../scale-and-center.ts";

const fields = { axis: axesField(-1), rmsScaling: flag(false), ...normalizationFields };

/**
 * `(x - mean) / √(variance + ε) · γ + β` with mean and variance of each row over `axis`: [rows, …] → [rows, …]; gamma and
 * beta have the sizes of those axes (Keras's LayerNormalization; Ba et al., 2016). With `rmsScaling`, which Keras no longer
 * recommends, `x / √(variance + ε) · γ`.
 *
 * @example new LayerNormalization({ axis: [1, 2] })
 */
export class LayerNormalization extends Layer<typeof fields> {
  static override readonly type = "LayerNormalization";
  static override readonly fields = fields;
  gamma: Variable | undefined;
  beta: Variable | undefined;
  #rule: InputRule = {};

  override inputRule(): InputRule {
    return this.#rule;
  }

  override build(input: Shape): void {
    const axes = resolveAxes(this.config.axis, input, this.label);
    const sizes = sizesOn(axes, input, this.label);
    const { scale, center, rmsScaling } = this.config;
    if (scale || rmsScaling) this.gamma = this.configured("gamma", sizes);
    if (center && !rmsScaling) this.beta = this.configured("beta", sizes);
    this.#rule = { rank: input.length, axes: new Map(axes.map((a, i) => [a, sizes[i]!])) };
  }

  override call(input: Tensor): Tensor {
    const x = input.cast("float32");
    const axes = resolveAxes(this.config.axis, x.shape, this.label);
    const shape = spreadShape(axes, x.shape);
    const mean = this.config.rmsScaling ? zeros([]) : x.mean(axes, { keepdims: true });
    const variance = x.variance(axes, { keepdims: true });
    const { epsilon } = this.config;
    return normalized(x, mean, variance, epsilon, spread(this.gamma, shape), spread(this.beta, shape));
  }
}
