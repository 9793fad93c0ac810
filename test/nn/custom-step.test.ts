import { describe, expect, test } from "vitest";
import { gradient, key, randomNormal, randomUniform, type Tensor, tensor } from "../../src/core/index.ts";
import { NumericError, UsageError } from "../../src/ir/errors.ts";
import {
  Adam,
  BackupAndRestore,
  BatchNormalization,
  Dense,
  Dropout,
  ExponentialDecay,
  Input,
  LambdaCallback,
  LeakyReLU,
  Model,
  Sequential,
  SGD,
  type StepBatch,
  type StepTools,
} from "../../src/nn/index.ts";
import { testBackend as backend } from "../backends.ts";
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

/** Wasserstein GAN with gradient penalty (Gulrajani et al., 2017): two optimizers, a second derivative. */
class Gan extends Model {
  readonly generator = new Sequential(
    [
      Input({ shape: [2] }),
      new Dense({ units: 16 }),
      new LeakyReLU({ negativeSlope: 0.2 }),
      new Dense({ units: 1 }),
    ],
    { seed: 1 },
  );
  readonly critic = new Sequential(
    [
      Input({ shape: [1] }),
      new Dense({ units: 16 }),
      new LeakyReLU({ negativeSlope: 0.2 }),
      new Dropout({ rate: 0 }),
      new Dense({ units: 1 }),
    ],
    { seed: 2 },
  );
  readonly criticOptimizer = new Adam({ learningRate: 0.02, beta1: 0, beta2: 0.9 });

  override trainStep({ xs }: StepBatch, tools: StepTools): Record<string, Tensor> {
    const real = xs[0]!;
    let criticLoss = tensor(0);
    let penalty = tensor(0);
    for (const round of [0, 1]) {
      const noise = randomNormal(tools.key(`noise ${round}`), [tools.rows, 2]);
      const fake = tools.forward(this.generator, noise).stopGradient();
      const share = randomUniform(tools.key(`share ${round}`), [tools.rows, 1]);
      const between = real.mul(share).add(fake.mul(share.neg().add(1)));
      const [slope] = gradient(tools.forward(this.critic, between).sum(), [between]);
      penalty = slope!.square().sum(1).sqrt().sub(1).square().mean();
      const gap = tools.forward(this.critic, fake).mean().sub(tools.forward(this.critic, real).mean());
      criticLoss = gap.add(penalty);
      tools.minimize(criticLoss, this.critic, this.criticOptimizer);
    }
    const noise = randomNormal(tools.key("noise"), [tools.rows, 2]);
    const score = tools.forward(this.critic, tools.forward(this.generator, noise)).mean();
    tools.minimize(score.neg(), this.generator);
    return { criticLoss, penalty, generatorLoss: score.neg() };
  }
}

describe("adversarial networks", () => {
  const real = randomNormal(key(3), [64, 1]).mul(0.3).add(1.5);

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

  test("the generator learns where the data are", async () => {
    const gan = new Gan();
    gan.compile({ optimizer: new Adam({ learningRate: 0.02, beta1: 0, beta2: 0.9 }), backend: "wasm" });
    await gan.fit(real, undefined, { epochs: 200, batchSize: 64, verbose: 0, seed: 1 });
    const made = (await gan.generator.predict(randomNormal(key(9), [256, 2]), { verbose: 0 })) as Tensor;
    const values = [...made.dataSync()];
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    expect(Math.abs(mean - 1.5)).toBeLessThan(0.5);
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
