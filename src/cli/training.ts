/** Training as `train` and `demo` do it. Node only. */
import { createHash } from "node:crypto";
import type { BackendName } from "../core/index.ts";
import { History } from "../nn/history.ts";
import {
  BackupAndRestore,
  Callback,
  EarlyStopping,
  type Logs,
  type Model,
  ModelCheckpoint,
  optimizers,
} from "../nn/index.ts";
import { fillTemplate } from "../nn/number-format.ts";
import type { CommandContext } from "./command.ts";
import { type Dataset, inputFor, oneHot } from "./samples.ts";

/** The names of `--optimizer`. */
export const optimizerNames = ["adam", "adamw", "sgd", "rmsprop"] as const;

export interface TrainingOptions {
  readonly epochs: number;
  readonly batchSize: number;
  readonly validationSplit: number;
  readonly optimizer: (typeof optimizerNames)[number];
  /** The optimizer's own where undefined. */
  readonly learningRate?: number | undefined;
  readonly seed: number;
  readonly backend?: BackendName | undefined;
  /** Where the best model is saved. */
  readonly checkpoint?: string | undefined;
  /** Epochs without improvement after which training ends. */
  readonly earlyStopping?: number | undefined;
  /** The folder that keeps the state of the run, after each epoch and when it is interrupted. */
  readonly backup?: string | undefined;
  /** Such a folder, to go on from and to keep the state in. */
  readonly resume?: string | undefined;
  readonly verbose: 0 | 1 | 2;
}

/** A training under way or done. */
export class Training {
  readonly model: Model;
  readonly options: TrainingOptions;
  readonly history = new History();
  #speed: Speed | undefined;

  constructor(model: Model, options: TrainingOptions) {
    this.model = model;
    this.options = options;
    const { optimizer, learningRate, backend } = options;
    model.compile({
      optimizer: new optimizers[optimizerClasses[optimizer]](
        learningRate === undefined ? {} : { learningRate },
      ),
      loss: "categoricalCrossentropy",
      metrics: ["accuracy"],
      ...(backend === undefined ? {} : { backend }),
    });
  }

  /** Trains; throws what `fit` throws. Whatever happens, model and history are those of the last finished step and epoch. */
  async run({ train, classes, shape }: Dataset, { terminal, signal }: CommandContext): Promise<void> {
    const { epochs, batchSize, validationSplit, seed, verbose } = this.options;
    // As `fit` splits: the last fraction is for validation.
    this.#speed = new Speed(Math.floor(train.count * (1 - validationSplit)), batchSize);
    await this.model.fit(inputFor(this.model, train, shape), oneHot(train.labels, classes.length), {
      epochs,
      batchSize,
      validationSplit,
      seed,
      verbose,
      signal,
      callbacks: [...this.#callbacks(), this.history, this.#speed],
      print: terminal.printer(),
    });
  }

  #callbacks(): Callback[] {
    const { checkpoint, earlyStopping, verbose, backup, resume } = this.options;
    const { monitor } = this;
    const folder = resume ?? backup;
    const restore = resume === undefined ? "never" : "required";
    return [
      ...(folder === undefined ? [] : [new BackupAndRestore(folder, { restore, deleteCheckpoint: false })]),
      ...(checkpoint === undefined
        ? []
        : [new ModelCheckpoint({ filepath: checkpoint, monitor, saveBestOnly: true })]),
      ...(earlyStopping === undefined
        ? []
        : [new EarlyStopping({ patience: earlyStopping, monitor, verbose: verbose === 0 ? 0 : 1 })]),
    ];
  }

  /** The value by which epochs are compared. */
  get monitor(): "val_loss" | "loss" {
    return this.options.validationSplit > 0 ? "val_loss" : "loss";
  }

  get epochsRun(): number {
    return this.history.epoch.length;
  }

  /** The last value of a key of the logs; null where there is none. */
  last(key: string): number | null {
    return this.history.history[key]?.at(-1) ?? null;
  }

  /** The epoch with the smallest loss, from 1 on, and the file that it was saved to; undefined without a checkpoint. */
  get best(): { readonly epoch: number; readonly path: string } | undefined {
    const { history } = this.history;
    const losses = history[this.monitor] ?? [];
    const { checkpoint } = this.options;
    if (checkpoint === undefined || losses.length === 0) return undefined;
    const at = losses.indexOf(Math.min(...losses));
    const logs = Object.entries(history).map(([key, values]): [string, number] => [key, values[at]!]);
    return { epoch: at + 1, path: fillTemplate(checkpoint, new Map([["epoch", at + 1], ...logs])) };
  }

  /** Images per second in training steps, the first left out; null after fewer than two steps. */
  get imagesPerSecond(): number | null {
    return this.#speed?.rowsPerSecond ?? null;
  }
}

const optimizerClasses = { adam: "Adam", adamw: "AdamW", sgd: "SGD", rmsprop: "RMSprop" } as const;

/** Measures training steps: from the end of one to the end of the next within an epoch, the very first left out. */
class Speed extends Callback {
  readonly #rowsOf: (batch: number) => number;
  #since = 0;
  #warm = false;
  #rows = 0;
  #seconds = 0;

  constructor(rows: number, batchSize: number) {
    super();
    this.#rowsOf = (batch) => Math.min(batchSize, rows - batch * batchSize);
  }

  override onEpochBegin(): void {
    this.#since = performance.now();
  }

  override onTrainBatchEnd(batch: number, _logs: Logs): void {
    const now = performance.now();
    if (this.#warm) {
      this.#seconds += (now - this.#since) / 1000;
      this.#rows += this.#rowsOf(batch);
    }
    this.#warm = true;
    this.#since = now;
  }

  get rowsPerSecond(): number | null {
    return this.#rows === 0 ? null : this.#rows / this.#seconds;
  }
}

/** SHA-256 of all weights in their order, as raw little-endian float32. */
export function weightsSha256(model: Pick<Model, "getWeights">): string {
  const hash = createHash("sha256");
  for (const weight of model.getWeights()) {
    const bytes = new DataView(new ArrayBuffer(4 * weight.length));
    weight.forEach((w, i) => {
      bytes.setFloat32(4 * i, w, true);
    });
    hash.update(bytes);
  }
  return hash.digest("hex");
}
