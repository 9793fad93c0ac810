/** Adam by PyTorch's formula. */
import type { Tensor } from "../core/index.ts";
import { Adam, type AdamOptions } from "../nn/optimizers/index.ts";
import type { Update } from "../nn/optimizers/optimizer.ts";

export interface TorchAdamOptions extends Omit<AdamOptions, "amsgrad"> {
  /**
   * L2 penalty, added to the gradient, for all weights or by `groups`: `{ groups: [{ match: "conv1.*", weightDecay: 5e-4 }] }`.
   * 0 unless given.
   */
  weightDecay?: number | null;
}

/**
 * Adam (Kingma and Ba 2015) as `torch.optim.Adam` computes it: `p -= lr·m̂ / (√v̂ + ε)`, with ε (1e-8) beside the root of the
 * corrected second moment; Keras's `Adam` has it beside the root of the plain one. `weightDecay` is part of the gradient.
 */
export class TorchAdam extends Adam {
  static override readonly type: string = "TorchAdam";

  constructor(options: TorchAdamOptions = {}, type: string = TorchAdam.type) {
    super({ epsilon: 1e-8, ...options }, type);
  }

  override get type(): string {
    return TorchAdam.type;
  }

  protected override get couplesDecay(): boolean {
    return true;
  }

  protected override numbers(learningRate: number, step: number) {
    const { beta1, beta2, epsilon } = this.options;
    const spread = Math.sqrt(1 - beta2 ** (step + 1));
    return { alpha: (learningRate * spread) / (1 - beta1 ** (step + 1)), epsilon: epsilon * spread };
  }

  protected override update(
    p: Tensor,
    g: Tensor,
    slots: Record<string, Tensor>,
    n: Record<string, Tensor>,
  ): Update {
    const { beta1, beta2 } = this.options;
    const momentum = slots.momentum!.add(g.sub(slots.momentum!).mul(1 - beta1));
    const velocity = slots.velocity!.mul(beta2).add(g.square().mul(1 - beta2));
    const value = p.sub(momentum.mul(n.alpha!).div(velocity.sqrt().add(n.epsilon!)));
    return { value, slots: { momentum, velocity } };
  }
}

/** `torch.optim.AdamW` (Loshchilov and Hutter 2019): `weightDecay`, 0.01 unless given, apart from the gradient. */
export class TorchAdamW extends TorchAdam {
  static override readonly type = "TorchAdamW";

  constructor(options: TorchAdamOptions = {}) {
    super({ weightDecay: 0.01, ...options }, TorchAdamW.type);
  }

  override get type(): string {
    return TorchAdamW.type;
  }

  protected override get couplesDecay(): boolean {
    return false;
  }
}
