import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { UnsupportedError, UsageError } from "../../src/ir/errors.ts";
import { modelFromH5 } from "../../src/nn/files/index.ts";
import {
  Activation,
  Conv2D,
  Dense,
  Dropout,
  Flatten,
  GlobalAveragePooling2D,
  Input,
  MaxPooling2D,
} from "../../src/nn/layers/index.ts";
import { Model } from "../../src/nn/model.ts";
import { clearSession } from "../../src/nn/naming.ts";
import { Sequential } from "../../src/nn/sequential.ts";
import type { SummaryOptions } from "../../src/nn/summary.ts";

/** Printed by Keras 3.15 for the models below. */
const keras = JSON.parse(
  readFileSync(new URL("../reference/keras-summaries.json", import.meta.url), "utf8"),
) as Record<string, string>;

function lecture(): Sequential {
  return new Sequential([
    Input({ shape: [28, 28, 1] }),
    new Conv2D({ filters: 8, kernelSize: [3, 3], activation: "relu" }),
    new MaxPooling2D({ poolSize: [2, 2] }),
    new Flatten(),
    new Dense({ units: 16, activation: "relu" }),
    new Dense({ units: 10, activation: "softmax" }),
  ]);
}

function trained(): Sequential {
  const model = lecture();
  model.compile({ optimizer: "adam", loss: "categorical_crossentropy" });
  model.compiled!.optimizer.build(model.trainableWeights());
  return model;
}

function inner(): Sequential {
  return new Sequential([
    Input({ shape: [4] }),
    new Dense({ units: 3, activation: "relu" }),
    new Dropout({ rate: 0.5 }),
    new Dense({ units: 2 }),
  ]);
}

/** A model inside a model, a layer applied twice, a long name, frozen weights, two outputs. */
function branching(): Model {
  const model = inner();
  const inputs = Input({ shape: [4] });
  const h = model.apply(inputs);
  const shared = new Dense({ units: 2, name: "shared" });
  const twice = shared.apply(shared.apply(h));
  const long = new Dense({
    units: 2,
    name: "a_very_long_layer_name_that_goes_beyond_the_column_width",
    trainable: false,
  });
  const y = new Activation({ activation: "relu" }).apply(long.apply(twice));
  return new Model({ inputs, outputs: [y, h] });
}

function chain(): Model {
  const inputs = Input({ shape: [null, null, 3] });
  const y = new Conv2D({ filters: 2, kernelSize: 3, strides: 2 }).apply(inputs);
  return new Model({ inputs, outputs: new GlobalAveragePooling2D().apply(y) });
}

function frozen(): Sequential {
  const model = trained();
  model.layers[0]!.trainable = false;
  return model;
}

/** The models in the order in which Keras made them, because of the counters in their names. */
const session: [name: string, make: () => Model, options: SummaryOptions][] = [
  ["lecture_default", lecture, {}],
  ["lecture_fitted", trained, {}],
  ["lecture_trainable", trained, { showTrainable: true, lineLength: 90 }],
  ["lecture_narrow", trained, { lineLength: 50 }],
  ["lecture_positions", trained, { positions: [0.3, 0.6, 1], lineLength: 70 }],
  ["lecture_range", trained, { layerRange: ["max.*", "dense"], lineLength: 70 }],
  ["lecture_frozen", frozen, { showTrainable: true, lineLength: 80 }],
  ["unbuilt", () => new Sequential([new Dense({ units: 3 }), new Flatten()]), { lineLength: 80 }],
  ["branch_default", branching, { columns: 200 }],
  ["branch_nested", branching, { expandNested: true, showTrainable: true, columns: 200 }],
  ["branch_100", branching, { lineLength: 100 }],
  ["branch_80", branching, {}],
];

