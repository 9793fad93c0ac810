import type { Tensor } from "../../core/index.ts";
import { graphContext } from "../context.ts";
import type { Groups } from "../groups.ts";
import { type FeatureModule, type NetworkOption, networkOf } from "../layers/chain.ts";
import { Aggregation } from "./aggregation.ts";

/**
 * Sums of nn(x) weighted by the softmax of gate(x) over each group (Li et al. 2019): x [count, in] → [groups, out of `nn`].
 */
export class AttentionalAggregation extends Aggregation {
  readonly gateNn: FeatureModule;
  readonly nn: FeatureModule | undefined;

  /**
   * @param gate a network to one channel, or to as many as `nn` gives.
   * @param nn a network for the values; the values as they are unless given.
   */
  constructor(gate: NetworkOption, nn?: NetworkOption) {
    super();
    this.gateNn = networkOf(gate, "AttentionalAggregation");
    this.nn = nn && networkOf(nn, "AttentionalAggregation");
  }

  call(x: Tensor, groups: Groups, ctx = graphContext()): Tensor {
    const weights = groups.softmax(this.gateNn.call(x, ctx));
    return groups.sum(weights.mul(this.nn === undefined ? x : this.nn.call(x, ctx)));
  }
}
