import type { ClassThresholdOptions, Counts } from "./threshold-counts.ts";
import { ratio, ThresholdMetric } from "./threshold-counts.ts";

/** Of the labels 1, the share that was predicted; 0 where there is none (Keras's Recall). */
export class Recall extends ThresholdMetric {
  static readonly type = "Recall";
  readonly direction = "up";

  constructor(options: ClassThresholdOptions = {}) {
    super(Recall.type, options);
  }

  get type(): string {
    return Recall.type;
  }

  protected override ownConfig() {
    return { thresholds: this.given, top_k: this.topK, class_id: this.classId };
  }

  protected at({ truePositives, falseNegatives }: Counts): number {
    return ratio(truePositives, truePositives + falseNegatives);
  }
}
