/** `tendril train` on graphs: one task of the table, on one or more seeds or folds, with its history and pictures. */
import { join } from "node:path";
import { TorchGenerator } from "../../core/index.ts";
import { CancelledError } from "../../ir/errors.ts";
import { type CommandContext, defineCommand, type Values } from "../command.ts";
import { downloadLine } from "../dataset.ts";
import {
  adviceAfter,
  checkKeepFlags,
  dataFlag,
  type Engine,
  engineFlags,
  type KeepValues,
  keepFlags,
  startEngine,
} from "../flags.ts";
import { checkMeaning } from "../graph/checks.ts";
import { convNames } from "../graph/convs.ts";
import { type GraphTaskName, graphTaskNames } from "../graph/names.ts";
import type { NetworkOptions } from "../graph/network.ts";
import { poolNames } from "../graph/pools.ts";
import { type GraphTask, graphTasks, type TaskDefaults } from "../graph/tasks.ts";
import { GraphTraining, type RunFolder, type Trained, type TrainingSettings } from "../graph/training.ts";
import { OutputFolder } from "../output.ts";
import { printable } from "../terminal.ts";
import { weightsSha256 } from "../training.ts";

const most = 10_000;
const flags = {
  conv: {
    kind: "choice",
    choices: convNames,
    about: "the graph operator (default: gcn; enzymes, trackml graphconv)",
  },
  hidden: { kind: "whole", value: "N", min: 1, max: most, about: "features of a node in between" },
  layers: { kind: "whole", value: "N", min: 1, max: 100, about: "operators one after the other" },
  heads: { kind: "whole", value: "N", min: 1, max: 100, about: "heads of attention" },
  dropout: {
    kind: "number",
    value: "PART",
    min: 0,
    max: 0.99,
    about: "features that are dropped in training",
  },
  pool: { kind: "choice", choices: poolNames, about: "how nodes become one row for a graph" },
  ...dataFlag,
  events: {
    kind: "whole",
    value: "N",
    min: 10,
    max: 2 ** 20,
    about: "graphs: generated, or the first so many",
  },
  epochs: { kind: "whole", value: "N", min: 1, about: "passes over the training data" },
  "batch-size": { kind: "whole", value: "N", min: 1, about: "graphs per step" },
  "learning-rate": { kind: "number", value: "RATE", min: 0, about: "length of a step" },
  "weight-decay": { kind: "number", value: "RATE", min: 0, about: "pull of weights towards 0" },
  seed: {
    kind: "whole",
    value: "N",
    about: "same seed, same result; on karate and mutag what PyTorch draws from it",
  },
  seeds: {
    kind: "whole",
    value: "N",
    min: 1,
    max: 1000,
    default: 1,
    about: "train from so many seeds, from --seed on",
  },
  folds: { kind: "whole", value: "N", min: 2, max: 1000, about: "cross-validation with so many parts" },
  ...keepFlags,
  ...engineFlags,
  out: { kind: "text", value: "DIR", about: "write model, history and pictures to this folder" },
  verbose: {
    kind: "choice",
    choices: ["0", "1", "2"],
    default: "1",
    about: "0 silent, 1 some epochs, 2 all of them",
  },
} as const;

export const trainGraph = defineCommand({
  name: "train",
  about: `Trains a graph network.\n\n${Object.entries(graphTasks)
    .map(([name, { about }]) => `  ${name.padEnd(9)} ${about}`)
    .join("\n")}`,
  positionals: [{ name: "TASK", choices: graphTaskNames, about: "data, protocol and defaults of the flags" }],
  flags,
  examples: [
    "tendril train karate --epochs 401 --seed 1234 --json",
    "tendril train mutag --conv graphconv --seeds 10",
    "tendril train proteins --folds 10 --data DIR",
    "tendril train trd --events 3000 --out runs/trd",
    "tendril train proteins --folds 10 --backup runs/p",
    "tendril train proteins --folds 10 --resume runs/p",
  ],
  async run([name], values, context) {
    const report = await runGraphTask(name as GraphTaskName, values, context);
    return { data: report, text: reportText(report) };
  },
});

/** Values of the flags of `train` on graphs. */
export type TrainGraphValues = Values<typeof flags>;

/** A mean over seeds and folds, with the sample's standard deviation. */
interface Spread {
  readonly mean: number;
  readonly sd: number;
}

/** What `train` reports with `--json` about graphs. Values of several runs are means, with all of them in `runs`. */
export interface GraphReport extends Engine {
  readonly dataset: string;
  readonly model: string;
  readonly params: number;
  readonly epochsRun: number;
  /** Of the first run, one for each epoch, taken before its step. */
  readonly losses: readonly number[];
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly trainAccuracy: number;
  readonly testAccuracy: number;
  /** Over all nodes of a graph. */
  readonly accuracy?: number;
  readonly auc: number | null;
  readonly trainAccuracySpread?: Spread;
  readonly testAccuracySpread?: Spread;
  readonly aucSpread?: Spread;
  readonly bestEpoch: number;
  readonly secondsPerEpoch: number | null;
  readonly programsCompiled: number;
  readonly secondsTotal: number;
  readonly seed: number;
  readonly runs: readonly RunReport[];
  readonly weightsSha256: string;
  /** Name → path. */
  readonly files: Readonly<Record<string, string>>;
}

