/** Whole runs recorded with Keras: losses to 1e-4 relative, weights to 5e-4. */
import { describe, expect, test } from "vitest";
import { loadModel } from "../../src/nn/index.ts";
import { hasRecordedRuns, recordedFile, recordedRuns, repeatRun } from "./training-kit.ts";

describe.skipIf(!hasRecordedRuns)(
  "recorded runs (skipped where the shared reference cases are absent)",
  () => {
    test.each(recordedRuns)("%s", async (name) => {
      const { model, history, wanted } = await repeatRun(name);
      expect(Object.keys(history)).toEqual(Object.keys(wanted.history));
      for (const [key, values] of Object.entries(wanted.history)) {
        values.forEach((v, i) => {
          expect(Math.abs(history[key]![i]! - v) / Math.abs(v)).toBeLessThan(1e-4);
        });
      }
      const final = await loadModel(recordedFile(`${name}.final.h5`));
      const found = [...model.getWeights(), ...model.compiled!.optimizer.weights().map((w) => w.read())];
      const saved = [...final.getWeights(), ...final.compiled!.optimizer.weights().map((w) => w.read())];
      found.forEach((values, i) => {
        values.forEach((v, j) => {
          expect(Math.abs(v - saved[i]![j]!)).toBeLessThan(5e-4);
        });
      });
    });
  },
);
