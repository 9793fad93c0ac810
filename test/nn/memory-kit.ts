/** Models that are made, trained and disposed of: what the backend holds stays as it was (reliability MM-3). */
import { expect } from "vitest";
import { memory } from "../../src/core/index.ts";
import { BatchNormalization, clearSession, Dense, Dropout, Input, Sequential } from "../../src/nn/index.ts";

export const backend = "wasm:1";

export function made(): Sequential {
  clearSession();
  const model = new Sequential(
    [
      Input({ shape: [3] }),
      new Dense({ units: 5, activation: "relu" }),
      new BatchNormalization(),
      new Dropout({ rate: 0.2 }),
      new Dense({ units: 1 }),
    ],
    { seed: 1 },
  );
  model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"], backend });
  return model;
}

export const x = Array.from({ length: 8 }, (_, i) => [i, i * i * 0.1, 1]);
export const y = x.map(([a]) => [a! * 0.5]);
export const fit = { batchSize: 4, epochs: 1, seed: 1, verbose: 0 } as const;

/** Makes, trains for two steps and disposes of so many models. */
export async function disposeOfMany(count: number): Promise<void> {
  const once = async () => {
    const model = made();
    await model.fit(x, y, fit);
    model.dispose();
  };
  await once();
  const { buffers, bytes, reserved } = memory(backend);
  for (let i = 0; i < count; i++) await once();
  expect(memory(backend)).toMatchObject({ buffers, bytes, reserved });
}
