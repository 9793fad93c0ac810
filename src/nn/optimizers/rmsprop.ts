import type { Tensor } from "../../core/index.ts";
import type { OptimizerOptions, Update } from "./optimizer.ts";
import { commonDefaults, Optimizer } from "./optimizer.ts";

export interface RMSpropOptions extends OptimizerOptions {
  /** How slowly the mean of squared gradients forgets. */
  rho?: number;
  momentum?: number;
  epsilon?: number;
  /** Divide by an estimate of the variance instead of the mean square. */
  centered?: boolean;
}

/** RMSprop (Tieleman and Hinton 2012) with Keras's formula: the step is `lr·g / √(v + ε)`, ε under the root. */
export class RMSprop extends Optimizer<RMSpropOptions> {
  static readonly type = "RMSprop";

  constructor(options: RMSpropOptions = {}) {
    const defaults = { learningRate: 0.001, rho: 0.9, momentum: 0, epsilon: 1e-7, centered: false };
    super(RMSprop.type, { ...defaults, ...commonDefaults }, options);
  }

  get type(): string {
    return RMSprop.type;
  }

  slotGroups() {
    const groups = [["velocity"]];
    if (this.options.momentum > 0) groups.push(["momentum"]);
    if (this.options.centered) groups.push(["average_gradient"]);
    return groups;
  }

  protected numbers(learningRate: number) {
    return { learningRate };
  }

  protected update(p: Tensor, g: Tensor, slots: Record<string, Tensor>, n: Record<string, Tensor>): Update {
    const { rho, momentum, epsilon, centered } = this.options;
    const velocity = slots.velocity!.mul(rho).add(g.square().mul(1 - rho));
    const next: Record<string, Tensor> = { velocity };
    let spread = velocity;
    if (centered) {
      next.average_gradient = slots.average_gradient!.mul(rho).add(g.mul(1 - rho));
      spread = velocity.sub(next.average_gradient.square());
    }
    let step = g.mul(n.learningRate!).div(spread.add(epsilon).sqrt());
    if (momentum > 0) {
      step = slots.momentum!.mul(momentum).add(step);
      next.momentum = step;
    }
    return { value: p.sub(step), slots: next };
  }
}
