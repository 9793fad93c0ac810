import { describe, expect, test } from "vitest";
import { compile, tensor, variable } from "../../src/core/index.ts";
import type { Callback, LearningRateSchedule, Optimizer } from "../../src/nn/index.ts";
import {
  Adam,
  ExponentialDecay,
  getOptimizer,
  LambdaCallback,
  optimizers,
  SGD,
  SwapEMAWeights,
  schedules,
} from "../../src/nn/index.ts";
import { readGroups } from "../../src/nn/optimizers/groups.ts";
import { optimizerFromConfig } from "../../src/nn/optimizers/index.ts";
import { blobs, classifier, flatWeights, recorded } from "./training-kit.ts";

interface Recorded {
  optimizers: {
    initial: number[][];
    shapes: number[][];
    gradients: number[][][];
    cases: {
      type: string;
      config: Record<string, unknown>;
      after: number[][][];
      names: string[];
      state: number[][];
    }[];
  };
  schedules: {
    steps: number[];
    cases: {
      type: string;
      config: Record<string, never>;
      values: number[];
      saved: Record<string, unknown>;
    }[];
  };
}

const keras = recorded<Recorded>("keras-training.json");
const { initial, shapes, gradients } = keras.optimizers;

/** Plays the recorded gradients; returns the weights after every step. */
async function play(optimizer: Optimizer): Promise<number[][][]> {
  const weights = initial.map((values, i) =>
    variable(tensor(values, { shape: shapes[i]! }), { name: ["kernel", "bias"][i]! }),
  );
  optimizer.build(weights);
  const names = Object.keys(optimizer.scalars());
  const specs = [...shapes, ...names.map(() => [])].map((shape) => ({ shape, dtype: "float32" as const }));
  const step = compile(
    (...inputs) => {
      const scalars = Object.fromEntries(names.map((n, i) => [n, inputs[2 + i]!]));
      optimizer.apply(inputs.slice(0, 2), weights, scalars);
      return {};
    },
    { inputs: specs },
  );
  const after: number[][][] = [];
  for (const g of gradients) {
    await step(...g.map((values) => Float32Array.from(values)), ...Object.values(optimizer.scalars()));
    optimizer.advance();
    after.push(weights.map((w) => [...w.read()]));
  }
  return after;
}

function closeTo(found: readonly number[], wanted: readonly number[], relative: number): void {
  expect(found.length).toBe(wanted.length);
  found.forEach((v, i) => {
    expect(Math.abs(v - wanted[i]!)).toBeLessThanOrEqual(relative * Math.abs(wanted[i]!) + relative);
  });
}

describe("optimizers do what Keras's do", () => {
  test.each(keras.optimizers.cases)("$type $config", async ({ type, config, after, names, state }) => {
    const optimizer = optimizerFromConfig({
      class_name: type,
      config: { learning_rate: type === "SGD" ? 0.01 : 0.001, ...config },
    });
    const found = await play(optimizer);
    found.forEach((weights, step) => {
      weights.forEach((values, i) => {
        closeTo(values, after[step]![i]!, 2e-6);
      });
    });
    const own = optimizer.weights();
    // Keras gives Nadam's product of momenta no name.
    const wanted = names.map((name) => name.replace(/^variable(_\d+)?$/, "u_product"));
    expect(own.map((w) => w.name.split("/").at(-1))).toEqual(wanted);
    own.forEach((w, i) => {
      closeTo([...w.read()], state[i]!, 2e-6);
    });
  });

  test("every optimizer has a recorded case", () => {
    expect(new Set(keras.optimizers.cases.map((c) => c.type))).toEqual(new Set(Object.keys(optimizers)));
  });

  test.each(keras.optimizers.cases)("$type $config survives its configuration", ({ type, config }) => {
    const made = optimizerFromConfig({ class_name: type, config: { learning_rate: 0.25, ...config } });
    expect(optimizerFromConfig({ class_name: type, config: made.config() }).config()).toEqual(made.config());
  });
});

describe("parameter groups", () => {
  test("have a learning rate and decay of their own", async () => {
    const groups = [{ match: "bias", learningRate: 0.5, weightDecay: 0 }];
    const [plain, grouped, other] = [
      await play(new SGD({ learningRate: 0.1, weightDecay: 0.01 })),
      await play(new SGD({ learningRate: 0.1, weightDecay: 0.01, groups })),
      await play(new SGD({ learningRate: 0.5 })),
    ];
    expect(grouped.map((w) => w[0])).toEqual(plain.map((w) => w[0]));
    expect(grouped.map((w) => w[1])).toEqual(other.map((w) => w[1]));
    const schedule = new ExponentialDecay({ initialLearningRate: 1, decaySteps: 1, decayRate: 0.5 });
    const adam = new Adam({ groups: [{ match: ["conv*/*", "*/bias"], learningRate: schedule }] });
    const before = adam.scalars();
    adam.advance();
    expect(adam.scalars()["group0/alpha"]! / before["group0/alpha"]!).toBeLessThan(0.6);
  });

  test("match ends of paths", () => {
    const groupOf = readGroups("SGD", [{ match: "conv1/*" }, { match: ["*/bias", "a.b"] }]);
    const paths = ["conv1/kernel", "model/conv1/bias", "myconv1/kernel", "dense/bias", "a.b", "axb"];
    expect(paths.map(groupOf)).toEqual([0, 0, -1, 1, 1, -1]);
  });
});

