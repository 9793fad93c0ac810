import { describe, expect, test } from "vitest";
import { readRecords } from "../../src/formats/tfrecord.ts";
import type { CallbackFiles } from "../../src/nn/index.ts";
import {
  Callback,
  CSVLogger,
  EarlyStopping,
  LambdaCallback,
  LearningRateScheduler,
  ModelCheckpoint,
  ReduceLROnPlateau,
  SGD,
  TensorBoard,
  TerminateOnNaN,
} from "../../src/nn/index.ts";
import { blobs, classifier, flatWeights, recorded } from "./training-kit.ts";

interface Drive {
  printed: string;
  stopped: boolean[];
  rates: number[];
  learningRates?: (number | null)[];
}

const keras = recorded<Record<string, Drive>>("keras-callbacks.json");
const values = [2.33712, 2.31279, 2.4, 2.4, 2.2, 2.2, 2.3];
const all = values.map((v) => ({ loss: v + 0.1, mae: v / 10, val_loss: v, val_mae: 1 - v / 10 }));

/** What Keras was driven with, by the names of the recorded drives. */
const drives: Record<string, [make: () => Callback, logs: Record<string, number>[]]> = {
  "checkpoint best": [() => new ModelCheckpoint({ filepath: "m.h5", saveBestOnly: true, verbose: 1 }), all],
  "checkpoint all": [
    () => new ModelCheckpoint({ filepath: "m-{epoch:02d}-{val_loss:.2f}.keras", verbose: 1 }),
    all.slice(0, 2),
  ],
  "checkpoint threshold": [
    () =>
      new ModelCheckpoint({
        filepath: "m.weights.h5",
        saveBestOnly: true,
        saveWeightsOnly: true,
        initialValueThreshold: 2.3,
        verbose: 1,
      }),
    all,
  ],
  "checkpoint missing": [
    () => new ModelCheckpoint({ filepath: "m.h5", saveBestOnly: true, verbose: 1 }),
    [{ loss: 1 }],
  ],
  "checkpoint max": [
    () =>
      new ModelCheckpoint({
        filepath: "m.h5",
        saveBestOnly: true,
        verbose: 1,
        monitor: "val_mae",
        mode: "max",
      }),
    all,
  ],
  "checkpoint batches": [
    () => new ModelCheckpoint({ filepath: "m-{epoch}-{batch}.h5", saveFreq: 4, verbose: 1 }),
    all.slice(0, 3),
  ],
  stopping: [() => new EarlyStopping({ patience: 2, verbose: 1 }), all],
  "stopping restore": [() => new EarlyStopping({ patience: 2, verbose: 1, restoreBestWeights: true }), all],
  "stopping delta": [() => new EarlyStopping({ patience: 1, verbose: 1, minDelta: 0.1 }), all],
  "stopping baseline": [
    () => new EarlyStopping({ patience: 2, verbose: 1, baseline: 2, restoreBestWeights: true }),
    all,
  ],
  "stopping from": [() => new EarlyStopping({ patience: 1, verbose: 1, startFromEpoch: 4 }), all],
  "stopping missing": [() => new EarlyStopping(), [{ loss: 1, mae: 2 }]],
  plateau: [() => new ReduceLROnPlateau({ factor: 0.9, patience: 1, verbose: 1, minDelta: 0.05 }), all],
  "plateau cooldown": [
    () => new ReduceLROnPlateau({ factor: 0.1, patience: 1, verbose: 1, cooldown: 2, minLr: 0.4 }),
    all,
  ],
  "plateau missing": [() => new ReduceLROnPlateau(), [{ loss: 1 }]],
  scheduler: [
    () => new LearningRateScheduler((epoch, rate) => (epoch ? rate * 0.5 : rate), { verbose: 1 }),
    all.slice(0, 3),
  ],
  "scheduler small": [
    () => new LearningRateScheduler((epoch) => 10 ** (-3 * epoch), { verbose: 1 }),
    all.slice(0, 3),
  ],
  nan: [() => new TerminateOnNaN(), [{ loss: Number.POSITIVE_INFINITY }]],
};

/** A model whose files are forgotten, compiled with a learning rate of 4.5. */
function silentModel() {
  const model = classifier();
  model.compile({ optimizer: new SGD({ learningRate: 4.5 }), loss: "mse", metrics: ["mae"] });
  model.save = async () => undefined;
  model.saveWeights = async () => undefined;
  return model;
}

const noFiles: CallbackFiles = {
  read: async () => undefined,
  write: async () => undefined,
  append: async () => undefined,
};

