import type { Variable } from "../../core/index.ts";
import { stringifyJson } from "../../formats/json.ts";
import { UnsupportedError, UsageError } from "../../ir/errors.ts";
import type { Logs } from "../progress.ts";
import type { StateTree } from "../resume/state-tree.ts";
import { serialize } from "../serialize.ts";
import { Callback, type CallbackContext } from "./callback.ts";
import { EventLog } from "./event-log.ts";

export interface TensorBoardOptions {
  /** The folder that TensorBoard is shown; the events are in `train` and `validation` inside. */
  logDir?: string;
  /** Epochs between histograms of the weights; 0 for none. */
  histogramFreq?: number;
  /** Write the layers of the model, for a drawing of them. */
  writeGraph?: boolean;
  /** Draw the weights as pictures beside their histograms. */
  writeImages?: boolean;
  writeStepsPerSecond?: boolean;
  /** `epoch`; or `batch` or a number of batches, after which loss and metrics so far are written as well. */
  updateFreq?: "epoch" | "batch" | number;
}

/** Pictures of one weight that are kept, as TensorFlow keeps them. */
const mostImages = 3;

/**
 * Writes event files that TensorBoard shows (Keras's TensorBoard, with its names: `epoch_loss`, `batch_loss`,
 * `evaluation_loss_vs_iterations`, `dense/kernel/histogram`). Node only. With an `updateFreq` in batches the values of
 * epochs are written as well, where Keras leaves out those that do not fall on a multiple.
 */
export class TensorBoard extends Callback {
  readonly options: Readonly<Required<TensorBoardOptions>>;
  #train!: EventLog;
  #validation!: EventLog;
  #batches = 0;
  #epochStart = { time: 0, iterations: 0 };
  #batchStart = 0;

  /** Throws UsageError for a frequency that is none. */
  constructor(options: TensorBoardOptions | string = {}) {
    super();
    this.options = {
      ...{ logDir: "logs", histogramFreq: 0, writeGraph: true, writeImages: false },
      ...{ writeStepsPerSecond: false, updateFreq: "epoch" },
      ...(typeof options === "string" ? { logDir: options } : options),
    };
    const { histogramFreq, updateFreq } = this.options;
    if (!(Number.isInteger(histogramFreq) && histogramFreq >= 0)) {
      refuse("histogramFreq", "a number of epochs, 0 for none", histogramFreq);
    }
    if (
      typeof updateFreq === "string"
        ? !["epoch", "batch"].includes(updateFreq)
        : !(Number.isInteger(updateFreq) && updateFreq > 0)
    ) {
      refuse("updateFreq", '"epoch", "batch" or a number of batches', updateFreq);
    }
  }

  override setContext(context: CallbackContext): void {
    super.setContext(context);
    const { logDir } = this.options;
    this.#train = new EventLog(context.files, `${logDir}/train`);
    this.#validation = new EventLog(context.files, `${logDir}/validation`);
  }

  override state(): StateTree {
    return { batches: this.#batches };
  }

  override restoreState(state: StateTree): void {
    this.#batches = (state as { batches: number }).batches;
  }

  override onTrainBegin(): void {
    this.#batches = 0;
    const { model } = this;
    if (!this.options.writeGraph || !["Sequential", "Functional"].includes(model.type)) return;
    try {
      this.#train.add({ kind: "model", tag: "keras", json: stringifyJson(serialize(model, "native")) }, 0);
    } catch (error) {
      // A model with code of the user's own cannot be drawn; that is no reason not to train.
      if (!(error instanceof UnsupportedError)) throw error;
    }
  }

  override onEpochBegin(): void {
    this.#startEpoch();
  }

  override onEpochResume(): void {
    this.#startEpoch();
  }

  #startEpoch(): void {
    this.#epochStart = { time: this.context.clock(), iterations: this.optimizer?.iterations ?? 0 };
    this.#batchStart = this.#epochStart.time;
  }

