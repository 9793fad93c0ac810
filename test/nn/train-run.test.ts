/** Over 400 lines: one run looked at from every side. */
import { describe, expect, test } from "vitest";
import { memory, type Tensor } from "../../src/core/index.ts";
import {
  Adam,
  Dense,
  Dropout,
  ExponentialDecay,
  Input,
  LambdaCallback,
  Model,
  Run,
  type RunEvent,
  Sequential,
  SGD,
} from "../../src/nn/index.ts";
import { blobs, classifier, flatWeights, noise } from "./training-kit.ts";

const { x, y } = blobs(22);
const quiet = { verbose: 0 } as const;

function compiled(options: { seed?: number; learningRate?: number } = {}): Sequential {
  const model = classifier(2, options.seed ?? 1);
  model.compile({
    optimizer: new SGD({ learningRate: options.learningRate ?? 0.1, momentum: 0.9 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  return model;
}

async function values(t: Tensor | Tensor[]): Promise<number[]> {
  return [...(await (t as Tensor).data())];
}

describe("a run", () => {
  test("reports one event per step", async () => {
    const run = new Run(compiled(), { x, y }, { batchSize: 8, epochs: 2, validationSplit: 0.5 });
    const events: RunEvent[] = [];
    while (!run.done) events.push(await run.step());
    const epoch = [
      "epochBegin",
      "batchEnd",
      "batchEnd",
      "validationBegin",
      "validationBatchEnd",
      "validationEnd",
      "epochEnd",
    ];
    expect(events.map((e) => e.type)).toEqual(["trainBegin", ...epoch, ...epoch, "trainEnd"]);
    expect(events.filter((e) => e.type === "batchEnd").map((e) => e.rows)).toEqual([8, 3, 8, 3]);
    await expect(run.step()).rejects.toThrow(/look at run.done/);
  });

  test("makes one plan for all batches, epochs and learning rates", async () => {
    const model = classifier();
    const decay = new ExponentialDecay({ initialLearningRate: 0.1, decaySteps: 1, decayRate: 0.9 });
    model.compile({ optimizer: new Adam({ learningRate: decay }), loss: "sparseCategoricalCrossentropy" });
    await model.fit(x, y, { ...quiet, batchSize: 8, epochs: 3 });
    expect([...model.compiled!.plans.values()].map((p) => p.traces)).toEqual([1]);
    expect(model.compiled!.optimizer.iterations).toBe(9);
  });

  test("ends when asked", async () => {
    const run = new Run(compiled(), { x, y }, { batchSize: 2, epochs: 5 });
    const seen: string[] = [];
    while (!run.done) {
      const event = await run.step();
      seen.push(event.type);
      if (event.type === "batchEnd") run.stop();
      if (event.type === "trainEnd") expect(event.reason).toBe("stopped");
    }
    expect(seen).toEqual(["trainBegin", "epochBegin", "batchEnd", "epochEnd", "trainEnd"]);
  });

  test("gives timers a turn, and stops on a signal with the model whole (TR-5)", async () => {
    const model = compiled();
    const abort = new AbortController();
    let ticks = 0;
    const timer = setInterval(() => {
      if (++ticks === 3) abort.abort();
    }, 1);
    try {
      const fit = model.fit(x, y, { ...quiet, epochs: 1e6, signal: abort.signal });
      await expect(fit).rejects.toMatchObject({ code: "cancelled" });
    } finally {
      clearInterval(timer);
    }
    expect(flatWeights(model).every(Number.isFinite)).toBe(true);
    await expect(model.fit(x, y, quiet)).resolves.toBeDefined();
  });
});

describe("same seed, same bits", () => {
  function withDropout(): Sequential {
    const model = new Sequential(
      [
        new Dense({ units: 16, activation: "relu", inputShape: [2] }),
        new Dropout({ rate: 0.5 }),
        new Dense({ units: 2, activation: "softmax" }),
      ],
      { seed: 3 },
    );
    model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
    return model;
  }

  async function trained(options: object): Promise<number[]> {
    const model = withDropout();
    await model.fit(x, y, { ...quiet, batchSize: 5, epochs: 3, seed: 7, ...options });
    return flatWeights(model);
  }

  test("whatever else happens beside (DT-2, DT-7)", async () => {
    const once = await trained({});
    expect(await trained({})).toEqual(once);
    const looking = new LambdaCallback({
      onEpochEnd: async () => void (await trained({ epochs: 1, seed: 99 })),
    });
    expect(await trained({ validationData: [x, y], callbacks: [looking] })).toEqual(once);
    const print = () => undefined;
    for (const steps of [1, 2]) {
      const more = { verbose: 3 - steps, print, validationBatchSize: 4, validationSteps: steps };
      expect(await trained({ ...more, validationData: [x, y] })).toEqual(once);
    }
    expect(await trained({ seed: 8 })).not.toEqual(once);
  });

  test("in one go or resumed at an epoch", async () => {
    const model = withDropout();
    await model.fit(x, y, { ...quiet, batchSize: 5, epochs: 2, seed: 7 });
    await model.fit(x, y, { ...quiet, batchSize: 5, epochs: 3, initialEpoch: 2, seed: 7 });
    expect(flatWeights(model)).toEqual(await trained({}));
  });

  test("from arrays, bytes or batches one by one", async () => {
    const next = noise(5);
    const bytes = Uint8Array.from({ length: 44 }, () => Math.floor((next() + 1) * 8));
    const after = async (data: unknown, labels?: unknown, more: object = {}) => {
      const model = withDropout();
      await model.fit(data as never, labels as never, {
        ...quiet,
        batchSize: 5,
        epochs: 2,
        shuffle: false,
        ...more,
      });
      return flatWeights(model);
    };
    const labels = Int32Array.from(y);
    const wanted = await after({ data: bytes, shape: [22, 2] }, labels);
    expect(await after(Float32Array.from(bytes), y)).toEqual(wanted);
    expect(await after(Float32Array.from(bytes), y, { residentLimit: 0 })).toEqual(wanted);
    function* batches() {
      for (let i = 0; i < 22; i += 5) {
        yield [
          { data: bytes.slice(2 * i, 2 * i + 10), shape: [Math.min(5, 22 - i), 2] },
          labels.slice(i, i + 5),
        ];
      }
    }
    expect(await after(batches)).toEqual(wanted);
    expect(
      await after({
        [Symbol.asyncIterator]: async function* () {
          yield* batches();
        },
      }),
    ).toEqual(wanted);
  });
});

describe("every row counts once (DT-6)", () => {
  test("each epoch takes every row once, in a new order", async () => {
    // Labels are powers of two: their sum tells which rows were seen.
    const n = 13;
    const rows = Array.from({ length: n }, (_, i) => [i, 0]);
    const labels = rows.map((_, i) => 2 ** i);
    const model = new Sequential([new Dense({ units: 1, inputShape: [2] })], { seed: 1 });
    const label = (t: Tensor) => t;
    model.compile({ optimizer: new SGD({ learningRate: 0 }), loss: "mse", metrics: [label] });
    const firsts: number[] = [];
    const note = new LambdaCallback({
      onTrainBatchEnd: (batch, logs) => void (batch === 0 && firsts.push(logs.label!)),
    });
    const { history } = await model.fit(rows, labels, { ...quiet, batchSize: 4, epochs: 3, callbacks: note });
    expect(history.label).toEqual(Array(3).fill((2 ** n - 1) / n));
    expect(new Set(firsts).size).toBe(3);
  });

  test("predictions do not depend on the batch size", async () => {
    const model = compiled();
    await model.fit(x, y, quiet);
    const all = await values(await model.predict(x, quiet));
    expect(await values(await model.predict(x, { ...quiet, batchSize: 7 }))).toEqual(all);
    const single: number[] = [];
    for (const row of x) single.push(...(await values(await model.predict([row], quiet))));
    expect(single).toEqual(all);
    expect(await values(await model.predictOnBatch(x))).toEqual(all);
  });

  test("evaluation does not depend on the batch size beyond rounding", async () => {
    const model = compiled();
    const [loss, accuracy] = (await model.evaluate(x, y, quiet)) as [number, number];
    const odd = await model.evaluate(x, y, { ...quiet, batchSize: 3 });
    expect(odd[0]).toBeCloseTo(loss, 6);
    expect(odd[1]).toBe(accuracy);
    const record = await model.evaluate(x, y, { ...quiet, returnDict: true });
    expect(record).toEqual({ accuracy, loss });
  });
});

describe("losses and weights of samples", () => {
  test("the printed loss has the penalties in it", async () => {
    const make = (regularized: boolean) => {
      const options = regularized ? { kernelRegularizer: { type: "L2", l2: 0.5 } } : {};
      const model = new Sequential([new Dense({ units: 1, inputShape: [2], ...options })], { seed: 2 });
      model.compile({ optimizer: new SGD({ learningRate: 0 }), loss: "mse" });
      return model;
    };
    const [plain, penalized] = [make(false), make(true)];
    penalized.setWeights(plain.getWeights());
    const [without] = (await plain.evaluate(x, y, quiet)) as [number];
    const [withPenalty] = (await penalized.evaluate(x, y, quiet)) as [number];
    const squares = [...plain.getWeights()[0]!].reduce((s, w) => s + w * w, 0);
    expect(withPenalty).toBeCloseTo(without + 0.5 * squares, 5);
    const { history } = await penalized.fit(x, y, { ...quiet, batchSize: 5 });
    expect(history.loss![0]).toBeCloseTo(withPenalty, 5);
  });

  test("a weight of 0 removes a row, classWeight is a weight by class", async () => {
    const model = compiled();
    const weight = y.map((_, i) => (i < 11 ? 2 : 0));
    const [weighted] = (await model.evaluate(x, y, { ...quiet, sampleWeight: weight })) as [number];
    const [half] = (await model.evaluate(x.slice(0, 11), y.slice(0, 11), quiet)) as [number];
    expect(weighted).toBeCloseTo(half, 5);
    const after = async (options: object) => {
      const m = compiled();
      await m.fit(x, y, { ...quiet, seed: 1, ...options });
      return flatWeights(m);
    };
    expect(await after({ classWeight: { 1: 3 } })).toEqual(
      await after({ sampleWeight: y.map((c) => (c === 1 ? 3 : 1)) }),
    );
    expect(await after({ classWeight: new Map([[1, 3]]) })).not.toEqual(await after({}));
  });

  test("weighted metrics are weighted, plain ones are not", async () => {
    const model = classifier();
    model.compile({
      loss: "sparseCategoricalCrossentropy",
      metrics: ["accuracy"],
      weightedMetrics: ["accuracy"],
    });
    const predicted = await model.predict(x, quiet);
    const classes = [...(await (predicted as Tensor).argmax(-1).data())];
    const weight = classes.map((c, i) => (c === y[i] ? 0 : 1));
    const logs = await model.evaluate(x, y, { ...quiet, sampleWeight: weight, returnDict: true });
    expect(logs.weighted_accuracy).toBe(0);
    expect(logs.accuracy).toBeCloseTo(weight.filter((w) => w === 0).length / 22, 6);
  });
});

describe("validation", () => {
  test("takes the last fraction before any shuffling", async () => {
    const model = compiled({ learningRate: 0 });
    const { history } = await model.fit(x, y, { ...quiet, validationSplit: 0.4 });
    const [loss, accuracy] = (await model.evaluate(x.slice(13), y.slice(13), quiet)) as [number, number];
    expect(history.val_loss![0]).toBeCloseTo(loss, 6);
    expect(history.val_accuracy![0]).toBe(accuracy);
  });

  test("can be rare, short, and from a stream", async () => {
    const model = compiled();
    const rare = await model.fit(x, y, { ...quiet, epochs: 4, validationData: [x, y], validationFreq: 2 });
    expect(rare.history.val_loss).toHaveLength(2);
    const listed = await model.fit(x, y, {
      ...quiet,
      epochs: 4,
      validationData: { x, y },
      validationFreq: [1, 4, 9],
    });
    expect(listed.history.val_loss).toHaveLength(2);
    const streamed = await model.fit(x, y, {
      ...quiet,
      validationData: () => [[x, y]] as never,
      validationSteps: 1,
    });
    expect(streamed.history.val_loss![0]).toBeCloseTo(
      ((await model.evaluate(x, y, quiet)) as number[])[0]!,
      5,
    );
  });

  test("warns of sorted labels", async () => {
    let text = "";
    const sorted = x.map((_, i) => (i < 11 ? 0 : i < 16 ? 1 : 2));
    const model = classifier(3);
    model.compile({ loss: "sparseCategoricalCrossentropy" });
    await model.fit(x, sorted, { verbose: 2, validationSplit: 0.3, print: (t) => void (text += t) });
    expect(text).toMatch(/labels are sorted/);
  });
});

describe("streams", () => {
  test("with stepsPerEpoch a pass goes on from epoch to epoch, and its end is told", async () => {
    let given = 0;
    function* endless(limit: number) {
      for (given = 0; given < limit; given++)
        yield [x.slice(given, given + 2), y.slice(given, given + 2)] as never;
    }
    const model = compiled();
    await model.fit(endless(1000), undefined, { ...quiet, epochs: 3, stepsPerEpoch: 4 });
    expect(given).toBe(12 - 1);
    let text = "";
    const short = await model.fit(endless(6), undefined, {
      verbose: 2,
      epochs: 3,
      stepsPerEpoch: 4,
      print: (t) => void (text += t),
    });
    expect(text).toMatch(/Your input ran out of data/);
    expect(short.epoch).toEqual([0, 1]);
  });

  test("a stream that throws, ends early or gives rubbish is a DataError with the batch (TR-6)", async () => {
    const model = compiled();
    const failing = async function* () {
      yield [x, y] as never;
      throw new Error("socket closed");
    };
    await expect(model.fit(failing(), undefined, quiet)).rejects.toThrow(/epoch 1, batch 2.*socket closed/);
    await expect(model.fit([] as never, undefined, quiet)).rejects.toMatchObject({ code: "data" });
    await expect(model.fit(() => [] as never, undefined, quiet)).rejects.toThrow(/there was no batch/);
    await expect(model.fit(() => [3] as never, undefined, quiet)).rejects.toThrow(/yield pairs/);
    await expect(model.fit(() => [[[[1, 2, 3]], [0]]] as never, undefined, quiet)).rejects.toMatchObject({
      code: "shape",
    });
    const never = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) };
    const signal = AbortSignal.timeout(5);
    await expect(model.fit(never, undefined, { ...quiet, signal })).rejects.toMatchObject({
      code: "cancelled",
    });
    await expect(model.fit(never, undefined, { ...quiet, stallLimit: 0.02 })).rejects.toMatchObject({
      code: "data",
      message: expect.stringMatching(/batch 1/),
    });
    await expect(model.fit(x, y, quiet)).resolves.toBeDefined();
  });
});

describe("single batches", () => {
  test("trainOnBatch is a step of fit; testOnBatch changes nothing", async () => {
    const [a, b] = [compiled(), compiled()];
    const before = flatWeights(a);
    const [loss] = (await a.testOnBatch(x, y)) as [number];
    expect(flatWeights(a)).toEqual(before);
    const [trainLoss, accuracy] = (await a.trainOnBatch(x, y)) as [number, number];
    expect(trainLoss).toBeCloseTo(loss, 6);
    expect(accuracy).toBeGreaterThanOrEqual(0);
    await b.fit(x, y, { ...quiet, batchSize: 22, shuffle: false });
    expect(flatWeights(a)).toEqual(flatWeights(b));
  });
});

test("bytes with a divisor are fractions, as labels too", async () => {
  const bytes = Uint8Array.from({ length: 24 }, (_, i) => (i * 37) % 256);
  const shape = [6, 4];
  const run = async (data: { data: Uint8Array | Float32Array; shape: number[]; divisor?: number }) => {
    const model = new Sequential([Input({ shape: [4] }), new Dense({ units: 4, activation: "sigmoid" })], {
      seed: 1,
    });
    model.compile({ optimizer: "sgd", loss: "binaryCrossentropy", metrics: ["mse"] });
    const { history } = await model.fit(data, data, { ...quiet, epochs: 2, batchSize: 4 });
    return [history, await model.evaluate(data, data, quiet)];
  };
  const fractions = { data: Float32Array.from(bytes, (v) => v / 255), shape };
  const [kept, wanted] = [await run({ data: bytes, shape, divisor: 255 }), await run(fractions)];
  expect(JSON.stringify(kept)).toBe(JSON.stringify(wanted));
});

test("a frozen layer stays as it is, and its penalty is left out", async () => {
  const penalty = { kernelRegularizer: { type: "L2", l2: 1 } } as const;
  const frozen = new Dense({ units: 4, activation: "tanh", inputShape: [2], ...penalty });
  const model = new Sequential([frozen, new Dense({ units: 1 })], { seed: 1 });
  model.compile({ optimizer: "adam", loss: "mse" });
  await model.fit(x, y, quiet);
  const [all] = (await model.evaluate(x, y, quiet)) as [number];
  const kept = frozen.getWeights().map((w) => [...w]);
  const squares = kept[0]!.reduce((s, w) => s + w * w, 0);
  frozen.trainable = false;
  const [rest] = (await model.evaluate(x, y, quiet)) as [number];
  expect(all - rest).toBeCloseTo(squares, 4);
  await model.fit(x, y, { ...quiet, epochs: 3 });
  expect(frozen.getWeights().map((w) => [...w])).toEqual(kept);
});

test("several inputs and outputs, with losses and metrics by name", async () => {
  const [left, right] = [Input({ shape: [2], name: "left" }), Input({ shape: [1], name: "right" })];
  const hidden = new Dense({ units: 4, activation: "relu" }).apply(left);
  const a = new Dense({ units: 2, activation: "softmax", name: "kind" }).apply(hidden);
  const b = new Dense({ units: 1, name: "size" }).apply(right);
  const model = new Model({ inputs: [left, right], outputs: [a, b], seed: 4 });
  model.compile({
    optimizer: "sgd",
    loss: { kind: "sparseCategoricalCrossentropy", size: "mse" },
    lossWeights: { kind: 1, size: 0.5 },
    metrics: { kind: ["accuracy"] },
  });
  const sizes = y.map((v) => [v * 2]);
  const { history } = await model.fit(
    { left: x, right: sizes },
    { kind: y, size: sizes },
    { ...quiet, epochs: 2 },
  );
  expect(Object.keys(history)).toEqual(["kind_accuracy", "kind_loss", "loss", "size_loss"]);
  expect(history.loss![1]).toBeCloseTo(history.kind_loss![1]! + 0.5 * history.size_loss![1]!, 5);
  const found = (await model.predict([x, sizes], quiet)) as Tensor[];
  expect(found.map((t) => t.shape)).toEqual([
    [22, 2],
    [22, 1],
  ]);
});

test("an array that is both data and labels is there once, and gives the bits of two", async () => {
  const data = Float32Array.from({ length: 60 }, (_, i) => (i % 7) / 7);
  const images = { data, shape: [20, 3] };
  const run = async (labels: typeof images) => {
    const model = new Sequential([Input({ shape: [3] }), new Dense({ units: 3 })], { seed: 1 });
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    const before = memory().buffers;
    let most = 0;
    const look = new LambdaCallback({
      onTrainBatchEnd: () => {
        most = Math.max(most, memory().buffers - before);
      },
    });
    await model.fit(images, labels, { ...quiet, batchSize: 8, epochs: 2, callbacks: [look] });
    return { weights: flatWeights(model), most };
  };
  const [once, twice] = [await run(images), await run({ data: data.slice(), shape: [20, 3] })];
  expect(once.weights).toEqual(twice.weights);
  expect(twice.most - once.most).toBe(1);
});

test("every call, failed ones too, leaves the memory as it was (MM-2)", async () => {
  const model = compiled();
  const bad = x.map((row, i) => (i === 9 ? [Number.NaN, 0] : row));
  const calls = async () => {
    await model.fit(x, y, { ...quiet, epochs: 2, validationSplit: 0.5 });
    await model.evaluate(x, y, quiet);
    await model.predict(x, quiet);
    await expect(model.fit(bad, y, quiet)).rejects.toMatchObject({ code: "numeric" });
    const fails = new LambdaCallback({
      onTrainBatchEnd: () => {
        throw new Error("stop");
      },
    });
    await expect(model.fit(x, y, { ...quiet, callbacks: fails })).rejects.toThrow(/stop/);
    const run = new Run(model, { x, y });
    for (let i = 0; i < 3; i++) await run.step();
    await run.close();
  };
  await calls();
  const { buffers, bytes } = memory();
  for (let i = 0; i < 3; i++) await calls();
  expect(memory()).toMatchObject({ buffers, bytes });
});

test("history is plain data", async () => {
  const { history, epoch, params } = await compiled().fit(x, y, {
    ...quiet,
    epochs: 2,
    validationSplit: 0.5,
  });
  expect(Object.keys(history)).toEqual(["accuracy", "loss", "val_accuracy", "val_loss"]);
  expect(epoch).toEqual([0, 1]);
  expect(params).toEqual({ verbose: 0, epochs: 2, steps: 1 });
});