async function drive(callback: Callback, logs: readonly Record<string, number>[]) {
  const model = silentModel();
  let printed = "";
  callback.setContext({
    model,
    params: { verbose: 1, epochs: logs.length, steps: 3 },
    printer: { write: (text) => void (printed += text), interactive: false },
    files: noFiles,
    clock: () => 0,
  });
  const found = { stopped: [] as boolean[], rates: [] as number[], learningRates: [] as (number | null)[] };
  await callback.onTrainBegin();
  for (const [epoch, entry] of logs.entries()) {
    const own = { ...entry } as Record<string, number>;
    await callback.onEpochBegin(epoch);
    for (let batch = 0; batch < 3; batch++) await callback.onTrainBatchEnd(batch, { loss: own.loss! });
    await callback.onEpochEnd(epoch, own);
    found.stopped.push(model.stopTraining);
    found.rates.push(model.compiled!.optimizer.learningRate);
    found.learningRates.push(own.learning_rate ?? null);
    if (model.stopTraining) break;
  }
  await callback.onTrainEnd({});
  return { printed, ...found };
}

describe("lines and decisions are Keras's", () => {
  test.each(Object.keys(keras))("%s", async (name) => {
    const [make, logs] = drives[name]!;
    const found = await drive(make(), logs);
    const wanted = keras[name]!;
    expect(found.printed).toBe(wanted.printed);
    expect(found.stopped).toEqual(wanted.stopped);
    expect(found.rates).toEqual(wanted.rates);
    if (wanted.learningRates) expect(found.learningRates).toEqual(wanted.learningRates);
  });
});

