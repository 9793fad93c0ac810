/** Nothing at all. */
import type { Tensor } from "../../core/index.ts";
import { Layer } from "../layer.ts";

/** What comes in goes out: a name for a place in a model (Keras's Identity). */
export class Identity extends Layer {
  static override readonly type = "Identity";

  override call(x: Tensor | Tensor[]): Tensor | Tensor[] {
    return x;
  }
}
