import type { Tensor } from "../../core/index.ts";
import type { Groups } from "../groups.ts";
import { checkWidth } from "../layers/linear.ts";
import { LSTM } from "../layers/lstm.ts";
import { Aggregation } from "./aggregation.ts";

export interface LSTMAggregationOptions {
  /**
   * The steps: values of a group beyond them are left out, and zeros stand where a group has fewer. The size of the largest group
   * unless given, which is only known for a fixed graph, not while a model is trained or predicts.
   */
  maxNumElements?: number;
}

/**
 * The last output of an LSTM over the values of each group as they stand (Hamilton, Ying and Leskovec 2017). As in PyTorch
 * Geometric all groups take as many steps, so that the output of a small group also depends on the steps of zeros behind it.
 *
 * x [count, in] → [groups, out]
 */
export class LSTMAggregation extends Aggregation {
  readonly lstm: LSTM;
  readonly inChannels: number;
  readonly #outChannels: number;
  readonly #steps: number | undefined;

  /** Throws UsageError for widths or a number of steps that are no whole numbers above 0. */
  constructor(inChannels: number, outChannels: number, { maxNumElements }: LSTMAggregationOptions = {}) {
    super();
    if (maxNumElements !== undefined) checkWidth("LSTMAggregation", "maxNumElements", maxNumElements, false);
    this.inChannels = inChannels;
    this.#outChannels = outChannels;
    this.#steps = maxNumElements;
    this.lstm = new LSTM(inChannels, outChannels);
    this.resetParameters();
  }

  override outChannels(): number {
    return this.#outChannels;
  }

  /** Throws UsageError where the number of steps is not known. */
  call(values: Tensor, groups: Groups): Tensor {
    const dense = groups.dense(values, this.#steps);
    return this.lstm
      .outputs(Array.from({ length: dense.shape[1] as number }, (_, t) => dense.at(t, 1)))
      .at(-1)!;
  }

  protected override get printsParts(): boolean {
    return false;
  }

  protected override describe(): string {
    return `${this.inChannels}, ${this.#outChannels}`;
  }
}
