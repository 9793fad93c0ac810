/** The difference of two inputs. */
import type { Tensor } from "../../core/index.ts";
import { Merge } from "../merge.ts";

/**
 * The first of two inputs less the second: a list of [rows, …] that broadcast → [rows, …] (Keras's Subtract).
 *
 * @example new Subtract().apply([a, b])
 */
export class Subtract extends Merge {
  static override readonly type = "Subtract";
  protected override readonly least = 2;
  protected override readonly most = 2;

  protected override merge(a: Tensor, b: Tensor): Tensor {
    return a.sub(b);
  }
}
