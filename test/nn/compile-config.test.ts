import { describe, expect, test } from "vitest";
import { packModel, unpackModel } from "../../src/browser/parcel.ts";
import type { Tensor } from "../../src/core/index.ts";
import {
  Adam,
  CompiledState,
  type CompileOptions,
  ConfusionMatrix,
  compileOptionsFromConfig,
  Dense,
  ExponentialDecay,
  Input,
  losses,
  metrics,
  Sequential,
  SGD,
  trainingConfig,
} from "../../src/nn/index.ts";

const schedule = new ExponentialDecay({ initialLearningRate: 0.1, decaySteps: 5, decayRate: 0.5 });

describe("what compile was told survives a Keras file", () => {
  const told: [string, CompileOptions, unknown, unknown][] = [
    [
      "words",
      { loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] },
      "sparse_categorical_crossentropy",
      ["accuracy"],
    ],
    [
      "short names are written out, because Keras cannot read them back",
      { loss: "mse", metrics: ["mae"] },
      "mean_squared_error",
      [
        {
          class_name: "MeanAbsoluteError",
          config: { name: "mae", dtype: "float32", from_logits: undefined },
        },
      ],
    ],
    [
      "objects",
      {
        loss: new losses.CategoricalCrossentropy({ labelSmoothing: 0.1 }),
        metrics: [new metrics.BinaryAccuracy({ name: "b", threshold: 0.3 })],
      },
      {
        class_name: "CategoricalCrossentropy",
        config: {
          name: "categorical_crossentropy",
          reduction: "sum_over_batch_size",
          from_logits: false,
          label_smoothing: 0.1,
          axis: -1,
        },
      },
      [{ class_name: "BinaryAccuracy", config: { name: "b", dtype: "float32", threshold: 0.3 } }],
    ],
    [
      "by output",
      { loss: { a: "mse", b: null }, metrics: { a: ["accuracy"] } },
      { a: "mean_squared_error", b: null },
      { a: ["accuracy"] },
    ],
    [
      "metrics of our own are left out",
      { loss: "bce", metrics: ["acc", new ConfusionMatrix()] },
      "binary_crossentropy",
      ["acc"],
    ],
    ["nothing", {}, null, null],
  ];

  test.each(told)("%s", (_, options, loss, metric) => {
    const saved = JSON.parse(JSON.stringify(trainingConfig(new CompiledState(options))));
    expect(saved.loss).toEqual(JSON.parse(JSON.stringify(loss)));
    expect(saved.metrics).toEqual(JSON.parse(JSON.stringify(metric)));
    const again = trainingConfig(new CompiledState(compileOptionsFromConfig(saved)));
    const { optimizer_config: _o, loss: lossAgain, ...rest } = JSON.parse(JSON.stringify(again));
    const { optimizer_config: __, loss: lossSaved, ...wanted } = saved;
    expect(rest).toEqual(wanted);
    // A name comes back as the loss it names.
    if (typeof lossSaved === "object") expect(typeof lossAgain).toBe("object");
  });

  test("the optimizer, with its schedule", () => {
    for (const optimizer of [new SGD({ learningRate: schedule }), new Adam({ beta1: 0.5, clipnorm: 1 })]) {
      const saved = JSON.parse(JSON.stringify(trainingConfig(new CompiledState({ optimizer, loss: "mse" }))));
      expect(saved.optimizer_config.class_name).toBe(optimizer.type);
      const { optimizer: found } = compileOptionsFromConfig(saved);
      expect((found as SGD).config()).toEqual(optimizer.config());
    }
  });

  test("a loss of the user's own cannot be saved", () => {
    expect(trainingConfig(new CompiledState({ loss: (t, p) => p.sub(t).mean(-1) }))).toBeUndefined();
  });

  test("names that Keras 2 wrote are understood, strange ones refused (EX-1)", () => {
    const wrapper = {
      class_name: "MeanMetricWrapper",
      config: { name: "acc", dtype: "float32", fn: "categorical_accuracy" },
    };
    const { metrics: found } = compileOptionsFromConfig({
      loss: "mse",
      metrics: [[wrapper]],
      loss_weights: null,
    });
    expect((found as unknown as { name: string; type: string }[][])[0]![0]).toMatchObject({
      name: "acc",
      type: "CategoricalAccuracy",
    });
    for (const name of ["constructor", "__proto__", "toString", "os.system"]) {
      expect(() => compileOptionsFromConfig({ loss: name })).toThrow(/not known here/);
      expect(() => compileOptionsFromConfig({ loss: "mse", metrics: [name] })).toThrow(/not known here/);
      const optimizer_config = { class_name: name, config: {} };
      expect(() => compileOptionsFromConfig({ loss: "mse", optimizer_config })).toThrow(/not known here/);
    }
  });
});

describe("a model that is sent to the engine of a page", () => {
  const made = (chosen: CompileOptions["metrics"]) => {
    const model = new Sequential([Input({ shape: [2] }), new Dense({ units: 3, activation: "softmax" })], {
      seed: 1,
    });
    model.compile({ optimizer: "sgd", loss: "categoricalCrossentropy", metrics: chosen });
    return model;
  };
  const x = Array.from({ length: 12 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
  const y = x.map((_, i) => [0, 1, 2].map((k) => Number(i % 3 === k)));

  test("keeps the metrics that Keras does not have", async () => {
    const model = made([new metrics.ConfusionMatrix({ classes: 3 }), new metrics.ExactAUC({ curve: "PR" })]);
    const sent = unpackModel(structuredClone(packModel(model)), undefined, {});
    const options = { verbose: 0, returnDict: true } as const;
    const found = await sent.evaluate(x, y, options);
    expect(Object.keys(found)).toEqual(["confusion_matrix", "exact_auc", "loss"]);
    expect(found).toEqual(await model.evaluate(x, y, options));
  });

  test("refuses a metric that is code", () => {
    const ones = (_: Tensor, predicted: Tensor) => predicted.sum(-1);
    expect(() => packModel(made([ones as never]))).toThrow(/a metric that is a function/);
  });
});
