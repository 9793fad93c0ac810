/** Over 400 lines: every file form with its damage. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Tensor, tensor } from "../../src/core/index.ts";
import { type H5Group, h5At, h5Dataset, h5Group, readH5, writeH5 } from "../../src/formats/h5.ts";
import type { JsonValue } from "../../src/formats/json.ts";
import {
  DataError,
  FormatError,
  ShapeError,
  TendrilError,
  UnsupportedError,
  UsageError,
} from "../../src/ir/errors.ts";
import { callContext } from "../../src/nn/context.ts";
import { deserialize, deserializeModel } from "../../src/nn/deserialize.ts";
import {
  loadModel,
  loadWeights,
  modelFromH5,
  modelToH5,
  saveModel,
  saveWeights,
  weightsFromH5,
  weightsToH5,
} from "../../src/nn/files/index.ts";
import { readNames, writeNames } from "../../src/nn/files/names.ts";
import { Layer } from "../../src/nn/layer.ts";
import { Dense, Input, Maxout } from "../../src/nn/layers/index.ts";
import { Model } from "../../src/nn/model.ts";
import { Sequential } from "../../src/nn/sequential.ts";
import { serialize } from "../../src/nn/serialize.ts";
import { testBackend as backend } from "../backends.ts";

function outputs(model: Model, xs: readonly Tensor[]): number[][] {
  return model.forward(xs, callContext()).map((y) => [...y.dataSync({ backend })]);
}

function near(got: readonly number[], want: ArrayLike<number>): void {
  expect(got.length).toBe(want.length);
  got.forEach((g, i) => {
    expect(Math.abs(g - want[i]!)).toBeLessThanOrEqual(1e-5 + 1e-4 * Math.abs(want[i]!));
  });
}

async function failure(promise: Promise<unknown>): Promise<TendrilError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof TendrilError) {
      expect(error.try, error.message).toBeDefined();
      return error;
    }
    throw error;
  }
  throw new Error("nothing was thrown");
}

const fixture = (name: string) => readFileSync(new URL(`../reference/${name}`, import.meta.url));

function small(seed = 1): Sequential {
  return new Sequential(
    [Input({ shape: [4] }), new Dense({ units: 3, activation: "tanh" }), new Dense({ units: 2 })],
    { seed },
  );
}

describe("files made by Keras 3.15", () => {
  const wanted = JSON.parse(String(fixture("keras-everything.json"))) as {
    inputs: [number[], number[]][];
    outputs: [number[], number[]][];
  };
  const xs = wanted.inputs.map(([shape, values]) => tensor(values, { shape }));

  test("a model with every layer, shared and nested ones and four outputs", async () => {
    const model = await modelFromH5(fixture("keras-everything.h5"));
    outputs(model, xs).forEach((y, i) => {
      near(y, wanted.outputs[i]![1]);
    });
  });

  test("its weights alone, over others", async () => {
    const model = await modelFromH5(fixture("keras-everything.h5"));
    for (const w of model.weights()) w.write(new Float32Array(w.read().length));
    await weightsFromH5(model, fixture("keras-everything.weights.h5"));
    near(outputs(model, xs)[0]!, wanted.outputs[0]![1]);
    for (const w of model.weights()) w.write(new Float32Array(w.read().length));
    await loadWeights(model, fixture("keras-everything.h5"));
    near(outputs(model, xs)[3]!, wanted.outputs[3]![1]);
  });

  const folder = new URL("../../../shared/reference/keras/", import.meta.url);
  const names = existsSync(folder) ? readdirSync(folder).filter((f) => f.endsWith(".h5")) : [];

  test.skipIf(names.length === 0).for(names)(
    "reference %s (skipped where ../shared is absent)",
    async (name, { skip }) => {
      try {
        const model = await modelFromH5(readFileSync(new URL(name, folder)), { name });
        const about = JSON.parse(readFileSync(new URL(name.replace(".h5", ".json"), folder), "utf8"));
        const bytes = readFileSync(new URL(name.replace(".h5", ".bin"), folder));
        const values = new Float32Array(
          bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
        );
        const count = (about.inputs[0] as number[]).reduce((a, b) => a * b, 1);
        const x = tensor(values.slice(0, count), { shape: about.inputs[0] });
        near(outputs(model, [x])[0]!, values.slice(count));
        expect(model.weights().map((w) => [w.name.split("/").slice(-2).join("/"), w.shape])).toEqual(
          about.weights.map(([path, shape]: [string, number[]]) => [
            path.split("/").slice(-2).join("/"),
            shape,
          ]),
        );
      } catch (error) {
        if (!(error instanceof UnsupportedError)) throw error;
        skip(`there is no layer ${error.got}`);
      }
    },
  );
});

/** What Keras 2 wrote, put together by hand: `batch_input_shape`, element types as words, calls as lists. */
describe("files made by Keras 2", () => {
  function keras2(
    modelConfig: unknown,
    weights: Record<string, Record<string, [number[], number[]]>>,
  ): Promise<Uint8Array> {
    const root = h5Group();
    root.attrs.set("keras_version", "2.3.1");
    root.attrs.set("model_config", JSON.stringify(modelConfig));
    const group = h5Group();
    group.attrs.set("layer_names", Object.keys(weights));
    for (const [layer, arrays] of Object.entries(weights)) {
      const inner = h5Group();
      const outer = h5Group();
      outer.attrs.set(
        "weight_names",
        Object.keys(arrays).map((name) => `${layer}/${name}`),
      );
      for (const [name, [shape, values]] of Object.entries(arrays)) {
        inner.datasets.set(name, h5Dataset(Float32Array.from(values), shape));
      }
      outer.groups.set(layer, inner);
      group.groups.set(layer, outer);
    }
    root.groups.set("model_weights", group);
    return writeH5(root);
  }

  const initializer = {
    class_name: "VarianceScaling",
    config: { scale: 1, mode: "fan_avg", distribution: "uniform", seed: null },
  };
  const dense = (name: string, units: number, more = {}) => ({
    class_name: "Dense",
    config: {
      name,
      trainable: true,
      dtype: "float32",
      units,
      activation: "relu",
      use_bias: true,
      kernel_initializer: initializer,
      bias_initializer: { class_name: "Zeros", config: {} },
      kernel_regularizer: { class_name: "L1L2", config: { l1: 0, l2: 0.01 } },
      bias_regularizer: null,
      activity_regularizer: null,
      kernel_constraint: null,
      bias_constraint: null,
      ...more,
    },
  });
  const weights = {
    "kernel:0": [
      [2, 2],
      [1, 2, 3, 4],
    ],
    "bias:0": [[2], [0.5, -100]],
  } as Record<string, [number[], number[]]>;

  test("a stack: with a name, as a bare list, with an InputLayer", async () => {
    const stacks = [
      {
        class_name: "Sequential",
        config: { name: "old", layers: [dense("d", 2, { batch_input_shape: [null, 2] })] },
      },
      { class_name: "Sequential", config: [dense("d", 2, { batch_input_shape: [null, 2] })] },
      {
        class_name: "Sequential",
        config: {
          name: "old",
          layers: [
            {
              class_name: "InputLayer",
              config: {
                batch_input_shape: [null, 2],
                dtype: "float32",
                sparse: false,
                ragged: false,
                name: "in",
              },
            },
            dense("d", 2),
          ],
        },
      },
      {
        class_name: "Sequential",
        config: { name: "old", layers: [dense("d", 2)], build_input_shape: [null, 2] },
      },
    ];
    for (const config of stacks) {
      const model = await modelFromH5(await keras2(config, { d: weights }));
      expect(outputs(model, [tensor([[1, 1]])])).toEqual([[4.5, 0]]);
    }
  });

  test("a graph: calls as lists, a layer called twice, a model inside", async () => {
    const input = (name: string) => ({
      class_name: "InputLayer",
      name,
      config: { batch_input_shape: [null, 2], dtype: "float32", sparse: false, name },
      inbound_nodes: [],
    });
    const inner = {
      class_name: "Model",
      name: "inner",
      config: {
        name: "inner",
        layers: [
          input("inner_in"),
          { ...dense("inner_dense", 2), name: "inner_dense", inbound_nodes: [[["inner_in", 0, 0, {}]]] },
        ],
        input_layers: [["inner_in", 0, 0]],
        output_layers: [["inner_dense", 0, 0]],
      },
      inbound_nodes: [[["twice", 1, 0, {}]]],
    };
    const config = {
      class_name: "Model",
      config: {
        name: "net",
        layers: [
          input("in"),
          {
            ...dense("twice", 2),
            name: "twice",
            inbound_nodes: [[["in", 0, 0, {}]], [["twice", 0, 0, { training: null }]]],
          },
          inner,
          {
            class_name: "LeakyReLU",
            config: { name: "leaky", trainable: true, dtype: "float32", alpha: 0.5 },
            name: "leaky",
            inbound_nodes: [[["inner", 1, 0, {}]]],
          },
        ],
        input_layers: [["in", 0, 0]],
        output_layers: [
          ["leaky", 0, 0],
          ["inner", 1, 0],
        ],
      },
    };
    const nested = {
      "kernel:0": [
        [2, 2],
        [-1, 0, 0, 1],
      ],
      "bias:0": [[2], [0, 1]],
    } as typeof weights;
    const model = await modelFromH5(
      await keras2(config, { in: {}, twice: weights, inner: nested, leaky: {} }),
    );
    // [1, 1] → relu([4.5, -94]) → relu([5, -91]) → relu([-5, 1])
    expect(outputs(model, [tensor([[1, 1]])])).toEqual([
      [0, 1],
      [0, 1],
    ]);
    expect((model.layers[3]!.config as { negativeSlope: number }).negativeSlope).toBe(0.5);
  });
});

