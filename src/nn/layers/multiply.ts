/** The product of several inputs. */
import type { Tensor } from "../../core/index.ts";
import { Merge } from "../merge.ts";

/**
 * The product of the inputs, element by element: a list of [rows, …] that broadcast → [rows, …] (Keras's Multiply).
 *
 * @example new Multiply().apply([a, b])
 */
export class Multiply extends Merge {
  static override readonly type = "Multiply";

  protected override merge(a: Tensor, b: Tensor): Tensor {
    return a.mul(b);
  }
}
