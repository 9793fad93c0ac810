import type { Hook } from "./callback.ts";
import { Callback } from "./callback.ts";

/** Functions for any of the hooks. */
export type LambdaHooks = { [K in Hook]?: Callback[K] };

/** A callback made of functions (Keras's LambdaCallback). */
export class LambdaCallback extends Callback {
  constructor(hooks: LambdaHooks) {
    super();
    Object.assign(this, hooks);
  }
}