describe("today's layout, as Keras prints it", () => {
  test.each(session)("%s", (name, make, options) => {
    clearSession();
    expect(make().summary(options)).toBe(keras[name]!.trimEnd());
  });

  test("names go on counting through a session", () => {
    clearSession();
    branching();
    const nested = new Sequential([inner(), new Dense({ units: 1 })]);
    expect(nested.name).toBe("sequential_2");
    clearSession();
    const branch = branching();
    const stack = new Sequential([branch.layers[1] as Sequential, new Dense({ units: 1 })]);
    expect(stack.summary({ expandNested: true })).toBe(keras.nested_seq!.trimEnd());
    const third = chain();
    expect(third.name).toBe("functional_3");
    expect(third.summary()).toBe(keras.chain_functional!.trimEnd());
    const batch = Input({ shape: [4], batchSize: 7 });
    const heads = new Model({
      inputs: batch,
      outputs: [new Dense({ units: 2 }).apply(batch), new Dense({ units: 3 }).apply(batch)],
    });
    expect(heads.summary()).toBe(keras.two_heads!.trimEnd());
    const x = Input({ shape: [4] });
    const plain = new Model({ inputs: x, outputs: new Dense({ units: 1 }).apply(x), name: "plain" });
    expect(plain.summary({ lineLength: 80 })).toBe(keras.plain!.trimEnd());
  });

  test("what does not fit is refused", () => {
    const model = lecture();
    expect(() => model.summary({ lineLength: 10 })).toThrow(/`lineLength` larger/);
    expect(() => model.summary({ positions: [0.5, 1] })).toThrow(UsageError);
    expect(() => model.summary({ layerRange: ["none", "dense"] })).toThrow(/no layer matches/);
    expect(() => model.summary({ layerRange: ["(", "dense"] })).toThrow(UsageError);
  });
});

describe("the slide's layout", () => {
  const row = (a: string, b: string, c: string) => a.padEnd(29) + b.padEnd(26) + c.padEnd(10);
  const rule = "_".repeat(65);

  test("character for character, built a second time in the session", () => {
    clearSession();
    lecture();
    expect(lecture().summary({ style: "legacy" })).toBe(
      [
        'Model: "sequential_1"',
        rule,
        row("Layer (type)", "Output Shape", "Param #"),
        "=".repeat(65),
        row("conv2d_1 (Conv2D)", "(None, 26, 26, 8)", "80"),
        rule,
        row("max_pooling2d_1 (MaxPooling2 ", "(None, 13, 13, 8)", "0"),
        rule,
        row("flatten_1 (Flatten)", "(None, 1352)", "0"),
        rule,
        row("dense_2 (Dense)", "(None, 16)", "21648"),
        rule,
        row("dense_3 (Dense)", "(None, 10)", "170"),
        "=".repeat(65),
        "Total params: 21,898",
        "Trainable params: 21,898",
        "Non-trainable params: 0",
        rule,
      ].join("\n"),
    );
  });

  test("branching models have a line for each connection", () => {
    clearSession();
    const lines = branching().summary({ style: "legacy" }).split("\n");
    expect(lines.every((l) => l.length <= 98)).toBe(true);
    expect(lines[2]).toBe(
      "Layer (type)".padEnd(32) +
        "Output Shape".padEnd(21) +
        "Param #".padEnd(12) +
        "Connected to".padEnd(33),
    );
    const at = lines.findIndex((l) => l.startsWith("shared (Dense)"));
    expect(lines[at]!.trimEnd().endsWith("sequential[0][0]")).toBe(true);
    expect(lines[at + 1]!.trim()).toBe("shared[0][0]");
  });

  test("has no columns that Keras 2 had not", () => {
    expect(() => lecture().summary({ style: "legacy", showTrainable: true })).toThrow(UsageError);
  });
});

const folder = new URL("../../../shared/reference/keras/", import.meta.url);

describe.skipIf(!existsSync(folder))("reference models (skipped where ../shared is absent)", () => {
  const files = existsSync(folder) ? readdirSync(folder).filter((f) => f.endsWith(".h5")) : [];

  test.for(files)("%s", async (file, { skip }) => {
    try {
      const model = await modelFromH5(readFileSync(new URL(file, folder)));
      const wanted = readFileSync(new URL(file.replace(".h5", ".summary.txt"), folder), "utf8");
      expect(model.summary({ lineLength: 80 })).toBe(wanted.trimEnd());
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error;
      skip(`there is no layer ${error.got}`);
    }
  });
});
