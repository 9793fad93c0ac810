/** The mean of several inputs. */
import type { Tensor } from "../../core/index.ts";
import { Merge } from "../merge.ts";

/**
 * The mean of the inputs, element by element: a list of [rows, …] that broadcast → [rows, …] (Keras's Average).
 *
 * @example new Average().apply([a, b])
 */
export class Average extends Merge {
  static override readonly type = "Average";

  protected override merge(a: Tensor, b: Tensor): Tensor {
    return a.add(b);
  }

  protected override finish(merged: Tensor, count: number): Tensor {
    return merged.div(count);
  }
}
