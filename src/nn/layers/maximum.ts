/** The largest of several inputs. */
import type { Tensor } from "../../core/index.ts";
import { Merge } from "../merge.ts";

/**
 * The largest of the inputs, element by element: a list of [rows, …] that broadcast → [rows, …] (Keras's Maximum).
 *
 * @example new Maximum().apply([a, b])
 */
export class Maximum extends Merge {
  static override readonly type = "Maximum";

  protected override merge(a: Tensor, b: Tensor): Tensor {
    return a.maximum(b);
  }
}
