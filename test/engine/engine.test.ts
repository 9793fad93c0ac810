/** The engine of a page over a channel within one process: what is sent, what comes back, how it ends. */
import { afterAll, describe, expect, test } from "vitest";
import { Engine, type EngineModel, type Port, serveEngine } from "../../src/browser/index.ts";
import { memory, tensor } from "../../src/core/index.ts";
import {
  CancelledError,
  NumericError,
  ShapeError,
  UnsupportedError,
  UsageError,
} from "../../src/ir/errors.ts";
import {
  Adam,
  clearSession,
  cloneModel,
  Dense,
  Dropout,
  Input,
  Layer,
  Sequential,
} from "../../src/nn/index.ts";
import { blobs } from "../nn/training-kit.ts";

const channels: InstanceType<typeof MessageChannel>[] = [];
afterAll(() => {
  for (const { port1 } of channels) port1.close();
});

/** An engine whose worker is this thread, with tasks of its own. */
async function engine(): Promise<Engine> {
  const channel = new MessageChannel();
  channels.push(channel);
  const { port1, port2 } = channel;
  const opened = Engine.over(port1 as unknown as Port);
  serveEngine({
    port: port2 as unknown as Port,
    tasks: {
      count: async (to: number, { report, signal }) => {
        for (let i = 0; i < to && !signal.aborted; i++) {
          report(i);
          await new Promise((resume) => setTimeout(resume, 1));
        }
        return "counted";
      },
      fail: () => {
        throw new RangeError("as a task may");
      },
    },
  });
  for (const port of [port1, port2]) port.start();
  return opened;
}

const { x, y } = blobs(40);
const column = y.map((v) => [v]);
const options = { epochs: 3, batchSize: 8, seed: 4 } as const;

function made(): Sequential {
  clearSession();
  const layers = [
    Input({ shape: [2] }),
    new Dense({ units: 8, activation: "relu" }),
    new Dropout({ rate: 0.2 }),
    new Dense({ units: 1, activation: "sigmoid" }),
  ];
  const model = new Sequential(layers, { seed: 3 });
  model.compile({
    optimizer: new Adam({ learningRate: 0.02 }),
    loss: "binaryCrossentropy",
    metrics: ["accuracy"],
    backend: "reference",
  });
  return model;
}

const bits = (weights: readonly Float32Array[]) => weights.map((w) => [...w]);

