import { maximum, type Tensor } from "../../core/index.ts";
import type { OptimizerOptions, Update } from "./optimizer.ts";
import { commonDefaults, float32Power, Optimizer } from "./optimizer.ts";

export interface AdamOptions extends OptimizerOptions {
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  /** Divide by the largest second moment so far (Reddi, Kale and Kumar 2018). */
  amsgrad?: boolean;
}

/** Values that Keras's Adam begins with. */
export const adamDefaults = {
  learningRate: 0.001,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-7,
  amsgrad: false,
  ...commonDefaults,
} as const;

/**
 * Adam (Kingma and Ba 2015) with Keras's formula: `p -= α·m / (√v + ε)`, where
 * `α = lr·√(1 - β2^t) / (1 - β1^t)`, so ε (1e-7) stands outside the bias correction.
 */
export class Adam extends Optimizer<AdamOptions> {
  static readonly type: string = "Adam";

  constructor(
    options: AdamOptions = {},
    type: string = Adam.type,
    defaults: Required<Omit<AdamOptions, "name">> = adamDefaults,
  ) {
    super(type, defaults, options);
  }

  get type(): string {
    return Adam.type;
  }

  slotGroups() {
    const moments = [["momentum", "velocity"]];
    return this.options.amsgrad ? [...moments, ["velocity_hat"]] : moments;
  }

  protected numbers(learningRate: number, step: number) {
    const [power1, power2] = [this.options.beta1, this.options.beta2].map((b) => float32Power(b, step + 1));
    return { alpha: (learningRate * Math.sqrt(1 - power2!)) / (1 - power1!) };
  }

  protected update(p: Tensor, g: Tensor, slots: Record<string, Tensor>, n: Record<string, Tensor>): Update {
    const { beta1, beta2, epsilon, amsgrad } = this.options;
    const m = slots.momentum!;
    const v = slots.velocity!;
    const momentum = m.add(g.sub(m).mul(1 - beta1));
    const velocity = v.add(
      g
        .square()
        .sub(v)
        .mul(1 - beta2),
    );
    const next: Record<string, Tensor> = { momentum, velocity };
    if (amsgrad) next.velocity_hat = maximum(slots.velocity_hat!, velocity);
    const scale = (next.velocity_hat ?? velocity).sqrt().add(epsilon);
    return { value: p.sub(momentum.mul(n.alpha!).div(scale)), slots: next };
  }
}
