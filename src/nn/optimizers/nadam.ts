import type { Tensor } from "../../core/index.ts";
import type { OptimizerOptions, OptimizerWeight, Update } from "./optimizer.ts";
import { commonDefaults, float32Power, Optimizer } from "./optimizer.ts";

export interface NadamOptions extends OptimizerOptions {
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

/** Adam with Nesterov's momentum on a warming schedule (Dozat 2016; Keras's Nadam). */
export class Nadam extends Optimizer<NadamOptions> {
  static readonly type = "Nadam";
  /** The product of the momenta of the steps taken, in float32 as Keras keeps it. */
  #product = { steps: 0, value: 1 };

  constructor(options: NadamOptions = {}) {
    const defaults = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
    super(Nadam.type, { ...defaults, ...commonDefaults }, options);
  }

  get type(): string {
    return Nadam.type;
  }

  slotGroups() {
    return [["momentum", "velocity"]];
  }

  protected numbers(learningRate: number, step: number) {
    const [now, next] = [this.#momentum(step + 1), this.#momentum(step + 2)];
    const product = Math.fround(this.#productOf(step) * now);
    return {
      ofMomentum: (learningRate * next) / (1 - product * next),
      ofGradient: (learningRate * (1 - now)) / (1 - product),
      ofVelocity: 1 / (1 - float32Power(this.options.beta2, step + 1)),
    };
  }

  /** The momentum of step `step`, counted from 1. */
  #momentum(step: number): number {
    return this.options.beta1 * (1 - 0.5 * 0.96 ** step);
  }

  #productOf(steps: number): number {
    let { steps: done, value } = this.#product.steps <= steps ? this.#product : { steps: 0, value: 1 };
    while (done < steps) value = Math.fround(value * this.#momentum(++done));
    this.#product = { steps, value };
    return value;
  }

  protected override scalarWeights(): OptimizerWeight[] {
    return [
      {
        name: `${this.name}/u_product`,
        shape: [],
        dtype: "float32",
        read: () => Float32Array.of(this.#productOf(this.updates)),
        write: (values) => {
          this.#product = { steps: this.updates, value: Number(values[0]) };
        },
      },
    ];
  }

  protected update(p: Tensor, g: Tensor, slots: Record<string, Tensor>, n: Record<string, Tensor>): Update {
    const { beta1, beta2, epsilon } = this.options;
    const [m, v] = [slots.momentum!, slots.velocity!];
    const momentum = m.add(g.sub(m).mul(1 - beta1));
    const squares = g.square().sub(v);
    const velocity = v.add(squares.mul(1 - beta2));
    const step = momentum.mul(n.ofMomentum!).add(g.mul(n.ofGradient!));
    const scale = velocity.mul(n.ofVelocity!).sqrt().add(epsilon);
    return { value: p.sub(step.div(scale)), slots: { momentum, velocity } };
  }
}
