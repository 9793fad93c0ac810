/** Learning-rate schedules. */
import { CosineDecay } from "./cosine-decay.ts";
import { CosineDecayRestarts } from "./cosine-decay-restarts.ts";
import { ExponentialDecay } from "./exponential-decay.ts";
import { InverseTimeDecay } from "./inverse-time-decay.ts";
import { PiecewiseConstantDecay } from "./piecewise-constant-decay.ts";
import { PolynomialDecay } from "./polynomial-decay.ts";

export type { CosineDecayOptions } from "./cosine-decay.ts";
export type { CosineDecayRestartsOptions } from "./cosine-decay-restarts.ts";
export type { ExponentialDecayOptions } from "./exponential-decay.ts";
export type { InverseTimeDecayOptions } from "./inverse-time-decay.ts";
export type { PiecewiseConstantDecayOptions } from "./piecewise-constant-decay.ts";
export type { PolynomialDecayOptions } from "./polynomial-decay.ts";
export type { LearningRateSchedule } from "./schedule.ts";
export { isSchedule } from "./schedule.ts";
export {
  CosineDecay,
  CosineDecayRestarts,
  ExponentialDecay,
  InverseTimeDecay,
  PiecewiseConstantDecay,
  PolynomialDecay,
};

/** Every schedule by Keras's class name. */
export const schedules = {
  CosineDecay,
  CosineDecayRestarts,
  ExponentialDecay,
  InverseTimeDecay,
  PiecewiseConstantDecay,
  PolynomialDecay,
} as const;
