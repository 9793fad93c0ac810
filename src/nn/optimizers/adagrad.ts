import type { Tensor } from "../../core/index.ts";
import type { OptimizerOptions, Update } from "./optimizer.ts";
import { commonDefaults, Optimizer } from "./optimizer.ts";

export interface AdagradOptions extends OptimizerOptions {
  /** What the sums of squared gradients begin with. */
  initialAccumulatorValue?: number;
  epsilon?: number;
}

/** Adagrad (Duchi, Hazan and Singer 2011): `p -= lr·g / √(Σg² + ε)` (Keras's Adagrad; learning rate 0.001). */
export class Adagrad extends Optimizer<AdagradOptions> {
  static readonly type = "Adagrad";

  constructor(options: AdagradOptions = {}) {
    const defaults = { learningRate: 0.001, initialAccumulatorValue: 0.1, epsilon: 1e-7 };
    super(Adagrad.type, { ...defaults, ...commonDefaults }, options);
  }

  get type(): string {
    return Adagrad.type;
  }

  slotGroups() {
    return [["accumulator"]];
  }

  protected override slotStart(slot: string): number {
    return slot === "accumulator" ? this.options.initialAccumulatorValue : super.slotStart(slot);
  }

  protected numbers(learningRate: number) {
    return { learningRate };
  }

  protected update(p: Tensor, g: Tensor, slots: Record<string, Tensor>, n: Record<string, Tensor>): Update {
    const accumulator = slots.accumulator!.add(g.square());
    const step = g.mul(n.learningRate!).div(accumulator.add(this.options.epsilon).sqrt());
    return { value: p.sub(step), slots: { accumulator } };
  }
}
