import type { AdamOptions } from "./adam.ts";
import { Adam, adamDefaults } from "./adam.ts";

/** Adam with decoupled weight decay, 0.004 unless given (Loshchilov and Hutter 2019; Keras's AdamW). */
export class AdamW extends Adam {
  static override readonly type = "AdamW";

  constructor(options: AdamOptions = {}) {
    super(options, AdamW.type, { ...adamDefaults, weightDecay: 0.004 });
  }

  override get type(): string {
    return AdamW.type;
  }
}
