import { Callback, type EpochLogs, type PassParams } from "./callbacks/callback.ts";
import type { StateTree } from "./resume/state-tree.ts";

/**
 * What happened, epoch by epoch (Keras's History). Training values are means during the epoch, while the weights
 * change; validation values are taken after it.
 */
export class History extends Callback {
  /** Key of the logs → one value per epoch, keys in the order of the logs. */
  readonly history: Record<string, number[]> = {};
  /** Numbers of the epochs, from 0. */
  epoch: number[] = [];

  override onTrainBegin(): void {
    this.epoch = [];
  }

  override onEpochEnd(epoch: number, logs: EpochLogs): void {
    this.epoch.push(epoch);
    for (const [key, value] of Object.entries(logs)) (this.history[key] ??= []).push(value);
  }

  override state(): StateTree {
    return { history: this.history, epoch: this.epoch };
  }

  override restoreState(state: StateTree): void {
    const { history, epoch } = state as { history: Record<string, number[]>; epoch: number[] };
    for (const key of Object.keys(this.history)) delete this.history[key];
    for (const [key, values] of Object.entries(history)) this.history[key] = [...values];
    this.epoch = [...epoch];
  }

  /** Plain data; NaN and infinities are written as strings, which JSON numbers cannot be. */
  toJSON(): { history: Record<string, (number | string)[]>; epoch: number[]; params: PassParams } {
    const plain = (x: number) => (Number.isFinite(x) ? x : String(x));
    const history = Object.fromEntries(Object.entries(this.history).map(([k, v]) => [k, v.map(plain)]));
    return { history, epoch: this.epoch, params: this.params };
  }
}
