/** The sum of several inputs. */
import type { Tensor } from "../../core/index.ts";
import { Merge } from "../merge.ts";

/**
 * The sum of the inputs: a list of [rows, …] that broadcast → [rows, …] (Keras's Add).
 *
 * @example new Add().apply([a, b])
 */
export class Add extends Merge {
  static override readonly type = "Add";

  protected override merge(a: Tensor, b: Tensor): Tensor {
    return a.add(b);
  }
}
