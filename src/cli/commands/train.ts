/** `tendril train`: trains a network on images and leaves the model, its history and pictures. */
import { dirname } from "node:path";
import { CancelledError, UsageError } from "../../ir/errors.ts";
import { accuracyOf, assess } from "../assess.ts";
import { type CommandContext, defineCommand, type Values } from "../command.ts";
import { loadDataset } from "../dataset.ts";
import {
  adviceAfter,
  checkKeepFlags,
  dataFlag,
  type Engine,
  engineFlags,
  keepFlags,
  startEngine,
} from "../flags.ts";
import { graphTaskNames } from "../graph/names.ts";
import { checkModel, makeModel, openModel } from "../models.ts";
import { OutputFolder } from "../output.ts";
import type { Pictured } from "../pictures.ts";
import type { Dataset } from "../samples.ts";
import { printable } from "../terminal.ts";
import { optimizerNames, Training, weightsSha256 } from "../training.ts";

const flags = {
  model: {
    kind: "text",
    value: "lecture|wide|FILE",
    default: "lecture",
    about: "the network: by name, saved (.keras, .h5), or a module",
  },
  ...dataFlag,
  samples: { kind: "whole", value: "N", min: 1, max: 2 ** 21, about: "use so many training samples only" },
  epochs: { kind: "whole", value: "N", min: 1, default: 10, about: "passes over the training samples" },
  "batch-size": { kind: "whole", value: "N", min: 1, default: 200, about: "samples per step" },
  "validation-split": {
    kind: "number",
    value: "PART",
    min: 0,
    max: 0.99,
    default: 0.1,
    about: "the last part of the training samples is for validation",
  },
  optimizer: { kind: "choice", choices: optimizerNames, default: "adam", about: "how weights are changed" },
  "learning-rate": {
    kind: "number",
    value: "RATE",
    min: 0,
    about: "length of a step (default: the optimizer's own)",
  },
  seed: { kind: "whole", value: "N", default: 0, about: "same seed, same result" },
  ...engineFlags,
  checkpoint: { kind: "text", value: "FILE", about: "save the best model (.keras, .h5) after each epoch" },
  "early-stopping": {
    kind: "whole",
    value: "PATIENCE",
    min: 0,
    about: "stop after so many epochs without improvement",
  },
  ...keepFlags,
  out: { kind: "text", value: "DIR", about: "write model, history and pictures to this folder" },
  verbose: {
    kind: "choice",
    choices: ["0", "1", "2"],
    default: "1",
    about: "0 silent, 1 progress, 2 one line per epoch",
  },
} as const;

export const train = defineCommand({
  name: "train",
  about: "Trains a network on a set of images.",
  positionals: [
    { name: "mnist|fashion-mnist|digits|FILE", about: "the data set, or a module that makes one" },
  ],
  flags,
  variants: new Map(
    graphTaskNames.map((name) => [name, async () => (await import("./train-graph.ts")).trainGraph]),
  ),
  examples: [
    "tendril train mnist --epochs 50 --validation-split 0.5 --checkpoint m.h5 --early-stopping 2",
    "tendril train digits --model wide --out runs/wide",
    "tendril train mnist --model my-model.mjs --checkpoint best.keras --json",
    "tendril train mnist --backup runs/a",
    "tendril train mnist --resume runs/a",
  ],
  async run([name], values, context) {
    const report = await runTraining(name!, values, context);
    return { data: report, text: reportText(report) };
  },
});

/** Values of the flags of `train`. */
export type TrainValues = Values<typeof flags>;

/** What `train` reports with `--json`. */
export interface TrainReport extends Engine {
  readonly dataset: string;
  readonly model: string;
  readonly params: number;
  readonly epochsRun: number;
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly valAccuracy: number | null;
  readonly testLoss: number;
  readonly testAccuracy: number;
  readonly bestEpoch?: number;
  readonly bestTestAccuracy?: number;
  readonly imagesPerSecond: number | null;
  readonly secondsTotal: number;
  readonly weightsSha256: string;
  /** Name → path. */
  readonly files: Readonly<Record<string, string>>;
}

/** Trains on the data set `name`, writes what the flags ask for, and reports. */
export async function runTraining(
  name: string,
  values: TrainValues,
  context: CommandContext,
): Promise<TrainReport> {
  const { terminal, signal } = context;
  await checkModel(values.model);
  await checkCheckpoint(values.checkpoint);
  checkKeepFlags(values);
  const files = new Map<string, string>();
  const out = values.out === undefined ? undefined : await OutputFolder.open(values.out, files);
  out?.expectFigures(signal);
  const { name: backend, ...engine } = startEngine(values);
  const { data, samples, seed } = values;
  const dataset = await loadDataset(name, { data, samples, seed, signal, terminal, also: graphTaskNames });
  const model = await makeModel(values.model, dataset, { seed, signal });
  const verbose = Number(values.verbose) as 0 | 1 | 2;
  const training = new Training(model, { ...values, backend, verbose });
  if (verbose > 0) {
    const { count } = dataset.train;
    terminal.line(
      `${printable(values.model)}: ${model.countParams().toLocaleString("en")} parameters; ` +
        `${printable(dataset.name)}: ${count.toLocaleString("en")} training and ` +
        `${dataset.test.count.toLocaleString("en")} test samples`,
    );
  }
  try {
    await training.run(dataset, context);
    return await reportOf({ training, dataset, engine, name: values.model, files, out }, context);
  } catch (error) {
    if (error instanceof CancelledError) throw await saveInterrupted(error, training, out, files);
    throw error;
  } finally {
    out?.close();
  }
}