describe("in fit", () => {
  const { x, y } = blobs(32);

  function compiled() {
    const model = classifier();
    model.compile({
      optimizer: new SGD({ learningRate: 0.5 }),
      loss: "sparseCategoricalCrossentropy",
      metrics: ["accuracy"],
    });
    return model;
  }

  test("every hook is called in Keras's order", async () => {
    const model = compiled();
    const seen: string[] = [];
    const note = (name: string) => (n?: unknown) =>
      void seen.push(typeof n === "number" ? `${name} ${n}` : name);
    const hooks = new LambdaCallback({
      onTrainBegin: note("train begin"),
      onTrainEnd: note("train end"),
      onEpochBegin: note("epoch begin"),
      onEpochEnd: note("epoch end"),
      onTrainBatchBegin: note("batch begin"),
      onTrainBatchEnd: note("batch end"),
      onTestBegin: note("test begin"),
      onTestBatchBegin: note("test batch begin"),
      onTestBatchEnd: note("test batch end"),
      onTestEnd: note("test end"),
    });
    await model.fit(x, y, { batchSize: 12, validationSplit: 0.5, callbacks: hooks, verbose: 0 });
    expect(seen).toEqual([
      "train begin",
      "epoch begin 0",
      "batch begin 0",
      "batch end 0",
      "batch begin 1",
      "batch end 1",
      "test begin",
      "test batch begin 0",
      "test batch end 1",
      "test end",
      "epoch end 0",
      "train end",
    ]);
  });

  test("the best weights come back", async () => {
    const model = compiled();
    const best: number[][] = [];
    const spoil = new LambdaCallback({
      onEpochBegin(epoch) {
        if (epoch === 2) model.setWeights(model.getWeights().map((w) => w.map(() => 3)));
      },
      onEpochEnd() {
        best.push(flatWeights(model));
      },
    });
    const stop = new EarlyStopping({ monitor: "loss", patience: 1, restoreBestWeights: true });
    const history = await model.fit(x, y, { epochs: 9, callbacks: [spoil, stop], verbose: 0 });
    expect(history.epoch).toEqual([0, 1, 2]);
    expect(flatWeights(model)).toEqual(best[1]);
  });

  test("the learning rate of an epoch is in its history", async () => {
    const model = compiled();
    const schedule = new LearningRateScheduler((_, rate) => rate / 2);
    const history = await model.fit(x, y, { epochs: 3, callbacks: [schedule], verbose: 0 });
    expect(history.history.learning_rate).toEqual([0.25, 0.125, 0.0625]);
    expect(Object.keys(history.history)).toEqual(["accuracy", "loss", "learning_rate"]);
  });

  test("a log of comma-separated values", async () => {
    const files = new Map<string, string>();
    class Kept extends CSVLogger {
      override setContext(context: Parameters<Callback["setContext"]>[0]): void {
        super.setContext({
          ...context,
          files: {
            ...noFiles,
            read: async (path) => files.get(path),
            write: async (path, text) => void files.set(path, text),
          },
        });
      }
    }
    const model = compiled();
    const rate = new LearningRateScheduler((_, r) => r);
    const options = { validationSplit: 0.25, epochs: 2, verbose: 0 } as const;
    await model.fit(x, y, { ...options, callbacks: [rate, new Kept("log.csv")] });
    const lines = files.get("log.csv")!.split("\r\n");
    expect(lines[0]).toBe("epoch,accuracy,learning_rate,loss,val_accuracy,val_loss");
    expect(lines[1]).toMatch(/^0,[\d.]+,0\.5,/);
    expect(lines).toHaveLength(4);
    await model.fit(x, y, { ...options, callbacks: [rate, new Kept("log.csv", { append: true })] });
    expect(files.get("log.csv")!.split("\r\n")).toHaveLength(6);
  });

  test("NaN is written as nan, a missing value as NA", async () => {
    let text = "";
    const log = new CSVLogger("log.csv", { separator: ";" });
    log.setContext({
      model: compiled(),
      params: { verbose: 0, epochs: 2, steps: 1 },
      printer: { write: () => undefined, interactive: false },
      files: { ...noFiles, write: async (_, t) => void (text = t) },
      clock: () => 0,
    });
    await log.onTrainBegin();
    await log.onEpochEnd(0, { loss: Number.NaN, val_loss: 1 });
    await log.onEpochEnd(1, { loss: Number.NEGATIVE_INFINITY });
    expect(text).toBe("epoch;loss;val_loss\r\n0;nan;1.0\r\n1;-inf;NA\r\n");
  });

  test("event files for TensorBoard", async () => {
    const logs = new Map<string, Uint8Array[]>();
    class Kept extends TensorBoard {
      override setContext(context: Parameters<Callback["setContext"]>[0]): void {
        const append = async (path: string, bytes: Uint8Array) => {
          const folder = path.replace(/\/events\.out\.tfevents\.\d{10}\.\d{3}\.tendril\.v2$/, "");
          logs.set(folder, [...(logs.get(folder) ?? []), ...readRecords(bytes)]);
        };
        super.setContext({ ...context, files: { ...noFiles, append } });
      }
    }
    const board = new Kept({ logDir: "l", histogramFreq: 2, writeImages: true, updateFreq: 2 });
    await compiled().fit(x, y, {
      validationSplit: 0.25,
      batchSize: 8,
      epochs: 2,
      verbose: 0,
      callbacks: [board],
    });
    const decoder = new TextDecoder("latin1");
    const known = /(keras|(epoch|batch|evaluation)_[a-z_]+|[a-z_0-9/]+\/(histogram|image))(?=[BJ])/;
    const tags = (folder: string) =>
      logs
        .get(folder)!
        .slice(1)
        .map((r) => known.exec(decoder.decode(r))?.[0]);
    const weights = ["kernel", "bias"].flatMap((w) => ["histogram", "image"].map((kind) => `${w}/${kind}`));
    expect(decoder.decode(logs.get("l/train")![0])).toContain("brain.Event:2");
    const train = tags("l/train").map((tag) => tag?.replace(/^.*\/dense(_\d+)?\//, ""));
    const epoch = ["epoch_accuracy", "epoch_loss", "epoch_learning_rate"];
    const batch = ["batch_accuracy", "batch_loss"];
    expect(train).toEqual([
      "keras",
      ...batch,
      ...epoch,
      ...weights,
      ...weights,
      ...batch,
      ...batch,
      ...epoch,
    ]);
    const evaluated = ["evaluation_accuracy_vs_iterations", "evaluation_loss_vs_iterations"];
    const validated = [...evaluated, "epoch_accuracy", "epoch_loss"];
    expect(tags("l/validation")).toEqual([...validated, ...validated]);
    expect(() => new TensorBoard({ updateFreq: 0 })).toThrow(/updateFreq/);
    expect(() => new TensorBoard({ histogramFreq: 0.5 })).toThrow(/histogramFreq/);
  });

  test("a callback that throws is named, and the model goes on (TR-6)", async () => {
    const model = compiled();
    class Faulty extends Callback {
      override onTrainBatchEnd(batch: number): void {
        if (batch === 1) throw new Error("no disk");
      }
    }
    const run = model.fit(x, y, { batchSize: 8, callbacks: [new Faulty()], verbose: 0 });
    await expect(run).rejects.toThrow(/Faulty\.onTrainBatchEnd \(epoch 1, batch 2\).*no disk/);
    await expect(model.fit(x, y, { verbose: 0 })).resolves.toBeDefined();
  });
});

test("misuse is told when the callback is made or first needed", async () => {
  expect(() => new ModelCheckpoint({ filepath: "m.txt" })).toThrow(/must end in .keras or .h5/);
  expect(() => new ModelCheckpoint({ filepath: "m.h5", saveWeightsOnly: true })).toThrow(/.weights.h5/);
  expect(() => new ModelCheckpoint({ filepath: "m.h5", saveFreq: 0.5 })).toThrow(/number of batches/);
  expect(() => new EarlyStopping({ mode: "up" as never })).toThrow(/auto, min or max/);
  expect(() => new ReduceLROnPlateau({ factor: 1 })).toThrow(/below 1/);
  const unknown = new EarlyStopping({ monitor: "val_f1" });
  await expect(drive(unknown, [{ val_f1: 1 }])).rejects.toThrow(/say mode: "max"/);
  const name = new ModelCheckpoint({ filepath: "m-{val_f1:.2f}.h5" });
  await expect(drive(name, [{ loss: 1 }])).rejects.toThrow(/\{val_f1\}/);
  await expect(drive(new LearningRateScheduler(() => undefined as never), [{ loss: 1 }])).rejects.toThrow(
    /did not return a number/,
  );
});
