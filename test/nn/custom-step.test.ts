import { describe, expect, test } from "vitest";
import type { Tensor } from "../../src/core/index.ts";
import { NumericError, UsageError } from "../../src/ir/errors.ts";
import {
  Adam,
  BackupAndRestore,
  BatchNormalization,
  Dense,
  ExponentialDecay,
  Input,
  LambdaCallback,
  Model,
  Sequential,
  SGD,
  type StepBatch,
  type StepTools,
} from "../../src/nn/index.ts";
import { testBackend as backend } from "../backends.ts";
import { Gan, real } from "./gan.ts";
import { folder } from "./resume-kit.ts";

const x = { data: Float32Array.of(1, 2, 3, -1, 0.5, 2, 0, 1, -2), shape: [3, 3] };
const y = Float32Array.of(1, 0, 2);

/** The usual step, said again. */
class Usual extends Sequential {
  override trainStep({ xs, ys }: StepBatch, tools: StepTools): Record<string, Tensor> {
    const loss = tools.forward(this, xs[0]!).squeeze(-1).sub(ys[0]!).square().mean();
    tools.minimize(loss.add(tools.penalties(this)), this);
    return { loss };
  }
}

describe("a step of one's own", () => {
  const layers = () => [
    Input({ shape: [3] }),
    new Dense({ units: 4, activation: "tanh", kernelRegularizer: "l2" }),
    new BatchNormalization(),
    new Dense({ units: 1 }),
  ];

  test("does what the usual one does", async () => {
    const own = new Usual(layers(), { seed: 2 });
    const usual = new Sequential(layers(), { seed: 2 });
    for (const model of [own, usual]) {
      model.compile({ optimizer: new Adam({ learningRate: 0.1 }), loss: "mse", backend });
      await model.fit(x, y, { epochs: 4, batchSize: 2, shuffle: false, verbose: 0 });
    }
    const [a, b] = [own.getWeights(), usual.getWeights()];
    a.forEach((w, i) => {
      w.forEach((v, k) => {
        expect(Math.abs(v - b[i]![k]!)).toBeLessThan(1e-5);
      });
    });
    expect(own.compiled!.optimizer.iterations).toBe(8);
    const history = await own.fit(x, y, { epochs: 2, verbose: 0 });
    expect(Object.keys(history.history)).toEqual(["loss"]);
    expect(await own.trainOnBatch(x, y)).toHaveLength(1);
  });

  test("a step that is not finite changes nothing and says so", async () => {
    const model = new Usual(layers(), { seed: 2 });
    model.compile({ optimizer: "sgd", loss: "mse", backend });
    const before = model.getWeights();
    const bad = { data: x.data.map((v) => v * 1e30), shape: x.shape };
    await expect(model.trainOnBatch(bad, [1e30, 0, -1e30])).rejects.toThrow(NumericError);
    expect(model.getWeights()).toEqual(before);
    expect(model.compiled!.optimizer.iterations).toBe(0);
  });

  test("what makes no sense is refused", async () => {
    class Wrong extends Model {
      override trainStep({ xs }: StepBatch, tools: StepTools): Record<string, Tensor> {
        tools.minimize(xs[0]!, new Dense({ units: 1 }));
        return {};
      }
    }
    const model = new Wrong();
    model.compile({ backend });
    await expect(model.fit(x, undefined, { verbose: 0 })).rejects.toThrow(UsageError);
  });
});

describe("adversarial networks", () => {
  test("two optimizers take turns on weights of their own", async () => {
    const gan = new Gan();
    gan.compile({ optimizer: new Adam({ learningRate: 0.005, beta1: 0.5 }), backend });
    const [critic, generator] = [gan.critic.getWeights(), gan.generator.getWeights()];
    const history = await gan.fit(real, undefined, { epochs: 2, batchSize: 16, verbose: 0, seed: 1 });
    expect(Object.keys(history.history).sort()).toEqual(["criticLoss", "generatorLoss", "penalty"]);
    expect(gan.criticOptimizer.iterations).toBe(16);
    expect(gan.compiled!.optimizer.iterations).toBe(8);
    expect(gan.critic.getWeights()).not.toEqual(critic);
    expect(gan.generator.getWeights()).not.toEqual(generator);
    const again = new Gan();
    again.compile({ optimizer: new Adam({ learningRate: 0.005, beta1: 0.5 }), backend });
    await again.fit(real, undefined, { epochs: 2, batchSize: 16, verbose: 0, seed: 1 });
    expect(again.generator.getWeights()).toEqual(gan.generator.getWeights());
  });

  test("cut anywhere and resumed, both optimizers go on as if nothing had been", async () => {
    const start = () => {
      const gan = new Gan();
      const rate = new ExponentialDecay({ initialLearningRate: 0.01, decaySteps: 3, decayRate: 0.5 });
      gan.compile({ optimizer: new SGD({ learningRate: rate, momentum: 0.9 }), backend });
      return gan;
    };
    const options = { batchSize: 16, verbose: 0, seed: 1 } as const;
    const ends = async (gan: Gan) => {
      // An epoch more shows what the slots hold.
      await gan.fit(real, undefined, { ...options, initialEpoch: 2, epochs: 3 });
      const steps = [gan.criticOptimizer.iterations, gan.compiled!.optimizer.iterations];
      return { steps, weights: [...gan.critic.getWeights(), ...gan.generator.getWeights()] };
    };
    const straight = start();
    await straight.fit(real, undefined, { ...options, epochs: 2 });
    const middle = [straight.critic.getWeights(), straight.generator.getWeights()] as const;
    const wanted = await ends(straight);
    expect(wanted.steps).toEqual([24, 12]);
    for (const stopAfter of [1, 3, 4, 6, 7]) {
      const backup = folder();
      const controller = new AbortController();
      let batches = 0;
      const stop = new LambdaCallback({
        onTrainBatchEnd: () => {
          if (++batches === stopAfter) controller.abort("test");
        },
      });
      const { signal } = controller;
      const callbacks = [new BackupAndRestore(backup), stop];
      const cut = start().fit(real, undefined, { ...options, epochs: 2, signal, callbacks });
      await expect(cut).rejects.toMatchObject({ code: "cancelled" });
      const resumed = start();
      await resumed.fit(real, undefined, {
        ...options,
        epochs: 2,
        callbacks: [new BackupAndRestore(backup)],
      });
      expect(await ends(resumed), `after ${stopAfter}`).toEqual(wanted);
    }
    // The weights alone would not do.
    const bare = start();
    bare.critic.setWeights(middle[0]);
    bare.generator.setWeights(middle[1]);
    expect((await ends(bare)).weights).not.toEqual(wanted.weights);
  });
});

test("a frozen part lets gradients through to what is before it", async () => {
  const head = new Sequential([Input({ shape: [4] }), new Dense({ units: 1 })], { seed: 1 });
  head.trainable = false;
  const body = new Sequential([Input({ shape: [3] }), new Dense({ units: 4 })], { seed: 2 });
  const model = new Sequential([Input({ shape: [3] }), body, head]);
  model.compile({ optimizer: new SGD({ learningRate: 0.1 }), loss: "mse", backend });
  const [before, kept] = [body.getWeights(), head.getWeights()];
  await model.trainOnBatch(x, y);
  expect(head.getWeights()).toEqual(kept);
  expect(body.getWeights()).not.toEqual(before);
});