  override onTrainBatchEnd(_batch: number, logs: Logs): void {
    const { updateFreq, writeStepsPerSecond } = this.options;
    this.#batches++;
    const now = this.context.clock();
    const every = updateFreq === "batch" ? 1 : updateFreq;
    if (every !== "epoch" && this.#batches % every === 0) {
      const speed = writeStepsPerSecond ? { steps_per_second: 1 / (now - this.#batchStart) } : {};
      scalars(this.#train, "batch_", { ...speed, ...logs }, this.#batches);
    }
    this.#batchStart = now;
  }

  override async onTestEnd(logs: Logs = {}): Promise<void> {
    const { optimizer } = this;
    if (optimizer === undefined) return;
    const named = Object.entries(logs).map(([key, value]) => [`${key}_vs_iterations`, value] as const);
    scalars(this.#validation, "evaluation_", Object.fromEntries(named), optimizer.iterations);
    await this.#validation.flush();
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const { optimizer, options } = this;
    const entries = Object.entries(logs);
    const validated = entries.filter(([key]) => key.startsWith("val_"));
    const trained = Object.fromEntries(entries.filter(([key]) => !key.startsWith("val_")));
    if (optimizer !== undefined) trained.learning_rate = optimizer.learningRate;
    if (optimizer !== undefined && options.writeStepsPerSecond) {
      const { time, iterations } = this.#epochStart;
      trained.steps_per_second = (optimizer.iterations - iterations) / (this.context.clock() - time);
    }
    scalars(this.#train, "epoch_", trained, epoch);
    scalars(
      this.#validation,
      "epoch_",
      Object.fromEntries(validated.map(([k, v]) => [k.slice(4), v])),
      epoch,
    );
    if (options.histogramFreq > 0 && epoch % options.histogramFreq === 0) await this.#weights(epoch);
    await this.#train.flush();
    await this.#validation.flush();
  }

  async #weights(epoch: number): Promise<void> {
    for (const weight of new Set(this.model.layers.flatMap((layer) => layer.weights()))) {
      const values = weight.read();
      this.#train.add({ kind: "histogram", tag: `${weight.name}/histogram`, values }, epoch);
      const drawn = this.options.writeImages ? await images(weight, values) : undefined;
      if (drawn) this.#train.add({ kind: "images", tag: `${weight.name}/image`, ...drawn }, epoch);
    }
  }

  override async release(): Promise<void> {
    await this.#train.flush();
    await this.#validation.flush();
  }
}

function scalars(log: EventLog, prefix: string, values: Logs, step: number): void {
  for (const [key, value] of Object.entries(values)) {
    log.add({ kind: "scalar", tag: `${prefix}${key}`, value }, step);
  }
}

/**
 * A weight as grey pictures, 0 black and 1 white: a row for a vector, the longer side across for a matrix, the first
 * kernels of one channel. Undefined for more dimensions.
 */
async function images(weight: Variable, values: ArrayLike<number>) {
  const shape = (weight.shape as readonly number[]).filter((size) => size !== 1);
  if (shape.length > 3) return undefined;
  const [first = 1, second = 1] = shape;
  const kernels = shape[2] ?? 1;
  const upright = shape.length === 2 && first > second;
  const lying = shape.length < 2 || upright;
  const [height, width] = lying ? [second, first] : [first, second];
  const grey = (v: number) => Math.max(0, Math.min(255, Math.floor(v * 255.5)));
  const { writePng } = await import("../../formats/png-write.ts");
  const pngs = Array.from({ length: Math.min(mostImages, kernels) }, (_, kernel) => {
    const data = Uint8Array.from({ length: height * width }, (_, i) => {
      const [row, column] = [Math.floor(i / width), i % width];
      const at = lying ? column * second + row : i;
      return grey(values[at * kernels + kernel]!);
    });
    return writePng({ width, height, channels: 1, data });
  });
  return { width, height, pngs };
}

function refuse(option: string, expected: string, got: unknown): never {
  throw new UsageError({
    where: `TensorBoard \`${option}\``,
    problem: "this is no frequency",
    expected,
    got: String(got),
    try: "leave it out",
  });
}
