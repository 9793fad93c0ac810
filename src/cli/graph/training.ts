/** One training of a graph network on one split of the data. */
import { type BackendName, defaultGenerator, key, manualSeed } from "../../core/index.ts";
import { counted } from "../../graph/draws.ts";
import { DataLoader, GraphDataset, TorchAdam } from "../../graph/index.ts";
import { History } from "../../nn/history.ts";
import { BackupAndRestore, Callback, EarlyStopping, LambdaCallback, type Logs } from "../../nn/index.ts";
import { SparseCategoricalCrossentropy } from "../../nn/losses/sparse-categorical-crossentropy.ts";
import type { CommandContext } from "../command.ts";
import { GraphNetwork, type NetworkOptions } from "./network.ts";
import type { Part, Split } from "./protocols.ts";
import { exactAuc, type Scores, scoresOf } from "./scores.ts";

export interface TrainingSettings {
  readonly network: NetworkOptions;
  readonly epochs: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly decayFirst: boolean;
  readonly batchSize: number;
  readonly seed: number;
  /** Draw what PyTorch draws. */
  readonly replay: boolean;
  readonly backend: BackendName;
  readonly verbose: 0 | 1 | 2;
  /** Where the state of the run is kept. */
  readonly keep?: RunFolder | undefined;
}

/** The folder of a run, and whether the run goes on from what it holds. */
export interface RunFolder {
  readonly path: string;
  readonly restore: "never" | "ifPresent" | "required";
}

/** What a training left. */
export interface Trained {
  readonly model: GraphNetwork;
  readonly split: Split;
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly train: Scores;
  readonly test: Scores;
  /** Over all nodes, where training and test nodes are some of one graph. */
  readonly accuracy: number | undefined;
  readonly auc: number | null;
  /** From 1 on; the last one unless validation chose another. */
  readonly bestEpoch: number;
  /** Median over the epochs but the first, without validation. */
  readonly secondsPerEpoch: number | null;
  readonly programsCompiled: number;
}

/** A training under way or done. */
export class GraphTraining {
  readonly model: GraphNetwork;
  readonly split: Split;
  readonly settings: TrainingSettings;
  readonly #history = new History();

  constructor(split: Split, settings: TrainingSettings) {
    const { seed, replay } = settings;
    manualSeed(replay ? seed : null);
    this.split = split;
    this.settings = settings;
    this.model = new GraphNetwork(settings.network);
    if (!replay) this.model.resetParameters(counted(key(seed)));
    compileNetwork(this.model, settings);
  }

  /** Values of the logs by epoch. */
  get history(): Readonly<Record<string, readonly number[]>> {
    return this.#history.history;
  }

  get epochsRun(): number {
    return this.#history.epoch.length;
  }

  /** Trains; throws what `fit` throws. Whatever happens, model and history are those of the last finished step and epoch. */
  async run({ terminal, signal }: CommandContext): Promise<Trained> {
    const { model, split, history } = this;
    const { epochs, batchSize, seed, replay, verbose, keep } = this.settings;
    const { train, validation, whole } = split;
    const choice = new EarlyStopping({ monitor: "val_accuracy", patience: epochs, restoreBestWeights: true });
    const log = new EpochLog(terminal.printer().write, epochs, verbose);
    await model.fit(forTraining(train, this.settings), {
      ...{ epochs, batchSize, seed, signal, mask: train.mask, verbose: 0 },
      ...(validation && { validationData: validation.graphs, validationMask: validation.mask }),
      callbacks: [
        ...(keep
          ? [new BackupAndRestore(keep.path, { restore: keep.restore, deleteCheckpoint: false })]
          : []),
        ...(validation ? [choice] : []),
        ...(replay && isSet(train.graphs) ? [testedByLoaders(train.graphs.length)] : []),
        ...[log, this.#history],
      ],
    });
    const programsCompiled = model.compiled!.plans.size;
    const test = await scoresOf(model, split.test, batchSize);
    return {
      ...{ model, split, history, test, programsCompiled },
      train: await scoresOf(model, train, batchSize),
      accuracy: whole && (await scoresOf(model, whole, batchSize)).accuracy,
      auc: exactAuc(test),
      bestEpoch: validation ? choice.bestEpoch + 1 : this.epochsRun,
      secondsPerEpoch: log.secondsPerEpoch,
    };
  }
}

function compileNetwork(model: GraphNetwork, settings: TrainingSettings): void {
  const { learningRate, weightDecay, decayFirst, backend } = settings;
  const decay = decayFirst ? { groups: [{ match: "convs.0.*", weightDecay }] } : { weightDecay };
  model.compile({
    optimizer: new TorchAdam({ learningRate, ...(weightDecay > 0 ? decay : {}) }),
    loss: new SparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ["accuracy"],
    backend,
  });
}

/** Many graphs come from a loader where PyTorch's order of batches is replayed. */
function forTraining({ graphs }: Part, { batchSize, replay }: TrainingSettings): Part["graphs"] {
  return replay && isSet(graphs) ? new DataLoader(graphs, { batchSize, shuffle: true }) : graphs;
}

function isSet(graphs: Part["graphs"]): graphs is GraphDataset {
  return graphs instanceof GraphDataset;
}

/** The notebook goes through both loaders after each epoch to test, and loaders draw from the generator. */
function testedByLoaders(trainingGraphs: number): Callback {
  return new LambdaCallback({
    onEpochEnd() {
      defaultGenerator.dataLoaderOrder(trainingGraphs);
      defaultGenerator.dataLoaderSeed();
    },
  });
}

/** Prints some of the epochs, and measures them: from the first step to the last one, so without validation. */
class EpochLog extends Callback {
  readonly #write: (text: string) => void;
  readonly #epochs: number;
  readonly #every: number;
  readonly #seconds: number[] = [];
  #begun = 0;
  #ended = 0;

  constructor(write: (text: string) => void, epochs: number, verbose: 0 | 1 | 2) {
    super();
    this.#write = write;
    this.#epochs = epochs;
    this.#every = [Number.POSITIVE_INFINITY, Math.max(1, Math.round(epochs / 10)), 1][verbose]!;
  }

  override onEpochBegin(): void {
    this.#begun = performance.now();
  }

  override onTrainBatchEnd(): void {
    this.#ended = performance.now();
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    if (epoch > 0) this.#seconds.push((this.#ended - this.#begun) / 1000);
    const last = epoch === this.#epochs - 1 && Number.isFinite(this.#every);
    if ((epoch + 1) % this.#every !== 0 && !last) return;
    const { loss = Number.NaN, accuracy, val_accuracy: validation } = logs;
    const percent = (name: string, value: number | undefined) =>
      value === undefined ? "" : `, ${name} ${value.toFixed(4)}`;
    this.#write(
      `epoch ${String(epoch).padStart(3)}: loss ${loss.toFixed(4)}${percent("accuracy", accuracy)}${percent("validation", validation)}\n`,
    );
  }

  get secondsPerEpoch(): number | null {
    const sorted = [...this.#seconds].sort((a, b) => a - b);
    return sorted.length === 0 ? null : sorted[sorted.length >> 1]!;
  }
}
