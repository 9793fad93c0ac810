/** Callbacks: listeners for the events of training, evaluation and prediction, with Keras's hooks in camelCase. */
import type { Model } from "../model.ts";
import type { Optimizer } from "../optimizers/index.ts";
import type { Logs, Printer } from "../progress.ts";
import type { RunState } from "../resume/run-state.ts";
import type { StateTree } from "../resume/state-tree.ts";
import type { RunEvent } from "../run.ts";
import type { Trainable } from "../trainable.ts";

/** Values that a callback may add to (a learning rate, say) before the history takes them. */
export type EpochLogs = Record<string, number>;
type Maybe = void | Promise<void>;

/** What is known of a pass over the data before it begins. */
export interface PassParams {
  readonly verbose: 0 | 1 | 2;
  readonly epochs: number;
  /** Steps of an epoch; undefined while not known. */
  readonly steps: number | undefined;
}

/** The files of callbacks. */
export interface CallbackFiles {
  /** The text in it, or undefined where there is no such file. */
  read(path: string): Promise<string | undefined>;
  /** Replaces the file as a whole, never leaving half of it. */
  write(path: string, text: string): Promise<void>;
  /** Adds to the end of a file, making it and its folder if need be. */
  append(path: string, bytes: Uint8Array): Promise<void>;
}

/** What surrounds a callback. */
export interface CallbackContext {
  readonly model: Trainable;
  readonly params: PassParams;
  readonly printer: Printer;
  readonly files: CallbackFiles;
  readonly clock: () => number;
}

/**
 * Base of all callbacks; every hook does nothing. Epochs and batches are counted from 0. Hooks may be asynchronous.
 */
export abstract class Callback {
  /**
   * True where the callback itself ends training at a loss that is not finite; `fit` then reports such a batch to it
   * instead of throwing. Weights are never changed by such a batch either way.
   */
  readonly handlesNonFinite: boolean = false;
  #context: CallbackContext | undefined;

  /** Told before anything begins. */
  setContext(context: CallbackContext): void {
    this.#context = context;
  }

  protected get context(): CallbackContext {
    return this.#context!;
  }

  /** The model being trained; of a graph model, what is in `Trainable`. */
  get model(): Model {
    return this.context.model as Model;
  }

  get params(): PassParams {
    return this.context.params;
  }

  /** The optimizer that the model was compiled with. */
  protected get optimizer(): Optimizer | undefined {
    return this.model.compiled?.optimizer;
  }

  /** Prints a line. */
  protected print(line: string): void {
    this.context.printer.write(`${line}\n`);
  }

  /** What must be kept for training to go on as if it had never stopped; undefined where nothing is. */
  state(): StateTree | undefined {
    return undefined;
  }

  /** Goes on from what `state` returned; called after `onTrainBegin`. */
  restoreState(_state: StateTree): void {}

  /** The state that a run is to go on from. Asked after `onTrainBegin`. */
  restoreRun(): Promise<RunState | undefined> | undefined {
    return undefined;
  }

  /** Told of each event after all callbacks were: the moment at which the run can be saved. */
  keepRun(_event: RunEvent, _save: () => RunState): Maybe {}

  /** Told when training was cancelled, with the run as it was after the last event. */
  keepInterrupted(_save: () => RunState): Maybe {}

  /** Told last, whatever happened: frees what the callback holds. */
  release(): Maybe {}

  onTrainBegin(_logs?: Logs): Maybe {}
  onTrainEnd(_logs?: Logs): Maybe {}
  onEpochBegin(_epoch: number, _logs?: Logs): Maybe {}
  /** A restored run goes on inside this epoch, with `batch`; `onEpochBegin` was called before it was saved. */
  onEpochResume(_epoch: number, _batch: number): Maybe {}
  onEpochEnd(_epoch: number, _logs: EpochLogs): Maybe {}
  onTrainBatchBegin(_batch: number, _logs?: Logs): Maybe {}
  onTrainBatchEnd(_batch: number, _logs: Logs): Maybe {}
  onTestBegin(_logs?: Logs): Maybe {}
  onTestEnd(_logs?: Logs): Maybe {}
  onTestBatchBegin(_batch: number, _logs?: Logs): Maybe {}
  onTestBatchEnd(_batch: number, _logs: Logs): Maybe {}
  onPredictBegin(_logs?: Logs): Maybe {}
  onPredictEnd(_logs?: Logs): Maybe {}
  onPredictBatchBegin(_batch: number, _logs?: Logs): Maybe {}
  onPredictBatchEnd(_batch: number, _logs?: Logs): Maybe {}
}

/** The names of the hooks. */
export type Hook = {
  [K in keyof Callback]: K extends `on${string}` ? K : never;
}[keyof Callback];
