/** Operations beside layers in functional models, as Keras saves them: what they give, and that they go back as they came. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Tensor, tensor } from "../../src/core/index.ts";
import type { JsonObject, JsonValue } from "../../src/formats/json.ts";
import { deserializeModel } from "../../src/nn/deserialize.ts";
import { cloneModel, Dense, Input, Model } from "../../src/nn/index.ts";
import { OperationArguments } from "../../src/nn/operation-arguments.ts";
import { operations } from "../../src/nn/operations.ts";
import { serialize } from "../../src/nn/serialize.ts";
import { verdict } from "../formats/damage.ts";

interface Case {
  readonly name: string;
  readonly config: JsonObject;
  readonly output: readonly number[];
  readonly shape: readonly number[];
}

const recorded = JSON.parse(
  readFileSync(new URL("../reference/keras-operations.json", import.meta.url), "utf8"),
) as { readonly input: readonly number[]; readonly cases: readonly Case[] };
const x = { data: Float32Array.from(recorded.input), shape: [3, 2, 4] };

interface Entry {
  readonly class_name: string;
  readonly module: string;
  readonly config: JsonObject;
  readonly inbound_nodes: JsonValue;
}
const entriesOf = (config: JsonValue) =>
  ((config as JsonObject).config as unknown as { readonly layers: readonly Entry[] }).layers.filter((e) =>
    e.module.startsWith("keras.src.ops."),
  );

describe("operations as Keras 3 recorded them", () => {
  test.each(recorded.cases.map((c) => [c.name, c] as const))("%s", async (_, { config, output, shape }) => {
    const model = deserializeModel(config);
    for (const made of [model, cloneModel(model)]) {
      const found = (await made.predict(x, { verbose: 0 })) as Tensor;
      expect(found.shape).toEqual(shape);
      [...found.dataSync()].forEach((v, i) => {
        expect(Math.abs(v - output[i]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(output[i]!)));
      });
    }
    const written = JSON.parse(JSON.stringify(serialize(model, "native"))) as JsonValue;
    // Arguments by name that were not given are null in Keras's files and left out of ours.
    const given = (nodes: JsonValue) => (nodes as { args: JsonValue }[]).map(({ args }) => args);
    const parts = ({ class_name, module, config, inbound_nodes }: Entry) =>
      [class_name, module, config, given(inbound_nodes)] as const;
    expect(entriesOf(written).map(parts)).toEqual(entriesOf(config).map(parts));
  });

  test("every operation was recorded", () => {
    const used = new Set(recorded.cases.flatMap((c) => entriesOf(c.config).map((e) => e.class_name)));
    expect([...operations.keys()].filter((name) => !used.has(name))).toEqual([]);
  });
});

test("a number before an infinite tensor is that number", () => {
  const of = (name: string) => {
    const given = new OperationArguments(name, [1, tensor([Infinity, -Infinity, 2])], {});
    return [...operations.get(name)!.compute(given).dataSync()];
  };
  expect(of("Subtract")).toEqual([-Infinity, Infinity, -1]);
  expect(of("TrueDivide")).toEqual([0, -0, 0.5]);
});

describe("what is not known is refused", () => {
  const changed = (change: (entry: Record<string, JsonValue>) => void): JsonValue => {
    const config = structuredClone(recorded.cases[0]!.config);
    change(entriesOf(config)[0] as unknown as Record<string, JsonValue>);
    return config;
  };
  const cases: readonly (readonly [string, (entry: Record<string, JsonValue>) => void, RegExp])[] = [
    ["another operation", (e) => void (e.class_name = "Cumsumm"), /the operation is not known/],
    [
      "an array as an argument",
      (e) => {
        const [node] = e.inbound_nodes as unknown as { args: JsonValue[] }[];
        node!.args[1] = { class_name: "__numpy__", config: { value: [1] } };
      },
      /this kind of argument/,
    ],
    ["no call at all", (e) => void (e.inbound_nodes = []), /never called/],
  ];
  test.each(cases)("%s", (_, change, message) => {
    expect(() => deserializeModel(changed(change))).toThrow(message);
  });
});

test("a layer that models in one another share, as Keras marks it, is one layer again", async () => {
  const shared = new Dense({ units: 4, name: "shared" });
  const i = Input({ shape: [4] });
  const inner = new Model({ inputs: i, outputs: shared.apply(i), name: "inner" });
  const outer = Input({ shape: [4] });
  const model = new Model({ inputs: outer, outputs: shared.apply(inner.apply(outer)), seed: 1 });
  const config = JSON.parse(JSON.stringify(serialize(model, "native")));
  // As Keras marks what it has written before.
  const entry = config.config.layers.find((e: { name: string }) => e.name === "shared");
  entry.shared_object_id = 140421169657040;
  const again = deserializeModel(config);
  expect(again.countParams()).toBe(20);
  again.setWeights(model.getWeights());
  const one = { data: Float32Array.of(1, -2, 3, 0.5), shape: [1, 4] };
  const [found, wanted] = [again, model].map((m) => m.predict(one, { verbose: 0 }) as Promise<Tensor>);
  expect([...(await found!).dataSync()]).toEqual([...(await wanted!).dataSync()]);
});

test("anything anywhere in the entry of an operation gives a model or a typed error", () => {
  const slice = { class_name: "__slice__", config: {} };
  const values: JsonValue[] = [null, true, -1, 1.5, 1e9, "x", [], {}, [[]], [1, 2, 3], slice];
  let tried = 0;
  for (const { name, config } of recorded.cases) {
    const whole = structuredClone(config);
    const tryAll = (node: JsonValue, set: (value: JsonValue) => void): void => {
      for (const value of values) {
        if (tried++ % 47 !== 0) continue;
        set(value);
        verdict(name, () => deserializeModel(structuredClone(whole)));
      }
      set(node);
      if (typeof node !== "object" || node === null) return;
      const inside = node as Record<string, JsonValue>;
      for (const key of Object.keys(node)) tryAll(inside[key]!, (value) => (inside[key] = value));
    };
    for (const entry of entriesOf(whole)) {
      const parts = entry as unknown as Record<string, JsonValue>;
      for (const key of Object.keys(parts)) tryAll(parts[key]!, (value) => (parts[key] = value));
    }
  }
  expect(tried).toBeGreaterThan(20_000);
});
