import type { Tensor } from "../../core/index.ts";
import type { OptimizerOptions, Update } from "./optimizer.ts";
import { commonDefaults, Optimizer } from "./optimizer.ts";

export interface SGDOptions extends OptimizerOptions {
  /** Between 0 and 1; 0 is plain gradient descent. */
  momentum?: number;
  /** Nesterov's momentum (Sutskever et al. 2013). */
  nesterov?: boolean;
}

/** Gradient descent with momentum: `m = momentum·m - lr·g; p += m` (Keras's SGD; learning rate 0.01). */
export class SGD extends Optimizer<SGDOptions> {
  static readonly type = "SGD";

  constructor(options: SGDOptions = {}) {
    super(SGD.type, { learningRate: 0.01, momentum: 0, nesterov: false, ...commonDefaults }, options);
  }

  get type(): string {
    return SGD.type;
  }

  slotGroups() {
    return this.options.momentum === 0 ? [] : [["momentum"]];
  }

  protected numbers(learningRate: number) {
    return { learningRate };
  }

  protected update(p: Tensor, g: Tensor, slots: Record<string, Tensor>, n: Record<string, Tensor>): Update {
    const { momentum, nesterov } = this.options;
    const step = g.mul(n.learningRate!);
    if (momentum === 0) return { value: p.sub(step) };
    const m = slots.momentum!.mul(momentum).sub(step);
    return { value: p.add(nesterov ? m.mul(momentum).sub(step) : m), slots: { momentum: m } };
  }
}
