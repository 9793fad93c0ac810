import type { StateTree } from "../resume/state-tree.ts";
import { Callback } from "./callback.ts";

export interface SwapEMAWeightsOptions {
  /** Also have the averages in the model at the end of each epoch, for callbacks that save it. */
  swapOnEpoch?: boolean;
}

/**
 * Has the moving averages of an optimizer with `useEma` in the model while it is evaluated (Keras's SwapEMAWeights). To be
 * listed before callbacks that save the model.
 */
export class SwapEMAWeights extends Callback {
  readonly swapOnEpoch: boolean;
  #swapped = false;

  constructor(options: SwapEMAWeightsOptions = {}) {
    super();
    this.swapOnEpoch = options.swapOnEpoch ?? false;
  }

  #swap(to: boolean): void {
    if (this.#swapped === to) return;
    this.optimizer?.swapAverages();
    this.#swapped = to;
  }

  override state(): StateTree {
    return this.#swapped;
  }

  override restoreState(state: StateTree): void {
    this.#swapped = state === true;
  }

  override onEpochBegin(): void {
    if (this.swapOnEpoch) this.#swap(false);
  }

  /** After the last epoch the averages are in the model for good. */
  override onEpochEnd(epoch: number): void {
    if (!this.swapOnEpoch) return;
    this.#swap(true);
    if (epoch === this.params.epochs - 1) this.optimizer?.takeAverages();
  }

  override onTestBegin(): void {
    this.#swap(true);
  }

  override onTestEnd(): void {
    this.#swap(false);
  }

  override onPredictBegin(): void {
    this.#swap(true);
  }

  override onPredictEnd(): void {
    this.#swap(false);
  }
}
