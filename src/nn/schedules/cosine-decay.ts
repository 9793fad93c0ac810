import type { LearningRateSchedule } from "./schedule.ts";
import { positive } from "./schedule.ts";

export interface CosineDecayOptions {
  initialLearningRate: number;
  decaySteps: number;
  /** The last rate as a fraction of the one that the decay begins with. */
  alpha?: number;
  /** Rate to rise to in a straight line before the decay begins; without it there is no warm-up. */
  warmupTarget?: number | null;
  warmupSteps?: number;
}

/** Half a cosine from the (warmed-up) rate to `alpha` times it (Loshchilov and Hutter 2016; Keras's CosineDecay). */
export class CosineDecay implements LearningRateSchedule {
  static readonly type = "CosineDecay";
  readonly type = CosineDecay.type;
  readonly options: Required<CosineDecayOptions>;

  constructor(options: CosineDecayOptions) {
    this.options = { alpha: 0, warmupTarget: null, warmupSteps: 0, ...options };
    positive(this.type, "decaySteps", options.decaySteps);
  }

  static fromConfig(c: Readonly<Record<string, never>>): CosineDecay {
    return new CosineDecay({
      initialLearningRate: c.initial_learning_rate!,
      decaySteps: c.decay_steps!,
      alpha: c.alpha ?? 0,
      warmupTarget: c.warmup_target ?? null,
      warmupSteps: c.warmup_steps ?? 0,
    });
  }

  get config() {
    const o = this.options;
    return {
      initial_learning_rate: o.initialLearningRate,
      decay_steps: o.decaySteps,
      alpha: o.alpha,
      name: this.type,
      warmup_target: o.warmupTarget,
      warmup_steps: o.warmupSteps,
    };
  }

  at(step: number): number {
    const { initialLearningRate, decaySteps, warmupTarget, warmupSteps } = this.options;
    if (warmupTarget === null) return this.#decay(Math.min(step, decaySteps), initialLearningRate);
    const s = Math.min(step, decaySteps + warmupSteps);
    if (s < warmupSteps)
      return initialLearningRate + ((warmupTarget - initialLearningRate) * s) / warmupSteps;
    return this.#decay(s - warmupSteps, warmupTarget);
  }

  #decay(step: number, from: number): number {
    const { alpha, decaySteps } = this.options;
    const cosine = 0.5 * (1 + Math.cos((Math.PI * step) / decaySteps));
    return from * ((1 - alpha) * cosine + alpha);
  }
}
