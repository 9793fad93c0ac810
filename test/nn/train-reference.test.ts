/** Whole runs recorded with Keras: losses to 1e-4 relative, weights to 5e-4. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { loadModel } from "../../src/nn/index.ts";
import { hasShared, mnist, shared } from "./training-kit.ts";

interface Recorded {
  n: number;
  batch_size: number;
  epochs: number;
  validation_split: number;
  shuffle: boolean;
  history: Record<string, number[]>;
}

const there = hasShared("reference/training") && hasShared("data/mnist");

describe.skipIf(!there)("recorded runs (skipped where the shared reference cases are absent)", () => {
  test.each(["lecture_adam", "lecture_sgd_momentum"])("%s", async (name) => {
    const file = (part: string) => new Uint8Array(readFileSync(shared(`reference/training/${name}.${part}`)));
    const wanted = JSON.parse(new TextDecoder().decode(file("json"))) as Recorded;
    const model = await loadModel(file("initial.h5"));
    const { images, labels } = mnist(wanted.n);
    const x = { data: Float32Array.from(images, (v) => v / 255), shape: [wanted.n, 28, 28, 1] };
    const { history } = await model.fit(x, labels, {
      batchSize: wanted.batch_size,
      epochs: wanted.epochs,
      validationSplit: wanted.validation_split,
      shuffle: wanted.shuffle,
      verbose: 0,
    });
    expect(Object.keys(history)).toEqual(Object.keys(wanted.history));
    for (const [key, values] of Object.entries(wanted.history)) {
      values.forEach((v, i) => {
        expect(Math.abs(history[key]![i]! - v) / Math.abs(v)).toBeLessThan(1e-4);
      });
    }
    const final = await loadModel(file("final.h5"));
    const found = [...model.getWeights(), ...model.compiled!.optimizer.weights().map((w) => w.read())];
    const saved = [...final.getWeights(), ...final.compiled!.optimizer.weights().map((w) => w.read())];
    found.forEach((values, i) => {
      values.forEach((v, j) => {
        expect(Math.abs(v - saved[i]![j]!)).toBeLessThan(5e-4);
      });
    });
  });
});
