import { maximum, type Tensor } from "../../core/index.ts";
import type { OptimizerOptions, Update } from "./optimizer.ts";
import { commonDefaults, float32Power, Optimizer } from "./optimizer.ts";

export interface AdamaxOptions extends OptimizerOptions {
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

/** Adamax, Adam with the infinity norm (Kingma and Ba 2015, section 7.1; Keras's Adamax). */
export class Adamax extends Optimizer<AdamaxOptions> {
  static readonly type = "Adamax";

  constructor(options: AdamaxOptions = {}) {
    const defaults = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
    super(Adamax.type, { ...defaults, ...commonDefaults }, options);
  }

  get type(): string {
    return Adamax.type;
  }

  slotGroups() {
    return [["momentum", "norm"]];
  }

  protected numbers(learningRate: number, step: number) {
    return { alpha: learningRate / (1 - float32Power(this.options.beta1, step + 1)) };
  }

  protected update(p: Tensor, g: Tensor, slots: Record<string, Tensor>, n: Record<string, Tensor>): Update {
    const { beta1, beta2, epsilon } = this.options;
    const m = slots.momentum!;
    const momentum = m.add(g.sub(m).mul(1 - beta1));
    const norm = maximum(slots.norm!.mul(beta2), g.abs());
    return { value: p.sub(momentum.mul(n.alpha!).div(norm.add(epsilon))), slots: { momentum, norm } };
  }
}
