import type { Tensor } from "../../core/index.ts";
import type { OptimizerOptions, Update } from "./optimizer.ts";
import { commonDefaults, Optimizer } from "./optimizer.ts";

export interface AdadeltaOptions extends OptimizerOptions {
  /** How slowly the means of squares forget. */
  rho?: number;
  epsilon?: number;
}

/**
 * Adadelta (Zeiler 2012): gradients scaled by the ratio of the root mean squares of past steps and gradients (Keras's
 * Adadelta; learning rate 0.001, where the paper has 1).
 */
export class Adadelta extends Optimizer<AdadeltaOptions> {
  static readonly type = "Adadelta";

  constructor(options: AdadeltaOptions = {}) {
    super(Adadelta.type, { learningRate: 0.001, rho: 0.95, epsilon: 1e-7, ...commonDefaults }, options);
  }

  get type(): string {
    return Adadelta.type;
  }

  slotGroups() {
    return [["accumulated_grad", "accumulated_delta_var"]];
  }

  protected numbers(learningRate: number) {
    return { learningRate };
  }

  protected update(p: Tensor, g: Tensor, slots: Record<string, Tensor>, n: Record<string, Tensor>): Update {
    const { rho, epsilon } = this.options;
    const root = (t: Tensor) => t.add(epsilon).sqrt();
    const mean = (old: Tensor, value: Tensor) => old.mul(rho).add(value.square().mul(1 - rho));
    const accumulated_grad = mean(slots.accumulated_grad!, g);
    const delta = root(slots.accumulated_delta_var!).mul(g).div(root(accumulated_grad)).neg();
    const accumulated_delta_var = mean(slots.accumulated_delta_var!, delta);
    return {
      value: p.add(delta.mul(n.learningRate!)),
      slots: { accumulated_grad, accumulated_delta_var },
    };
  }
}
