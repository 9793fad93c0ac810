import type { LearningRateSchedule } from "./schedule.ts";
import { positive } from "./schedule.ts";

export interface InverseTimeDecayOptions {
  initialLearningRate: number;
  decaySteps: number;
  decayRate: number;
  /** Decay at whole multiples of `decaySteps` only. */
  staircase?: boolean;
}

/** `initialLearningRate / (1 + decayRate · step / decaySteps)` (Keras's InverseTimeDecay). */
export class InverseTimeDecay implements LearningRateSchedule {
  static readonly type = "InverseTimeDecay";
  readonly type = InverseTimeDecay.type;
  readonly options: Required<InverseTimeDecayOptions>;

  constructor(options: InverseTimeDecayOptions) {
    this.options = { staircase: false, ...options };
    positive(this.type, "decaySteps", options.decaySteps);
  }

  static fromConfig(c: Readonly<Record<string, never>>): InverseTimeDecay {
    return new InverseTimeDecay({
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
    return initialLearningRate / (1 + decayRate * (staircase ? Math.floor(p) : p));
  }
}
