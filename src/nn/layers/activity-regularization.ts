/** A penalty on what passes. */
import type { Tensor } from "../../core/index.ts";
import { type OptionsArgument, real } from "../fields.ts";
import { Layer, type LayerOptions } from "../layer.ts";
import { l1l2 } from "../regularizers.ts";

const fields = { l1: real(0, 0), l2: real(0, 0) };

/**
 * What comes in goes out, and `l1·Σ|x| + l2·Σx²` per row is added to the loss: [rows, …] → [rows, …] (Keras's
 * ActivityRegularization).
 *
 * @example new ActivityRegularization({ l1: 0.001 })
 */
export class ActivityRegularization extends Layer<typeof fields> {
  static override readonly type = "ActivityRegularization";
  static override readonly fields = fields;
  static override readonly unsaved = ["activity_regularizer"];

  constructor(...[options = {}]: OptionsArgument<typeof fields, LayerOptions>) {
    super({ ...options, activityRegularizer: l1l2({ l1: options.l1 ?? 0, l2: options.l2 ?? 0 }) });
  }

  override call(x: Tensor): Tensor {
    return x;
  }
}
