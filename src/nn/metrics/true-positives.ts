import type { Counts, ThresholdOptions } from "./threshold-counts.ts";
import { ThresholdMetric } from "./threshold-counts.ts";

/** The number (or weight) of labels 1 that were predicted as 1 (Keras's TruePositives). */
export class TruePositives extends ThresholdMetric {
  static readonly type = "TruePositives";
  readonly direction = undefined;

  constructor(options: ThresholdOptions = {}) {
    super(TruePositives.type, options);
  }

  get type(): string {
    return TruePositives.type;
  }

  protected override ownConfig() {
    return { thresholds: this.given };
  }

  protected at(counts: Counts): number {
    return counts.truePositives;
  }
}
