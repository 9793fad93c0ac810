import { type Tensor, where } from "../../core/index.ts";
import type { LossOptions } from "./loss.ts";
import { RegressionLoss } from "./regression-loss.ts";

export interface HuberOptions extends LossOptions {
  /** Where the parabola goes over into a straight line; 1 unless given. */
  delta?: number;
}

/** Half the squared error up to `delta`, a straight line beyond; mean over the last axis (Huber 1964; Keras's Huber). */
export class Huber extends RegressionLoss {
  static readonly type = "Huber";
  readonly delta: number;

  constructor(options: HuberOptions = {}) {
    super(Huber.type, { ...options, name: options.name ?? "huber_loss" });
    this.delta = options.delta ?? 1;
  }

  get type(): string {
    return Huber.type;
  }

  /** Keras writes no `delta`, and reads one. */
  protected override ownConfig() {
    return this.delta === 1 ? {} : { delta: this.delta };
  }

  call(yTrue: Tensor, yPred: Tensor): Tensor {
    const { delta } = this;
    const error = yPred.sub(yTrue.cast("float32"));
    const size = error.abs();
    const near = error.square().mul(0.5);
    return where(size.lessEqual(delta), near, size.mul(delta).sub(0.5 * delta * delta)).mean(-1);
  }
}
