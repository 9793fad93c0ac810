import type { Tensor } from "../../core/index.ts";
import type { OptimizerOptions, Update } from "./optimizer.ts";
import { commonDefaults, Optimizer } from "./optimizer.ts";

export interface LionOptions extends OptimizerOptions {
  beta1?: number;
  beta2?: number;
}

/** Lion: steps of one size, by the sign of an interpolated momentum (Chen et al. 2023; Keras's Lion). */
export class Lion extends Optimizer<LionOptions> {
  static readonly type = "Lion";

  constructor(options: LionOptions = {}) {
    super(Lion.type, { learningRate: 0.001, beta1: 0.9, beta2: 0.99, ...commonDefaults }, options);
  }

  get type(): string {
    return Lion.type;
  }

  slotGroups() {
    return [["momentum"]];
  }

  protected numbers(learningRate: number) {
    return { learningRate };
  }

  protected update(p: Tensor, g: Tensor, slots: Record<string, Tensor>, n: Record<string, Tensor>): Update {
    const mixed = (beta: number) => slots.momentum!.mul(beta).add(g.mul(1 - beta));
    const step = mixed(this.options.beta1).sign().mul(n.learningRate!);
    return { value: p.sub(step), slots: { momentum: mixed(this.options.beta2) } };
  }
}
