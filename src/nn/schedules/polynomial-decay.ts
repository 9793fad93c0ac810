import type { LearningRateSchedule } from "./schedule.ts";
import { positive } from "./schedule.ts";

export interface PolynomialDecayOptions {
  initialLearningRate: number;
  decaySteps: number;
  endLearningRate?: number;
  power?: number;
  /** Begin anew over 2, 3, … times `decaySteps` instead of staying at the end. */
  cycle?: boolean;
}

/** From the initial to the end rate along `(1 - step/decaySteps)^power` (Keras's PolynomialDecay). */
export class PolynomialDecay implements LearningRateSchedule {
  static readonly type = "PolynomialDecay";
  readonly type = PolynomialDecay.type;
  readonly options: Required<PolynomialDecayOptions>;

  constructor(options: PolynomialDecayOptions) {
    this.options = { endLearningRate: 0.0001, power: 1, cycle: false, ...options };
    positive(this.type, "decaySteps", options.decaySteps);
  }

  static fromConfig(c: Readonly<Record<string, never>>): PolynomialDecay {
    return new PolynomialDecay({
      initialLearningRate: c.initial_learning_rate!,
      decaySteps: c.decay_steps!,
      endLearningRate: c.end_learning_rate ?? 0.0001,
      power: c.power ?? 1,
      cycle: c.cycle ?? false,
    });
  }

  get config() {
    const o = this.options;
    return {
      initial_learning_rate: o.initialLearningRate,
      decay_steps: o.decaySteps,
      end_learning_rate: o.endLearningRate,
      power: o.power,
      cycle: o.cycle,
      name: this.type,
    };
  }

  at(step: number): number {
    const { initialLearningRate, decaySteps, endLearningRate, power, cycle } = this.options;
    const span = cycle && step > 0 ? decaySteps * Math.ceil(step / decaySteps) : decaySteps;
    const p = Math.min(step, span) / span;
    return (initialLearningRate - endLearningRate) * (1 - p) ** power + endLearningRate;
  }
}
