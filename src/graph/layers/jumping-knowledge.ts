/** JumpingKnowledge (Xu et al. 2018): the outputs of all layers together. */
import { concat, type Tensor } from "../../core/index.ts";
import { UnsupportedError, UsageError } from "../../ir/errors.ts";
import { GraphModule } from "../module.ts";

export type JumpingMode = "cat" | "max";

/** Puts the outputs of several layers side by side (`cat`), or takes the largest of each feature (`max`). */
export class JumpingKnowledge extends GraphModule {
  readonly mode: JumpingMode;

  /** Throws UsageError for a mode that is not known, UnsupportedError for `lstm`. */
  constructor(mode: JumpingMode) {
    super();
    const parts = {
      where: "JumpingKnowledge",
      expected: "cat or max",
      got: String(mode),
      try: 'new JumpingKnowledge("cat")',
    };
    if ((mode as string) === "lstm") {
      throw new UnsupportedError({ ...parts, problem: "there are no recurrent networks over layers" });
    }
    if (mode !== "cat" && mode !== "max")
      throw new UsageError({ ...parts, problem: "there is no such mode" });
    this.mode = mode;
  }

  call(xs: readonly Tensor[]): Tensor {
    return this.mode === "cat" ? concat(xs, -1) : xs.reduce((a, b) => a.maximum(b));
  }

  protected override describe(): string {
    return this.mode;
  }
}
