/** Adversarial networks, trained to the end. */
import { expect, test } from "vitest";
import { key, randomNormal, type Tensor } from "../../src/core/index.ts";
import { Adam } from "../../src/nn/index.ts";
import { Gan, real } from "./gan.ts";

test("the generator learns where the data are", async () => {
  const gan = new Gan();
  gan.compile({ optimizer: new Adam({ learningRate: 0.02, beta1: 0, beta2: 0.9 }), backend: "wasm" });
  await gan.fit(real, undefined, { epochs: 200, batchSize: 64, verbose: 0, seed: 1 });
  const made = (await gan.generator.predict(randomNormal(key(9), [256, 2]), { verbose: 0 })) as Tensor;
  const values = [...made.dataSync()];
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  expect(Math.abs(mean - 1.5)).toBeLessThan(0.5);
});