describe("averages of weights", () => {
  test("are what fit leaves, and can be looked at during validation", async () => {
    const train = async (callbacks: Callback[]) => {
      const model = classifier();
      const optimizer = new SGD({ learningRate: 0.5, useEma: true, emaMomentum: 0.5 });
      model.compile({ optimizer, loss: "sparseCategoricalCrossentropy" });
      const { x, y } = blobs(8);
      let last: number[] = [];
      const onTrainBatchEnd = () => {
        last = flatWeights(model);
      };
      const history = await model.fit(x, y, {
        verbose: 0,
        epochs: 3,
        validationData: [x, y],
        callbacks: [new LambdaCallback({ onTrainBatchEnd }), ...callbacks],
      });
      const [loss] = await model.evaluate(x, y, { verbose: 0 });
      return {
        last,
        after: flatWeights(model),
        averages: optimizer.weights().slice(2),
        history,
        loss: loss!,
      };
    };
    const plain = await train([]);
    expect(plain.after).not.toEqual(plain.last);
    expect(plain.after).toEqual(plain.averages.flatMap((w) => [...w.read()]));
    const swapped = await train([new SwapEMAWeights()]);
    expect(swapped.after).toEqual(plain.after);
    expect(swapped.history.history.val_loss!.at(-1)).toBeCloseTo(swapped.loss, 6);
    expect(plain.history.history.val_loss!.at(-1)).not.toBeCloseTo(plain.loss, 3);
    const epochs = await train([new SwapEMAWeights({ swapOnEpoch: true })]);
    expect(epochs.after).toEqual(plain.after);
    const model = classifier();
    model.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
    const callbacks = new SwapEMAWeights();
    const call = model.fit([[1, 2]], [0], { verbose: 0, validationData: [[[1, 2]], [0]], callbacks });
    await expect(call).rejects.toThrow(/useEma: true/);
  });
});

describe("schedules", () => {
  test.each(keras.schedules.cases)("$type $config", ({ type, config, values, saved }) => {
    const table = new Map<string, { fromConfig(c: Record<string, never>): LearningRateSchedule }>(
      Object.entries(schedules),
    );
    const schedule = table.get(type)!.fromConfig(config);
    keras.schedules.steps.forEach((step, i) => {
      expect(schedule.at(step)).toBeCloseTo(values[i]!, 6);
    });
    expect(schedule.config).toEqual(saved);
    expect(table.get(type)!.fromConfig(schedule.config as Record<string, never>).config).toEqual(
      schedule.config,
    );
  });

  test("an optimizer follows its schedule and saves it", () => {
    const sgd = new SGD({
      learningRate: new ExponentialDecay({ initialLearningRate: 1, decaySteps: 1, decayRate: 0.5 }),
    });
    expect(sgd.learningRate).toBe(1);
    sgd.advance();
    expect(sgd.learningRate).toBe(0.5);
    expect(sgd.weights().map((w) => w.name)).toEqual([`${sgd.name}/iteration`]);
    const again = optimizerFromConfig({ class_name: "SGD", config: sgd.config() });
    expect(again.schedule?.config).toEqual(sgd.schedule?.config);
    expect(() => {
      sgd.learningRate = 3;
    }).toThrow(/drop the schedule/);
  });
});

describe("misuse", () => {
  test("is a UsageError that says what to do", () => {
    expect(() => getOptimizer("adm")).toThrow(/did you mean `Adam`/);
    expect(() => new Adam({ clipnorm: 1, clipvalue: 1 })).toThrow(/keep the one you need/);
    expect(() => new Adam({ gradientAccumulationSteps: 1 })).toThrow(/2 or more/);
    expect(() => new Adam({ useEma: true, emaMomentum: 2 })).toThrow(/from 0 to 1/);
    expect(() => new Adam({ emaOverwriteFrequency: 0.5 })).toThrow(/whole number of steps/);
    expect(() => new Adam({ groups: [{ match: "" }] })).toThrow(/groups\[0\]/);
    expect(() => new Adam({ groups: [{ match: "a", lr: 1 } as never] })).toThrow(
      /learningRate and weightDecay/,
    );
    expect(() => new SGD({ lr: 0.1 } as never)).toThrow(/unknown option lr/);
    expect(() => new SGD({ learningRate: Number.NaN })).toThrow(/learningRate: 0.001/);
    expect(() => schedules.PolynomialDecay.fromConfig({ decay_steps: 0 } as never)).toThrow(/above 0/);
    expect(() => new schedules.PiecewiseConstantDecay({ boundaries: [1], values: [1] })).toThrow(
      /one more value/,
    );
    expect(() => optimizerFromConfig({ class_name: "constructor", config: {} })).toThrow(/not known here/);
  });
});
