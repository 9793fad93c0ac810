import type { Counts, ThresholdOptions } from "./threshold-counts.ts";
import { ThresholdMetric } from "./threshold-counts.ts";

/** The number (or weight) of labels 1 that were predicted as 0 (Keras's FalseNegatives). */
export class FalseNegatives extends ThresholdMetric {
  static readonly type = "FalseNegatives";
  readonly direction = undefined;

  constructor(options: ThresholdOptions = {}) {
    super(FalseNegatives.type, options);
  }

  get type(): string {
    return FalseNegatives.type;
  }

  protected override ownConfig() {
    return { thresholds: this.given };
  }

  protected at(counts: Counts): number {
    return counts.falseNegatives;
  }
}
