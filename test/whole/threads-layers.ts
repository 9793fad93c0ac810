/** Every layer trained for 50 steps by several numbers of threads: the same bits (reliability DT-3). */
import { afterAll, expect } from "vitest";
import { type BackendName, getBackend, key, randomNormal } from "../../src/core/index.ts";
import { Dense, Flatten, Input, Model } from "../../src/nn/index.ts";
import { type Sample, samples } from "../nn/layers-table.ts";

/** The numbers of threads that are compared with one. */
export const counts = [2, 3, 4, 8] as const;

afterAll(() => {
  for (const n of [1, ...counts]) getBackend(`wasm:${n}`).release?.();
});

/** The first sample of each layer. */
export const layerSamples = [...new Map([...samples].reverse().map((s) => [s.type, s])).values()].reverse();

/** Rows enough that the work of a step is shared. */
const rowsOf = ({ inputs }: Sample) => (inputs[0]!.length > 1 ? 128 : 1024);

async function trained(sample: Sample, backend: BackendName): Promise<Int32Array[]> {
  const batchSize = rowsOf(sample);
  const xs = sample.inputs.map((shape) => Input({ shape }));
  const inner = sample.make().apply(xs.length === 1 ? xs[0]! : xs);
  const outputs = new Dense({ units: 8 }).apply(new Flatten().apply(inner));
  const model = new Model({ inputs: xs, outputs, seed: 3 });
  model.compile({ optimizer: "adam", loss: "mse", backend });
  const rows = 2 * batchSize;
  const x = await Promise.all(
    sample.inputs.map(async (shape, i) => {
      const values = sample.values(randomNormal(key(1, `rows ${i}`), [rows, ...shape]));
      return { data: (await values.data()) as Float32Array, shape: [rows, ...shape] };
    }),
  );
  const y = { data: Float32Array.from({ length: rows * 8 }, (_, i) => Math.sin(i)), shape: [rows, 8] };
  await model.fit(x, y, { batchSize, epochs: 25, seed: 5, verbose: 0 });
  const weights = model.getWeights().map((w) => new Int32Array(Float32Array.from(w).buffer));
  model.compiled!.release();
  return weights;
}

/** Trains with one thread and with each of `numbers`: weights must have the same bits. */
export async function compareThreads(sample: Sample, numbers: readonly number[]): Promise<void> {
  const alone = await trained(sample, "wasm:1");
  for (const n of numbers) expect(await trained(sample, `wasm:${n}`)).toEqual(alone);
}
