import { describe, expect, test } from "vitest";
import { compile, tensor, variable } from "../../src/core/index.ts";
import type { LearningRateSchedule, Optimizer } from "../../src/nn/index.ts";
import { Adam, ExponentialDecay, getOptimizer, optimizers, SGD, schedules } from "../../src/nn/index.ts";
import { optimizerFromConfig } from "../../src/nn/optimizers/index.ts";
import { recorded } from "./training-kit.ts";

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
    expect(own.map((w) => w.name.split("/").at(-1))).toEqual(names);
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
    expect(() => new SGD({ lr: 0.1 } as never)).toThrow(/unknown option lr/);
    expect(() => new SGD({ learningRate: Number.NaN })).toThrow(/learningRate: 0.001/);
    expect(() => schedules.PolynomialDecay.fromConfig({ decay_steps: 0 } as never)).toThrow(/above 0/);
    expect(() => new schedules.PiecewiseConstantDecay({ boundaries: [1], values: [1] })).toThrow(
      /one more value/,
    );
    expect(() => optimizerFromConfig({ class_name: "constructor", config: {} })).toThrow(/not known here/);
  });
});
