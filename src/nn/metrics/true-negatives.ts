import type { Counts, ThresholdOptions } from "./threshold-counts.ts";
import { ThresholdMetric } from "./threshold-counts.ts";

/** The number (or weight) of labels 0 that were predicted as 0 (Keras's TrueNegatives). */
export class TrueNegatives extends ThresholdMetric {
  static readonly type = "TrueNegatives";
  readonly direction = undefined;

  constructor(options: ThresholdOptions = {}) {
    super(TrueNegatives.type, options);
  }

  get type(): string {
    return TrueNegatives.type;
  }

  protected override ownConfig() {
    return { thresholds: this.given };
  }

  protected at(counts: Counts): number {
    return counts.trueNegatives;
  }
}