/** Fails before training rather than after the first epoch. */
async function checkCheckpoint(path: string | undefined): Promise<void> {
  if (path === undefined) return;
  if (path.endsWith(".keras") || (path.endsWith(".h5") && !path.endsWith(".weights.h5"))) {
    // A folder named by the epoch is made when it is known.
    if (!dirname(path).includes("{")) await OutputFolder.open(dirname(path), new Map(), "--checkpoint");
    return;
  }
  throw new UsageError({
    where: "tendril train --checkpoint",
    problem: "the name of the file does not say what is in it",
    expected: "a name that ends in .keras or .h5 (whole models)",
    got: path,
    try: `--checkpoint ${path.replace(/(\.weights)?(\.\w+)?$/, ".keras")}`,
  });
}

interface Trained {
  readonly training: Training;
  readonly dataset: Dataset;
  readonly engine: Engine;
  /** Of the model, as it was asked for. */
  readonly name: string;
  /** Name → path of what was written; more is added. */
  readonly files: Map<string, string>;
  readonly out: OutputFolder | undefined;
}

/** Measures the model and writes the files of `--out`. */
async function reportOf(
  { training, dataset, engine, name, files, out }: Trained,
  context: CommandContext,
): Promise<TrainReport> {
  const { signal } = context;
  const { model, best } = training;
  const { history } = training.history;
  if (best !== undefined) files.set("checkpoint", best.path);
  await out?.model(model);
  await out?.history(history);
  const assessed = assess(model, dataset.test, dataset, signal);
  const drawn = out && drawPictures(out, { model, history, dataset, assessment: assessed }, context);
  // Whichever fails, the other is at an end too before it is told what was written.
  await Promise.allSettled([assessed, drawn]);
  const assessment = await assessed;
  await drawn;
  const bestAccuracy = best && (await accuracyOf(await openModel(best.path), dataset.test, dataset, signal));
  return {
    dataset: dataset.name,
    model: name,
    params: model.countParams(),
    epochsRun: training.epochsRun,
    history,
    valAccuracy: training.last("val_accuracy"),
    testLoss: assessment.loss,
    testAccuracy: assessment.accuracy,
    ...(best && bestAccuracy !== undefined ? { bestEpoch: best.epoch, bestTestAccuracy: bestAccuracy } : {}),
    imagesPerSecond: training.imagesPerSecond,
    secondsTotal: performance.now() / 1000,
    ...engine,
    weightsSha256: weightsSha256(model),
    files: Object.fromEntries(files),
  };
}

async function drawPictures(out: OutputFolder, run: Pictured, context: CommandContext): Promise<void> {
  const { pictures } = await import("../pictures.ts");
  await out.figures(pictures(run), context);
}

/** Saves what was asked for, as far as training got. Returns the error that ends the command. */
async function saveInterrupted(
  error: CancelledError,
  training: Training,
  out: OutputFolder | undefined,
  files: Map<string, string>,
): Promise<CancelledError> {
  const { history } = training.history;
  if (training.best !== undefined) files.set("checkpoint", training.best.path);
  if (out !== undefined) {
    await out.model(training.model);
    await out.history(history);
  }
  const saved = [...files.values()];
  return new CancelledError({
    where: error.where,
    problem: `stopped on request after ${training.epochsRun} whole epochs`,
    expected: `${training.options.epochs} epochs`,
    got: saved.length === 0 ? "nothing was to be saved" : `saved: ${saved.join(", ")}`,
    try: adviceAfter(training.options, out && "--model FILE trains a saved model further"),
    details: { epochsRun: training.epochsRun, files: Object.fromEntries(files) },
    cause: error,
  });
}

/** The report for people. */
export function reportText(report: TrainReport): string {
  const percent = (x: number) => `${(100 * x).toFixed(2)} %`;
  const rows: [string, string][] = [
    ["test accuracy", percent(report.testAccuracy)],
    ["test loss", report.testLoss.toFixed(4)],
    ...(report.bestTestAccuracy === undefined
      ? []
      : [
          ["best epoch", `${report.bestEpoch} (test accuracy ${percent(report.bestTestAccuracy)})`] as [
            string,
            string,
          ],
        ]),
    ["epochs", String(report.epochsRun)],
    ...(report.imagesPerSecond === null
      ? []
      : [["images/s", Math.round(report.imagesPerSecond).toLocaleString("en")] as [string, string]]),
    ["seconds", report.secondsTotal.toFixed(1)],
    ["computed on", `${report.backend}, ${report.threads} thread${report.threads === 1 ? "" : "s"}`],
    ["weights", `sha256 ${report.weightsSha256}`],
    ...Object.values(report.files).map((path): [string, string] => ["file", printable(path)]),
  ];
  return rows.map(([left, right]) => `${left.padEnd(14)} ${right}\n`).join("");
}
