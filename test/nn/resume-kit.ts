/** Runs that are cut and resumed, and all that they keep as one hash. */
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import type { BackendName } from "../../src/core/index.ts";
import {
  Adam,
  BackupAndRestore,
  type Callback,
  CosineDecayRestarts,
  CSVLogger,
  clearSession,
  Dense,
  Dropout,
  EarlyStopping,
  encodeState,
  type FitOptions,
  type History,
  LambdaCallback,
  LearningRateScheduler,
  type Optimizer,
  ReduceLROnPlateau,
  type RunState,
  Sequential,
  SGD,
  type StateTree,
  SwapEMAWeights,
} from "../../src/nn/index.ts";
import { blobs } from "./training-kit.ts";

const folders: string[] = [];

export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "tendril-resume-"));
  folders.push(made);
  return made;
}

afterAll(() => {
  for (const f of folders) rmSync(f, { recursive: true, force: true });
});

export const { x, y } = blobs(26);

/** A network with dropout, metrics of several kinds, and the optimizer given. */
export function made(optimizer: Optimizer, backend: BackendName = "wasm"): Sequential {
  clearSession();
  const model = new Sequential(
    [
      new Dense({ units: 6, activation: "tanh", inputShape: [2] }),
      new Dropout({ rate: 0.3 }),
      new Dense({ units: 1, activation: "sigmoid" }),
    ],
    { seed: 3 },
  );
  model.compile({ optimizer, loss: "binaryCrossentropy", metrics: ["accuracy", "ExactAUC"], backend });
  return model;
}

/** One kind of run: what `fit` is called on and with, made anew for each part of it. */
export interface Setting {
  readonly epochs: number;
  /** Trains with these options, which hold the callbacks, on top of the setting's own. */
  fit(options: Partial<FitOptions>): Promise<History>;
  readonly more: () => Callback[];
}

interface ArraySetting {
  optimizer: () => Optimizer;
  backend?: BackendName;
  options: Partial<FitOptions>;
  more: () => Callback[];
}

const onArrays: Record<string, ArraySetting> = {
  "Adam on a schedule, early stopping": {
    optimizer: () =>
      new Adam({
        learningRate: new CosineDecayRestarts({ initialLearningRate: 0.05, firstDecaySteps: 5 }),
        amsgrad: true,
      }),
    options: { validationSplit: 0.25 },
    more: () => [new EarlyStopping({ patience: 3, restoreBestWeights: true, monitor: "val_accuracy" })],
  },
  "SGD with averages and accumulation, a rate by epoch and plateau": {
    backend: "reference",
    optimizer: () =>
      new SGD({ momentum: 0.9, useEma: true, gradientAccumulationSteps: 2, learningRate: 0.2 }),
    options: { validationData: [x, y] },
    more: () => [
      new SwapEMAWeights(),
      new LearningRateScheduler((_, rate) => rate * 0.9),
      new ReduceLROnPlateau({ patience: 1, minDelta: 0.1 }),
    ],
  },
  "batches that come one by one": {
    backend: "reference",
    optimizer: () => new Adam({ learningRate: 0.05 }),
    options: { stepsPerEpoch: 4, validationData: [x, y] },
    more: () => [],
  },
};

/** The batches of setting three: an order of their own for each pass. */
const stream = (pass: number) =>
  (function* () {
    for (let i = 0; i < 100; i++) {
      const at = (i * 5 + pass) % 20;
      yield [x.slice(at, at + 6), y.slice(at, at + 6).map((v) => [v])] as never;
    }
  })();

export const settings: Readonly<Record<string, Setting>> = Object.fromEntries(
  Object.entries(onArrays).map(([name, { optimizer, backend, options, more }]): [string, Setting] => [
    name,
    {
      epochs: 6,
      more,
      fit(own) {
        const streams = options.stepsPerEpoch !== undefined;
        const all = { batchSize: 6, seed: 11, ...own, ...options };
        const model = made(optimizer(), backend);
        return streams
          ? model.fit(stream as never, undefined, all)
          : model.fit(
              x,
              y.map((v) => [v]),
              all,
            );
      },
    },
  ]),
);

/** Of everything that a run keeps, but for how often it was saved. */
function digest(state: RunState): string {
  const { "BackupAndRestore 0": _, ...callbacks } = state.callbacks;
  const tree = { ...state, callbacks } as unknown as StateTree;
  return createHash("sha256").update(encodeState(tree)).digest("hex");
}

export interface Outcome {
  readonly hash: string;
  readonly history: History;
  readonly csv: string;
}

/** Trains; with `stopAfter`, cancels after so many events of batches, validation or epochs and reports undefined. */
export async function train(
  setting: Setting,
  options: { backup?: Callback; stopAfter?: number; beside?: Callback[]; csv: string },
): Promise<Outcome | undefined> {
  const controller = new AbortController();
  let events = 0;
  const count = () => {
    if (++events === options.stopAfter) controller.abort("test");
  };
  let last = "";
  const counter = new LambdaCallback({
    onTrainBatchEnd: count,
    onTestBatchEnd: count,
    onEpochEnd: count,
    onEpochBegin: count,
  });
  const final = new LambdaCallback({});
  final.keepRun = (event, save) => {
    if (event.type === "epochEnd" || event.type === "trainEnd") last = digest(save());
  };
  const csv = new CSVLogger(options.csv);
  const callbacks = [
    ...(options.beside ?? []),
    ...setting.more(),
    csv,
    ...(options.backup ? [options.backup] : []),
    counter,
    final,
  ];
  const { epochs } = setting;
  const fitted = setting.fit({ epochs, verbose: 0, signal: controller.signal, callbacks });
  if (options.stopAfter !== undefined) {
    const ended = await fitted.then(
      () => "whole",
      (error: Error) => (error.name === "CancelledError" ? "cancelled" : Promise.reject(error)),
    );
    if (ended === "cancelled") return undefined;
  }
  const history = await fitted;
  const { readFileSync } = await import("node:fs");
  return { hash: last, history, csv: readFileSync(options.csv, "utf8") };
}

/** A run never stopped, and for each cut one that is stopped there and resumed: all must be the same. Returns the stops. */
export async function compareCuts(setting: Setting, cutPoints: readonly number[]): Promise<number> {
  const dir = folder();
  const straight = (await train(setting, { csv: join(dir, "straight.csv") }))!;
  let stops = 0;
  for (const stopAfter of cutPoints) {
    const backup = join(dir, `cut${stopAfter}`);
    const csv = join(dir, `cut${stopAfter}.csv`);
    // One of the runs is cut a second and a third time.
    const cuts = stopAfter === 5 ? [5, 5, 5] : [stopAfter];
    let found: Outcome | undefined;
    for (const cut of [...cuts, undefined]) {
      const keeper = new BackupAndRestore(backup);
      found = await train(setting, { backup: keeper, csv, ...(cut === undefined ? {} : { stopAfter: cut }) });
      if (found) break;
      stops++;
    }
    expect(found?.hash).toBe(straight.hash);
    expect(found?.history.history).toEqual(straight.history.history);
    expect(found?.history.epoch).toEqual(straight.history.epoch);
    expect(found?.csv).toBe(straight.csv);
    expect(readdirSync(backup)).toEqual([]);
  }
  return stops;
}
