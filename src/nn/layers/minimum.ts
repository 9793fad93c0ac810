/** The smallest of several inputs. */
import type { Tensor } from "../../core/index.ts";
import { Merge } from "../merge.ts";

/**
 * The smallest of the inputs, element by element: a list of [rows, …] that broadcast → [rows, …] (Keras's Minimum).
 *
 * @example new Minimum().apply([a, b])
 */
export class Minimum extends Merge {
  static override readonly type = "Minimum";

  protected override merge(a: Tensor, b: Tensor): Tensor {
    return a.minimum(b);
  }
}
