import { UsageError } from "../../ir/errors.ts";
import type { LearningRateSchedule } from "../../nn/schedules/schedule.ts";
import type { ChartOptions, Figure } from "../figure.ts";
import { count } from "../values.ts";
import { lineChart } from "./line-chart.ts";

export interface LearningRateCurveOptions extends ChartOptions {
  /** Steps to show. */
  steps: number;
  /** Count epochs of so many steps instead of steps. */
  stepsPerEpoch?: number;
  log?: boolean;
}

/** Points that a curve is drawn through at most. */
const most = 1000;

/**
 * The learning rate over the steps of training, of one schedule or several by name. Throws `UsageError` for a number of
 * steps that is not a positive whole number.
 */
export function learningRateCurve(
  schedules: LearningRateSchedule | Readonly<Record<string, LearningRateSchedule>>,
  options: LearningRateCurveOptions,
): Figure {
  const { steps, stepsPerEpoch, log, ...chart } = options;
  for (const [name, value] of Object.entries({ steps, stepsPerEpoch: stepsPerEpoch ?? 1 })) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw new UsageError({
      where: `plot.learningRateCurve \`${name}\``,
      problem: "this is no number of steps",
      expected: "a positive whole number",
      got: String(value),
      try: "steps per epoch times epochs",
    });
  }
  const one = typeof (schedules as LearningRateSchedule).at === "function";
  const named = one ? [["", schedules] as const] : Object.entries(schedules);
  const points = Math.min(steps, most);
  const at = count(points).map((i) => Math.round((i * (steps - 1)) / Math.max(1, points - 1)));
  const x = at.map((step) => step / (stepsPerEpoch ?? 1));
  return lineChart(
    named.map(([name, schedule]) => ({
      ...(name ? { name } : {}),
      x,
      y: at.map((step) => (schedule as LearningRateSchedule).at(step)),
    })),
    {
      ...{ xLabel: stepsPerEpoch === undefined ? "step" : "epoch", yLabel: "learning rate" },
      ...{ yZero: !log, yLog: log ?? false },
      ...chart,
    },
  );
}
