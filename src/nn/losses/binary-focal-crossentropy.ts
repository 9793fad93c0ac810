import type { Tensor } from "../../core/index.ts";
import type { BinaryCrossentropyOptions } from "./binary-crossentropy.ts";
import { BinaryCrossentropy } from "./binary-crossentropy.ts";

export interface BinaryFocalCrossentropyOptions extends BinaryCrossentropyOptions {
  /** Weigh labels 1 with `alpha` and labels 0 with `1 - alpha`. */
  applyClassBalancing?: boolean;
  /** Weight of the labels 1; 0.25 unless given. */
  alpha?: number;
  /** How little predictions that are right already count; 2 unless given, 0 is plain cross-entropy. */
  gamma?: number;
}

/**
 * Binary cross-entropy times `(1 - p)^gamma`, where p is the probability of the true label (Lin et al. 2017; Keras's
 * BinaryFocalCrossentropy).
 */
export class BinaryFocalCrossentropy extends BinaryCrossentropy {
  static override readonly type = "BinaryFocalCrossentropy";
  readonly applyClassBalancing: boolean;
  readonly alpha: number;
  readonly gamma: number;

  constructor(options: BinaryFocalCrossentropyOptions = {}) {
    super(options, BinaryFocalCrossentropy.type);
    this.applyClassBalancing = options.applyClassBalancing ?? false;
    this.alpha = options.alpha ?? 0.25;
    this.gamma = options.gamma ?? 2;
  }

  override get type(): string {
    return BinaryFocalCrossentropy.type;
  }

  protected override ownConfig() {
    const { applyClassBalancing, alpha, gamma } = this;
    return { ...super.ownConfig(), apply_class_balancing: applyClassBalancing, alpha, gamma };
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const { alpha, gamma } = this;
    const t = this.targets(yTrue);
    const p = this.fromLogits ? yPred.sigmoid() : yPred;
    const off = t.mul(-1).add(1);
    const right = t.mul(p).add(off.mul(p.mul(-1).add(1)));
    const focal = right.mul(-1).add(1).pow(gamma).mul(this.each(t, yPred));
    return (
      this.applyClassBalancing
        ? t
            .mul(alpha)
            .add(off.mul(1 - alpha))
            .mul(focal)
        : focal
    ).mean(-1);
  }
}