describe("a model in an engine", () => {
  test("is trained, measured and used with the bits of one that is not, and brought back with its optimizer", async () => {
    const here = made();
    const straight = await here.fit(x, column, { ...options, validationSplit: 0.25, verbose: 0 });
    const source = made();
    const e = await engine();
    const there: EngineModel = await e.model(source);
    const events: string[] = [];
    const { history } = await there.fit(tensor(x), column, {
      ...options,
      validationSplit: 0.25,
      onEvent: (event) => void events.push(event.type),
    });
    expect(history).toEqual(straight.history);
    expect(events.filter((t) => t !== "batchEnd")).toEqual(
      Array.from({ length: 3 }, () => ["epochBegin", "epochEnd"]).flat(),
    );
    expect(events).toContain("batchEnd");
    expect(bits(await there.getWeights())).toEqual(bits(here.getWeights()));
    const found = (await there.predict(x)) as { data(): Promise<ArrayLike<number>>; shape: unknown };
    expect(found.shape).toEqual([40, 1]);
    const mine = (await here.predict(x, { verbose: 0 })) as typeof found;
    expect([...((await found.data()) as Float32Array)]).toEqual([...((await mine.data()) as Float32Array)]);
    expect(await there.evaluate(x, column)).toEqual(
      await here.evaluate(x, column, { verbose: 0, returnDict: true }),
    );
    // What comes back goes on as if it had been here all the time.
    await there.copyTo(source);
    const more = { ...options, epochs: 4, initialEpoch: 3, verbose: 0 } as const;
    await source.fit(x, column, more);
    await here.fit(x, column, more);
    expect(bits(source.getWeights())).toEqual(bits(here.getWeights()));
    // And so does what is sent a second time, with the state of its optimizer.
    const again = await e.model(source);
    await again.fit(x, column, { ...options, epochs: 5, initialEpoch: 4 });
    await here.fit(x, column, { ...options, epochs: 5, initialEpoch: 4, verbose: 0 });
    expect(bits(await again.getWeights())).toEqual(bits(here.getWeights()));
  });

  test("takes callbacks as data, ends on a signal, keeps its weights", async () => {
    const e = await engine();
    const there = await e.model(made());
    const early = await there.fit(x, column, {
      ...options,
      epochs: 50,
      callbacks: [{ type: "EarlyStopping", monitor: "loss", patience: 0, minDelta: 10 }],
    });
    expect(early.epoch.length).toBeLessThan(4);
    const controller = new AbortController();
    const stopped = there.fit(x, column, {
      ...options,
      epochs: 100_000,
      signal: controller.signal,
      onEvent: (event) => event.type === "epochEnd" && controller.abort(),
    });
    await expect(stopped).rejects.toThrow(CancelledError);
    expect(Object.keys(await there.evaluate(x, column))).toEqual(["accuracy", "loss"]);
    const [kernel] = await there.getWeights();
    expect(kernel!.every(Number.isFinite)).toBe(true);
  });

  test("gives its errors with their classes and parts", async () => {
    const e = await engine();
    const there = await e.model(made());
    await expect(there.fit([[1, 2, 3]], [[1]])).rejects.toThrow(ShapeError);
    const error = await there.fit([[Number.NaN, 1]], [[1]]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NumericError);
    expect(error).toMatchObject({ code: "numeric", details: { row: 0 } });
    await expect(there.fit(x, column, { callbacks: [{ type: "Nothing" } as never] })).rejects.toThrow(
      /EarlyStopping/,
    );
    const batches = () => [[x, column]] as never;
    await expect(there.fit(batches as never)).rejects.toThrow(/serveEngine/);
    await there.fit(x, column, options);
    const { buffers } = memory("reference");
    await there.dispose();
    expect(memory("reference").buffers).toBeLessThan(buffers);
    await expect(there.predict(x)).rejects.toThrow(/disposed/);
  });

  test("must be built, and hold no code", async () => {
    const e = await engine();
    await expect(e.model(new Sequential([new Dense({ units: 1 })]))).rejects.toThrow(UsageError);
    const coded = made();
    coded.compile({ loss: (_, p) => p.square() });
    await expect(e.model(coded)).rejects.toThrow(UnsupportedError);
    class Own extends Layer {
      static override readonly type = "Own";
      call(t: never) {
        return t;
      }
    }
    const own = new Sequential([
      Input({ shape: [2] }),
      new Own({} as never) as never,
      new Dense({ units: 1 }),
    ]);
    await expect(e.model(own)).rejects.toThrow(/Own/);
    const alone = await e.model(cloneModel(made()));
    expect(((await alone.predict(x)) as { shape: unknown }).shape).toEqual([40, 1]);
  });
});

describe("tasks of one's own", () => {
  test("report on their way, and are stopped", async () => {
    const e = await engine();
    const seen: number[] = [];
    const all = await e.call("count", 3, { onEvent: (n) => void seen.push(n) });
    expect([all, seen]).toEqual(["counted", [0, 1, 2]]);
    const controller = new AbortController();
    const onEvent = (n: number) => n === 2 && controller.abort();
    await expect(e.call("count", 1e9, { signal: controller.signal, onEvent })).rejects.toThrow(
      CancelledError,
    );
    await expect(e.call("count", 1e9, { signal: AbortSignal.abort() })).rejects.toThrow(CancelledError);
    await expect(e.call("fail")).rejects.toThrow(/as a task may/);
    const never = e.call("count", { to: () => 3 });
    await expect(never).rejects.toThrow(UsageError);
    await expect(never).rejects.toThrow(/plain data/);
    await expect(e.call("conut")).rejects.toThrow(/did you mean `count`/);
  });

  test("end with the engine", async () => {
    const e = await engine();
    const under = e.call("count", 1e9);
    e.close();
    await expect(under).rejects.toThrow(/closed/);
    await expect(e.call("count", 1)).rejects.toThrow(/openEngine/);
  });
});
