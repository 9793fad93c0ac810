import type { LearningRateSchedule } from "./schedule.ts";
import { positive } from "./schedule.ts";

export interface ExponentialDecayOptions {
  initialLearningRate: number;
  decaySteps: number;
  decayRate: number;
  /** Decay at whole multiples of `decaySteps` only. */
  staircase?: boolean;
}

/** `initialLearningRate · decayRate^(step / decaySteps)` (Keras's ExponentialDecay). */
export class ExponentialDecay implements LearningRateSchedule {
  static readonly type = "ExponentialDecay";
  readonly type = ExponentialDecay.type;
  readonly options: Required<ExponentialDecayOptions>;

  constructor(options: ExponentialDecayOptions) {
    this.options = { staircase: false, ...options };
    positive(this.type, "decaySteps", options.decaySteps);
  }

  static fromConfig(c: Readonly<Record<string, never>>): ExponentialDecay {
    return new ExponentialDecay({
      initialLearningRate: c.initial_learning_rate!,
      decaySteps: c.decay_steps!,
      decayRate: c.decay_rate!,
      staircase: c.staircase ?? false,
    });
  }

  get config() {
    const o = this.options;
    return {
      initial_learning_rate: o.initialLearningRate,
      decay_steps: o.decaySteps,
      decay_rate: o.decayRate,
      staircase: o.staircase,
      name: this.type,
    };
  }

  at(step: number): number {
    const { initialLearningRate, decaySteps, decayRate, staircase } = this.options;
    const p = step / decaySteps;
    return initialLearningRate * decayRate ** (staircase ? Math.floor(p) : p);
  }
}
