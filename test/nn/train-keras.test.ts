/** Whole runs recorded with Keras 3.15: every optimizer with its options, schedules, weights of samples, callbacks. */
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../src/formats/json.ts";
import {
  type CompileOptions,
  compileOptionsFromConfig,
  deserializeModel,
  EarlyStopping,
  optimizers,
  ReduceLROnPlateau,
  schedules,
} from "../../src/nn/index.ts";
import { camelCase } from "../../src/nn/naming.ts";
import { testBackend as backend } from "../backends.ts";
import { recorded } from "./training-kit.ts";

/** Numbers stand for entries of `data`: JSON, or float32 in base64. */
interface Recorded {
  readonly data: string[];
  readonly runs: {
    readonly name: string;
    readonly model: number;
    readonly training: { readonly optimizer_config: { readonly class_name: string } };
    readonly initial: number;
    readonly fit: Record<string, unknown>;
    readonly sampleWeight?: number;
    readonly callback?: readonly [string, Record<string, unknown>];
    readonly x: { readonly shape: number[]; readonly data: number };
    readonly y: readonly { readonly shape: number[]; readonly data: number }[];
    readonly history: Record<string, number[]>;
    readonly evaluate: Record<string, number>;
    readonly final: string;
  }[];
}

const keras = recorded<Recorded>("keras-runs.json");
const floats = (base64: string) => new Float32Array(Uint8Array.from(Buffer.from(base64, "base64")).buffer);
const array = ({ shape, data }: { shape: number[]; data: number }) => ({
  shape,
  data: floats(keras.data[data]!),
});
const camel = (options: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(options).map(([key, value]) => [camelCase(key), value]));

const callbacks = {
  EarlyStopping: (o: object) => new EarlyStopping(o),
  ReduceLROnPlateau: (o: object) => new ReduceLROnPlateau(o),
};

describe("runs are Keras's: losses and metrics to 1e-4, weights to 5e-4", () => {
  test.each(keras.runs)("$name", async (run) => {
    const model = deserializeModel(JSON.parse(keras.data[run.model]!) as JsonValue);
    const options: CompileOptions = compileOptionsFromConfig(run.training as never);
    model.compile({ ...options, backend });
    const values = [...floats(keras.data[run.initial]!)];
    model.setWeights(model.getWeights().map((w) => values.splice(0, w.length)));
    const y = run.y.map(array);
    const labels = y.length === 1 ? y[0]! : y;
    const [name, given = {}] = run.callback ?? [];
    const made = Object.entries(callbacks).filter(([type]) => type === name);
    const { history } = await model.fit(array(run.x), labels, {
      ...camel(run.fit),
      ...(run.sampleWeight !== undefined && { sampleWeight: floats(keras.data[run.sampleWeight]!) }),
      shuffle: false,
      verbose: 0,
      callbacks: made.map(([, make]) => make(camel(given))),
    });
    expect(Object.keys(history)).toEqual(Object.keys(run.history));
    const close = (got: number | undefined, want: number, at: string) => {
      expect(Math.abs(got! - want), `${at}: ${got}, ${want}`).toBeLessThan(1e-4 * Math.abs(want) + 1e-6);
    };
    for (const [key, wanted] of Object.entries(run.history)) {
      expect(history[key]!.length, key).toBe(wanted.length);
      wanted.forEach((v, i) => {
        close(history[key]![i], v, `${key}[${i}]`);
      });
    }
    const evaluated = await model.evaluate(array(run.x), labels, {
      batchSize: 11,
      verbose: 0,
      returnDict: true,
    });
    for (const [key, v] of Object.entries(run.evaluate)) close(evaluated[key], v, key);
    const final = floats(run.final);
    const found = model.getWeights().flatMap((w) => [...w]);
    expect(found.length).toBe(final.length);
    found.forEach((v, i) => {
      expect(Math.abs(v - final[i]!), `weight ${i}`).toBeLessThan(5e-4);
    });
  });

  test("every optimizer and schedule has a run", () => {
    const text = JSON.stringify(keras.runs.map((r) => r.training));
    for (const name of [...Object.keys(optimizers), ...Object.keys(schedules)]) {
      expect(text.includes(`"class_name":"${name}"`), name).toBe(true);
    }
  });
});
