import type { Counts, ThresholdOptions } from "./threshold-counts.ts";
import { ThresholdMetric } from "./threshold-counts.ts";

/** The number (or weight) of labels 0 that were predicted as 1 (Keras's FalsePositives). */
export class FalsePositives extends ThresholdMetric {
  static readonly type = "FalsePositives";
  readonly direction = undefined;

  constructor(options: ThresholdOptions = {}) {
    super(FalsePositives.type, options);
  }

  get type(): string {
    return FalsePositives.type;
  }

  protected override ownConfig() {
    return { thresholds: this.given };
  }

  protected at(counts: Counts): number {
    return counts.falsePositives;
  }
}
