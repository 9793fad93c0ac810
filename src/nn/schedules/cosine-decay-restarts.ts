import type { LearningRateSchedule } from "./schedule.ts";
import { positive } from "./schedule.ts";

export interface CosineDecayRestartsOptions {
  initialLearningRate: number;
  firstDecaySteps: number;
  /** Each period is this many times as long as the one before. */
  tMul?: number;
  /** Each period begins at this fraction of the one before. */
  mMul?: number;
  alpha?: number;
}

/** Cosine decay that begins anew in longer and longer periods (SGDR, Loshchilov and Hutter 2016; Keras's CosineDecayRestarts). */
export class CosineDecayRestarts implements LearningRateSchedule {
  static readonly type = "CosineDecayRestarts";
  readonly type = CosineDecayRestarts.type;
  readonly options: Required<CosineDecayRestartsOptions>;

  constructor(options: CosineDecayRestartsOptions) {
    this.options = { tMul: 2, mMul: 1, alpha: 0, ...options };
    positive(this.type, "firstDecaySteps", options.firstDecaySteps);
  }

  static fromConfig(c: Readonly<Record<string, never>>): CosineDecayRestarts {
    return new CosineDecayRestarts({
      initialLearningRate: c.initial_learning_rate!,
      firstDecaySteps: c.first_decay_steps!,
      tMul: c.t_mul ?? 2,
      mMul: c.m_mul ?? 1,
      alpha: c.alpha ?? 0,
    });
  }

  get config() {
    const o = this.options;
    return {
      initial_learning_rate: o.initialLearningRate,
      first_decay_steps: o.firstDecaySteps,
      t_mul: o.tMul,
      m_mul: o.mMul,
      alpha: o.alpha,
      name: "SGDRDecay",
    };
  }

  at(step: number): number {
    const { initialLearningRate, firstDecaySteps, tMul, mMul, alpha } = this.options;
    const periods = step / firstDecaySteps;
    let restarts: number;
    let fraction: number;
    if (tMul === 1) {
      restarts = Math.floor(periods);
      fraction = periods - restarts;
    } else {
      restarts = Math.floor(Math.log(1 - periods * (1 - tMul)) / Math.log(tMul));
      const before = (1 - tMul ** restarts) / (1 - tMul);
      fraction = (periods - before) / tMul ** restarts;
    }
    const cosine = 0.5 * mMul ** restarts * (1 + Math.cos(Math.PI * fraction));
    return initialLearningRate * ((1 - alpha) * cosine + alpha);
  }
}
