import type { ClassThresholdOptions, Counts } from "./threshold-counts.ts";
import { ratio, ThresholdMetric } from "./threshold-counts.ts";

/** Of the predictions 1, the share that is right; 0 where there is none (Keras's Precision). */
export class Precision extends ThresholdMetric {
  static readonly type = "Precision";
  readonly direction = "up";

  constructor(options: ClassThresholdOptions = {}) {
    super(Precision.type, options);
  }

  get type(): string {
    return Precision.type;
  }

  protected override ownConfig() {
    return { thresholds: this.given, top_k: this.topK, class_id: this.classId };
  }

  protected at({ truePositives, falsePositives }: Counts): number {
    return ratio(truePositives, truePositives + falsePositives);
  }
}
