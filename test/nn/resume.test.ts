/** Stopping and going on: the same bits as a run that was never stopped, whatever else happens (DT-7). */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  Adam,
  Dense,
  decodeState,
  encodeState,
  LambdaCallback,
  Run,
  type RunState,
  readRunState,
  Sequential,
  SGD,
  type StateTree,
} from "../../src/nn/index.ts";
import { compareCuts, folder, made, settings, train, x, y } from "./resume-kit.ts";

test.each(Object.entries(settings))("cut inside an epoch and during validation: %s", async (_, setting) => {
  expect(await compareCuts(setting, [3, 6])).toBe(2);
});

test("what happens beside a run does not change it (DT-7)", async () => {
  const dir = folder();
  const setting = settings["SGD with averages and accumulation, a rate by epoch and plateau"]!;
  const straight = (await train(setting, { csv: join(dir, "a.csv") }))!;
  const other = made(new Adam(), "reference");
  const beside = new LambdaCallback({
    onTrainBatchEnd: async () => {
      await other.trainOnBatch(
        x,
        y.map((v) => [v]),
      );
    },
  });
  const watched = (await train(setting, { csv: join(dir, "b.csv"), beside: [beside] }))!;
  expect(watched.hash).toBe(straight.hash);
});

describe("Run.save and Run.restore", () => {
  const data = { x, y: y.map((v) => [v]) };
  const options = { epochs: 2, batchSize: 6, seed: 5, validationSplit: 0.3 };
  const start = (more: object = {}) =>
    new Run(made(new Adam({ learningRate: 0.05 }), "reference"), data, { ...options, ...more });
  const finish = async (run: Run) => {
    const events: string[] = [];
    while (!run.done) events.push((await run.step()).type);
    return { events, weights: run.model.getWeights().map((w) => [...w]) };
  };
  const after = async (steps: number): Promise<RunState> => {
    const run = start();
    for (let i = 0; i < steps; i++) await run.step();
    const state = run.save();
    await run.close();
    return readRunState(decodeState(encodeState(state as unknown as StateTree)), "test");
  };

  test("after any event, without callbacks", async () => {
    const straight = await finish(start());
    for (const steps of [1, 2, 3, 5, 6, 7, 8, 9, 10, straight.events.length - 1]) {
      const run = start();
      run.restore(await after(steps));
      const found = await finish(run);
      expect(found.weights).toEqual(straight.weights);
      const tail = found.events.slice(found.events[1] === "epochResume" ? 2 : 1);
      // A validation is gone through anew; all else is done once.
      const again = straight.events.slice(steps).join() === tail.join();
      expect(again || tail[0] === "validationBegin").toBe(true);
    }
  });

  test("refuses another run, and more epochs are no other run", async () => {
    const state = await after(4);
    const restored = async (run: Run) => {
      run.restore(state);
      return finish(run);
    };
    await expect(restored(start({ batchSize: 7 }))).rejects.toThrow(/another batchSize/);
    await expect(restored(start({ seed: 6 }))).rejects.toThrow(/another seed/);
    await expect(restored(start({ shuffle: false }))).rejects.toThrow(/another shuffle/);
    const sgd = new Run(made(new SGD(), "reference"), data, options);
    await expect(restored(sgd)).rejects.toThrow(/another optimizer/);
    const wide = new Sequential([new Dense({ units: 3, inputShape: [2] }), new Dense({ units: 1 })]);
    wide.compile({ optimizer: "adam", loss: "mse" });
    const error = await restored(new Run(wide, data, options)).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "checkpoint" });
    expect(String(error)).toMatch(/array 1 differs[\s\S]*\[2,3\][\s\S]*\[2,6\]/);
    expect((await restored(start({ epochs: 4 }))).events.filter((e) => e === "epochEnd")).toHaveLength(4);
    expect(() => start().save()).toThrow(/call step\(\) first/);
    expect(() => readRunState({ ...state, version: 9 } as unknown as StateTree, "f")).toThrow(/version 9/);
    expect(() => readRunState([], "f")).toThrow(/not the state of a training run/);
  });
});