interface RunReport {
  readonly seed: number;
  readonly fold?: number;
  readonly loss: number;
  readonly trainAccuracy: number;
  readonly testAccuracy: number;
  readonly auc: number | null;
  readonly bestEpoch: number;
}

/** Flags over the settings of the operator over those of the task. */
function settled(task: GraphTask, values: TrainGraphValues): TaskDefaults {
  const conv = values.conv ?? task.defaults.conv;
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return { ...task.defaults, ...task.byConv?.[conv], ...Object.fromEntries(given), conv };
}

/** Trains as the flags say, writes what they ask for, and reports. */
async function runGraphTask(
  name: GraphTaskName,
  values: TrainGraphValues,
  context: CommandContext,
): Promise<GraphReport> {
  const task: GraphTask = graphTasks[name];
  const { terminal } = context;
  const chosen = settled(task, values);
  checkMeaning(task, chosen.conv, values);
  checkKeepFlags(values);
  const files = new Map<string, string>();
  const out = values.out === undefined ? undefined : await OutputFolder.open(values.out, files);
  const { name: backend, ...engine } = startEngine(values);
  const source = { data: values.data, onProgress: downloadLine(terminal), signal: context.signal };
  const dataset = await task.load({ source, events: values.events, seed: chosen.seed });
  terminal.clear();
  const verbose = Number(values.verbose) as 0 | 1 | 2;
  if (verbose > 0) terminal.line(`${printable(String(dataset))}: ${dataset.at(0)}`);
  const settings: Omit<TrainingSettings, "seed"> = {
    ...chosen,
    ...{ backend, verbose, replay: task.replay ?? false, decayFirst: task.decayFirst ?? false },
    network: networkOf(task, chosen, dataset),
  };
  const runs: { readonly seed: number; readonly fold: number; readonly trained: Trained }[] = [];
  for (let seed = chosen.seed; seed < chosen.seed + values.seeds; seed++) {
    const generator = new TorchGenerator(seed);
    const validate = task.chooseEpoch ?? false;
    const splits = task.protocol(dataset, { generator, folds: values.folds, validate });
    for (const [fold, split] of splits.entries()) {
      const place = { seed, ...(splits.length > 1 ? { fold } : {}) };
      const many = splits.length * values.seeds > 1;
      const keep = runFolder(values, many ? place : undefined, runs.length === 0);
      const training = new GraphTraining(split, { ...settings, seed, keep });
      const trained = await training.run(context).catch(async (error: unknown) => {
        if (!(error instanceof CancelledError)) throw error;
        // Of several runs the first one is written, as it is when all are done.
        throw await saveInterrupted(error, runs[0]?.trained ?? training, {
          training,
          runs,
          values,
          out,
          files,
        });
      });
      runs.push({ seed, fold, trained });
      if (verbose > 0) terminal.line(runLine(place, trained));
      // Only the first network is written and drawn.
      if (runs.length > 1) trained.model.dispose();
    }
  }
  const [first] = runs as [(typeof runs)[0], ...typeof runs];
  if (out !== undefined) {
    out.expectFigures(context.signal);
    try {
      await out.model(first.trained.model, "model.safetensors");
      await out.history(first.trained.history);
      const { graphPictures } = await import("../graph/pictures.ts");
      await out.figures(await graphPictures(first.trained, task, dataset), context);
    } finally {
      out.close();
    }
  }
  return reportOf(name, runs, { chosen, engine, folds: values.folds, files });
}

function networkOf(
  task: GraphTask,
  chosen: TaskDefaults,
  dataset: Awaited<ReturnType<GraphTask["load"]>>,
): NetworkOptions {
  const { activation, ...network } = task.network;
  return {
    ...chosen,
    ...network,
    activation: typeof activation === "function" ? activation(chosen.conv) : activation,
    inputs: dataset.numFeatures,
    edgeInputs: dataset.numEdgeFeatures,
    classes: dataset.numClasses,
  };
}

/** Where a run is kept; of several runs each has a folder of its own. Those that had not begun begin. */
function runFolder(
  { backup, resume }: KeepValues,
  place: { readonly seed: number; readonly fold?: number } | undefined,
  first: boolean,
): RunFolder | undefined {
  const folder = resume ?? backup;
  if (folder === undefined) return undefined;
  const name = Object.entries(place ?? {}).map(([what, number]) => `${what}-${number}`);
  const restore = resume === undefined ? "never" : first ? "required" : "ifPresent";
  return { path: name.length === 0 ? folder : join(folder, name.join("-")), restore };
}

