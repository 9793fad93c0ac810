import type { Tensor } from "../../core/index.ts";
import type { CategoricalCrossentropyOptions } from "./categorical-crossentropy.ts";
import { CategoricalCrossentropy } from "./categorical-crossentropy.ts";

export interface CategoricalFocalCrossentropyOptions extends CategoricalCrossentropyOptions {
  /** Factor of the loss; 0.25 unless given. */
  alpha?: number;
  /** How little predictions that are right already count; 2 unless given, 0 is plain cross-entropy. */
  gamma?: number;
}

/** Categorical cross-entropy times `alpha·(1 - p)^gamma`, class by class (Lin et al. 2017; Keras's CategoricalFocalCrossentropy). */
export class CategoricalFocalCrossentropy extends CategoricalCrossentropy {
  static override readonly type = "CategoricalFocalCrossentropy";
  readonly alpha: number;
  readonly gamma: number;

  constructor(options: CategoricalFocalCrossentropyOptions = {}) {
    super(options, CategoricalFocalCrossentropy.type);
    this.alpha = options.alpha ?? 0.25;
    this.gamma = options.gamma ?? 2;
  }

  override get type(): string {
    return CategoricalFocalCrossentropy.type;
  }

  protected override ownConfig() {
    return { ...super.ownConfig(), alpha: this.alpha, gamma: this.gamma };
  }

  protected override each(t: Tensor, logProbabilities: Tensor): Tensor {
    const p = logProbabilities.exp();
    return super.each(t, logProbabilities).mul(p.mul(-1).add(1).pow(this.gamma).mul(this.alpha));
  }
}
