import type { F1ScoreOptions } from "./f-beta-score.ts";
import { FBetaScore } from "./f-beta-score.ts";

/** The harmonic mean of precision and recall, one-hot labels [rows, classes] (Keras's F1Score). */
export class F1Score extends FBetaScore {
  static override readonly type = "F1Score";

  constructor(options: F1ScoreOptions = {}) {
    super({ ...options, beta: 1, name: options.name ?? "f1_score" }, F1Score.type);
  }

  override get type(): string {
    return F1Score.type;
  }

  protected override ownConfig() {
    return { average: this.average, threshold: this.threshold };
  }
}