/** Saves what was asked for, as far as training got. Returns the error that ends the command. */
async function saveInterrupted(
  error: CancelledError,
  { model, history }: Pick<GraphTraining, "model" | "history">,
  {
    training,
    runs,
    values,
    out,
    files,
  }: {
    readonly training: GraphTraining;
    readonly runs: readonly unknown[];
    readonly values: TrainGraphValues;
    readonly out: OutputFolder | undefined;
    readonly files: ReadonlyMap<string, string>;
  },
): Promise<CancelledError> {
  await out?.model(model, "model.safetensors");
  await out?.history(history);
  const { epochsRun, settings } = training;
  const done = runs.length === 0 ? "" : `${runs.length} whole runs and `;
  const saved = [...files.values()];
  return new CancelledError({
    where: error.where,
    problem: `stopped on request after ${done}${epochsRun} whole epochs`,
    expected: `${settings.epochs} epochs`,
    got: saved.length === 0 ? "nothing was to be saved" : `saved: ${saved.join(", ")}`,
    try: adviceAfter(values, out && "give --backup DIR to go on later"),
    details: { runs: runs.length, epochsRun, files: Object.fromEntries(files) },
    cause: error,
  });
}

function runLine(
  { seed, fold }: { readonly seed: number; readonly fold?: number },
  { train, test, auc, bestEpoch }: Trained,
): string {
  const parts = [
    `seed ${seed}${fold === undefined ? "" : `, fold ${fold}`}`,
    `epoch ${bestEpoch}`,
    `train ${train.accuracy.toFixed(4)}`,
    `test ${test.accuracy.toFixed(4)}`,
    ...(auc === null ? [] : [`AUC ${auc.toFixed(4)}`]),
  ];
  return parts.join(", ");
}

function reportOf(
  name: string,
  runs: readonly { readonly seed: number; readonly fold: number; readonly trained: Trained }[],
  {
    chosen,
    engine,
    folds,
    files,
  }: {
    readonly chosen: TaskDefaults;
    readonly engine: Engine;
    readonly folds: number | undefined;
    readonly files: ReadonlyMap<string, string>;
  },
): GraphReport {
  const { trained: first } = runs[0]!;
  const spreads = {
    train: spread(runs.map(({ trained }) => trained.train.accuracy)),
    test: spread(runs.map(({ trained }) => trained.test.accuracy)),
    auc: first.auc === null ? undefined : spread(runs.map(({ trained }) => trained.auc ?? Number.NaN)),
  };
  const losses = first.history.loss ?? [];
  return {
    dataset: name,
    model: chosen.conv,
    params: first.model.countParams(),
    epochsRun: losses.length,
    losses,
    history: first.history,
    trainAccuracy: spreads.train.mean,
    testAccuracy: spreads.test.mean,
    ...(first.accuracy === undefined ? {} : { accuracy: first.accuracy }),
    auc: spreads.auc?.mean ?? null,
    ...(runs.length > 1
      ? {
          trainAccuracySpread: spreads.train,
          testAccuracySpread: spreads.test,
          ...(spreads.auc ? { aucSpread: spreads.auc } : {}),
        }
      : {}),
    bestEpoch: first.bestEpoch,
    secondsPerEpoch: first.secondsPerEpoch,
    programsCompiled: first.programsCompiled,
    secondsTotal: performance.now() / 1000,
    seed: chosen.seed,
    runs: runs.map(({ seed, fold, trained }) => ({
      seed,
      ...(folds === undefined ? {} : { fold }),
      loss: trained.history.loss?.at(-1) ?? Number.NaN,
      trainAccuracy: trained.train.accuracy,
      testAccuracy: trained.test.accuracy,
      auc: trained.auc,
      bestEpoch: trained.bestEpoch,
    })),
    ...engine,
    weightsSha256: weightsSha256(first.model),
    files: Object.fromEntries(files),
  };
}

function spread(values: readonly number[]): Spread {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const square = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  return { mean, sd: values.length < 2 ? 0 : Math.sqrt(square / (values.length - 1)) };
}

/** The report for people. */
function reportText(report: GraphReport): string {
  const { testAccuracySpread: test, aucSpread, auc } = report;
  const of = (value: number, s: Spread | undefined) =>
    `${value.toFixed(4)}${s ? ` ± ${s.sd.toFixed(4)}` : ""}`;
  const seconds = report.secondsPerEpoch;
  const rows: [string, string][] = [
    ["test accuracy", of(report.testAccuracy, test)],
    ["train accuracy", of(report.trainAccuracy, report.trainAccuracySpread)],
    ...(auc === null ? [] : [["AUC", of(auc, aucSpread)] as [string, string]]),
    ...(report.runs.length > 1 ? [["runs", String(report.runs.length)] as [string, string]] : []),
    ["loss", report.losses.at(-1)!.toFixed(4)],
    ["epochs", String(report.epochsRun)],
    ...(seconds === null ? [] : [["ms per epoch", (1000 * seconds).toFixed(2)] as [string, string]]),
    ["parameters", report.params.toLocaleString("en")],
    ["computed on", `${report.backend}, ${report.threads} thread${report.threads === 1 ? "" : "s"}`],
    ["weights", `sha256 ${report.weightsSha256}`],
    ...Object.values(report.files).map((path): [string, string] => ["file", printable(path)]),
  ];
  return rows.map(([left, right]) => `${left.padEnd(14)} ${right}\n`).join("");
}