describe("round trips", () => {
  test("weights are matched by order, not by name", async () => {
    const one = small(1);
    const other = small(2);
    expect(other.layers[0]!.name).not.toBe(one.layers[0]!.name);
    await weightsFromH5(other, await modelToH5(one));
    expect(other.getWeights()).toEqual(one.getWeights());
    await weightsFromH5(other, await weightsToH5(small(3)));
    expect(other.getWeights()).toEqual(small(3).getWeights());
  });

  test("the optimizer's state and what compile was told", async () => {
    const model = small();
    model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
    await model.trainOnBatch([[1, 2, 3, 4]], [[1, 0]]);
    await model.trainOnBatch([[0, 2, 1, 4]], [[1, 2]]);
    const again = await modelFromH5(await modelToH5(model));
    const state = (m: Model) => m.compiled!.optimizer.weights().map((w) => [w.name, ...w.read()]);
    expect(state(again)).toEqual(state(model));
    expect(again.compiled!.optimizer.iterations).toBe(2);
    expect(again.summary()).toBe(model.summary());
    const bare = await modelFromH5(await modelToH5(model), { compile: false });
    expect(bare.compiled).toBeUndefined();
    const without = await modelFromH5(await modelToH5(model, { includeOptimizer: false }));
    expect(without.compiled).toBeUndefined();
    const next = (m: Model) => m.trainOnBatch([[1, 0, 1, 0]], [[0, 0]]);
    expect(await next(again)).toEqual(await next(model));
    expect(again.getWeights()).toEqual(model.getWeights());
  });

  test("a loss saved as a word, which Keras itself cannot read back", async () => {
    const model = small();
    model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
    const root = await readH5(await modelToH5(model));
    const config = JSON.parse(root.attrs.get("training_config") as string);
    root.attrs.set("training_config", JSON.stringify({ ...config, loss: "mse", metrics: ["mae"] }));
    const again = await modelFromH5(await writeH5(root));
    expect(await again.evaluate([[1, 2, 3, 4]], [[0, 1]], { verbose: 0 })).toHaveLength(2);
  });

  test("layers of our own are registered under our name", async () => {
    const model = new Sequential([Input({ shape: [3] }), new Maxout({ units: 2 })]);
    const bytes = await modelToH5(model);
    const config = String((await readH5(bytes)).attrs.get("model_config"));
    expect(config).toContain('"tendril>Maxout"');
    expect((await modelFromH5(bytes)).layers[0]).toBeInstanceOf(Maxout);
  });

  test("layers of the user's own come by a Map", async () => {
    class Twice extends Layer {
      static override readonly type = "Twice";
      override call(x: Tensor): Tensor {
        return x.mul(2);
      }
    }
    const model = new Sequential([Input({ shape: [2] }), new Twice()]);
    const bytes = await modelToH5(model);
    expect((await failure(modelFromH5(bytes))).message).toMatch(/class Twice(.|\n)*customObjects/);
    const again = await modelFromH5(bytes, { customObjects: new Map([["Twice", Twice]]) });
    expect(outputs(again, [tensor([[1, 2]])])).toEqual([[2, 4]]);
  });

  test("a class that computes in code saves weights only", async () => {
    class Net extends Model {
      readonly first = new Dense({ units: 3 });
      override call(x: Tensor | Tensor[]): Tensor {
        return this.first.forward([x as Tensor], callContext())[0]!;
      }
    }
    const net = new Net();
    net.forward([tensor([[1, 2]])], callContext());
    expect(() => modelToH5(net)).toThrow(UnsupportedError);
    const other = new Net({ seed: 5 });
    other.forward([tensor([[1, 2]])], callContext());
    await weightsFromH5(other, await weightsToH5(net));
    expect(other.getWeights()).toEqual(net.getWeights());
  });

  test("long lists of names are cut in pieces", () => {
    const names = Array.from({ length: 9000 }, (_, i) => `layer_${i}`);
    const group = h5Group();
    writeNames(group, "layer_names", names);
    expect([...group.attrs.keys()]).toEqual(["layer_names0", "layer_names1", "layer_names2"]);
    expect(readNames(group, "layer_names", "file")).toEqual(names);
  });

  test("through files", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tendril-"));
    try {
      const model = small();
      await saveModel(model, join(folder, "m.h5"));
      expect((await loadModel(join(folder, "m.h5"))).getWeights()).toEqual(model.getWeights());
      await saveWeights(model, join(folder, "m.weights.h5"));
      const other = small(2);
      await other.loadWeights(join(folder, "m.weights.h5"));
      expect(other.getWeights()).toEqual(model.getWeights());
      await saveModel(model, join(folder, "m.keras"));
      expect((await loadModel(join(folder, "m.keras"))).getWeights()).toEqual(model.getWeights());
      expect(readdirSync(folder).sort()).toEqual(["m.h5", "m.keras", "m.weights.h5"]);
      expect(await failure(saveModel(model, join(folder, "m.onnx")))).toBeInstanceOf(UsageError);
      expect(await failure(saveModel(model, join(folder, "m.weights.h5")))).toBeInstanceOf(UsageError);
      expect(await failure(saveWeights(model, join(folder, "m.h5")))).toBeInstanceOf(UsageError);
      expect(await failure(loadModel(join(folder, "none.h5")))).toBeInstanceOf(DataError);
      writeFileSync(join(folder, "m.keras"), Uint8Array.of(0x50, 0x4b, 3, 4));
      expect(await failure(loadModel(join(folder, "m.keras")))).toBeInstanceOf(FormatError);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("files that do not fit or are damaged", () => {
  test("other shapes and numbers of layers change nothing", async () => {
    const bytes = await modelToH5(small());
    const weights = await weightsToH5(small());
    const others = [
      new Sequential([Input({ shape: [4] }), new Dense({ units: 3 }), new Dense({ units: 5 })]),
      new Sequential([Input({ shape: [4] }), new Dense({ units: 3 })]),
      new Sequential([
        Input({ shape: [4] }),
        new Dense({ units: 3, useBias: false }),
        new Dense({ units: 2 }),
      ]),
    ];
    for (const other of others) {
      const before = other.getWeights();
      const byOrder = await failure(weightsFromH5(other, bytes));
      expect(byOrder).toBeInstanceOf(ShapeError);
      expect(byOrder.message).toMatch(/expected(.|\n)*got/);
      if (other.layers.length === 2) {
        expect(await failure(weightsFromH5(other, weights))).toBeInstanceOf(ShapeError);
      }
      expect(other.getWeights()).toEqual(before);
    }
  });

  test.each([0, 7, 100, 600, 2000, 5000])("cut after %i bytes", async (length) => {
    const bytes = await modelToH5(small());
    const error = await failure(modelFromH5(bytes.slice(0, length), { name: "cut.h5" }));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toContain("cut.h5");
  });

  test("parts that are missing or of the wrong kind", async () => {
    const edit = async (change: (root: H5Group) => void) => {
      const root = await readH5(await modelToH5(small()));
      change(root);
      return failure(modelFromH5(await writeH5(root)));
    };
    expect((await edit((r) => r.attrs.delete("model_config"))).message).toContain("holds no model");
    expect((await edit((r) => r.attrs.set("model_config", "{"))).message).toContain("JSON");
    expect((await edit((r) => r.attrs.set("model_config", 3))).code).toBe("format");
    expect((await edit((r) => r.groups.delete("model_weights"))).message).toContain("model_weights");
    const weights = (r: H5Group) => r.groups.get("model_weights")!;
    expect((await edit((r) => weights(r).attrs.set("layer_names", ["nothing"]))).message).toContain(
      "leads to nothing",
    );
    expect((await edit((r) => weights(r).attrs.set("layer_names", 5))).code).toBe("format");
    const first = (r: H5Group) => [...weights(r).groups.values()][0]!;
    expect((await edit((r) => first(r).attrs.set("weight_names", ["a/b"]))).message).toContain(
      "leads to nothing",
    );
    const kernel = (r: H5Group) => {
      const [path] = first(r).attrs.get("weight_names") as string[];
      const folder = h5At(first(r), path!.split("/").slice(0, -1).join("/")) as H5Group;
      return folder.datasets;
    };
    expect((await edit((r) => kernel(r).set("kernel", h5Dataset(new Float32Array(3))))).code).toBe("shape");
    expect((await edit((r) => kernel(r).set("kernel", h5Dataset(Array(12).fill("x"), [4, 3])))).code).toBe(
      "format",
    );
  });

  test("huge layers are refused by the size of their weights, before memory is taken for them", async () => {
    const root = await readH5(await modelToH5(small()));
    const text = root.attrs.get("model_config") as string;
    root.attrs.set("model_config", text.replace('"units":3', '"units":100000000'));
    expect((await failure(modelFromH5(await writeH5(root)))).code).toBe("shape");
  });
});

describe("configurations from strangers", () => {
  const config = (className: unknown, inner: unknown = {}): JsonValue =>
    ({
      class_name: "Sequential",
      config: { name: "s", layers: [{ class_name: className, config: inner, registered_name: className }] },
    }) as JsonValue;

  test.each(["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf", "Object", "Function"])(
    "the class %s is not known",
    (name) => {
      expect(() => deserialize(config(name, { name: "n" }))).toThrow(UnsupportedError);
      expect(() => deserialize(config(name, { name: "n" }))).toThrow(`layer "n" of class ${name}`);
    },
  );

  test.each([
    ["Lambda", { name: "l", function: { class_name: "__lambda__", config: { code: "4wEAAAAAAAAA" } } }],
    ["Lambda", { name: "l", function: ["4wEAAAAAAAAA", null, null], module: "__main__" }],
    ["TFSMLayer", { name: "t", filepath: "/etc/passwd", call_endpoint: "serve" }],
    ["TorchModuleWrapper", { name: "t", module: "gASV" }],
    ["StringLookup", { name: "s", vocabulary: "https://example.com/words" }],
    ["os>system", { name: "o", command: "true" }],
  ])("code and paths in %s are not touched", (className, inner) => {
    const error = (() => {
      try {
        deserialize(config(className, inner));
      } catch (e) {
        return e;
      }
    })();
    expect(error).toBeInstanceOf(UnsupportedError);
    expect((error as UnsupportedError).message).toContain(className);
    expect((error as UnsupportedError).message).toContain(inner.name);
  });

  test("functions, options and arguments that are not known", () => {
    const dense = { name: "d", units: 2 };
    expect(() => deserialize(config("Dense", { ...dense, activation: "constructor" }))).toThrow(FormatError);
    expect(() =>
      deserialize(config("Dense", { ...dense, activation: { class_name: "function", config: "evil" } })),
    ).toThrow(FormatError);
    expect(() =>
      deserialize(config("Dense", { ...dense, kernel_initializer: { class_name: "__proto__", config: {} } })),
    ).toThrow(UnsupportedError);
    expect(() =>
      deserialize(config("Dense", { ...dense, kernel_constraint: { class_name: "Evil", config: {} } })),
    ).toThrow(/there is no constraint "Evil"/);
    expect(() => deserialize(config("Dense", { ...dense, lora_rank: 4 }))).toThrow(UnsupportedError);
    expect(() => deserialize(config("Dense", { ...dense, dtype: "int8" }))).toThrow(UnsupportedError);
    expect(() => deserialize(config("Dense", { name: "d", units: -1 }))).toThrow(FormatError);
    expect(() => deserializeModel({ class_name: "Flatten", config: { name: "f" } })).toThrow(FormatError);
  });

  test("an activation written as a function is known by its name", () => {
    const activation = {
      module: "builtins",
      class_name: "function",
      config: "hard_silu",
      registered_name: "function",
    };
    const model = deserialize(config("Dense", { name: "d", units: 2, activation })) as Model;
    expect(model.layers[0]!.config).toMatchObject({ activation: "hardSilu" });
  });

  test("graphs with loops or missing parts", () => {
    const saved = JSON.parse(JSON.stringify(serialize(graph(), "legacy")));
    const layers = saved.config.layers as { name: string; inbound_nodes: { args: never[] }[] }[];
    const change = (edit: (s: typeof saved) => void) => {
      const copy = structuredClone(saved);
      edit(copy);
      return () => deserialize(copy);
    };
    expect(layers.length).toBe(3);
    const history = (s: typeof saved, i: number) =>
      s.config.layers[i].inbound_nodes[0].args[0].config.keras_history;
    expect(change((s) => (history(s, 1)[0] = s.config.layers[2].name))).toThrow(/loop/);
    expect(change((s) => (history(s, 1)[0] = "nobody"))).toThrow(FormatError);
    expect(change((s) => (history(s, 1)[1] = 9))).toThrow(/loop or a missing part/);
    expect(change((s) => (s.config.output_layers[1] = 7))).toThrow(FormatError);
    expect(change((s) => (s.config.layers[1].name = s.config.layers[2].name))).toThrow(/two layers/);
    expect(change((s) => (s.config.layers[1].inbound_nodes[0].kwargs.mask = 1))).toThrow(UnsupportedError);
    expect(change((s) => (s.config.layers[1].inbound_nodes[0].args = []))).toThrow(FormatError);
  });

  function graph(): Model {
    const inputs = Input({ shape: [2] });
    const outputs = new Dense({ units: 1 }).apply(new Dense({ units: 3, activation: "relu" }).apply(inputs));
    return new Model({ inputs, outputs });
  }

  test("any value anywhere gives a model or a typed error", () => {
    const strange: JsonValue[] = [null, true, -1, 0.5, 1e300, "", "x", "__proto__", [], [[]], {}, [null, -3]];
    let tried = 0;
    const visit = (value: JsonValue, rebuild: (v: JsonValue) => JsonValue): void => {
      for (const s of strange) {
        tried++;
        try {
          deserialize(rebuild(s));
        } catch (error) {
          if (!(error instanceof TendrilError))
            throw new Error(`${JSON.stringify(rebuild(s))}`, { cause: error });
          expect(error.code).not.toBe("internal");
        }
      }
      if (Array.isArray(value)) {
        value.forEach((v, i) => {
          visit(v, (n) => rebuild(value.map((old, k) => (k === i ? n : old))));
        });
      } else if (typeof value === "object" && value !== null) {
        for (const [k, v] of Object.entries(value)) visit(v, (n) => rebuild({ ...value, [k]: n }));
      }
    };
    for (const model of [graph(), small()]) {
      visit(JSON.parse(JSON.stringify(serialize(model, "legacy"))), (v) => v);
    }
    expect(tried).toBeGreaterThan(1500);
  });
});
