/** Training has the same bits on wasm and in native code, for any number of threads. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { BackendName } from "../../src/core/index.ts";
import { loadModel } from "../../src/nn/index.ts";
import { nativeProblem } from "../native.ts";
import { hasShared, mnist, shared } from "./training-kit.ts";

const there = hasShared("reference/training") && hasShared("data/mnist");

async function weightsAfter(name: string, backend: BackendName): Promise<string> {
  const model = await loadModel(
    new Uint8Array(readFileSync(shared(`reference/training/${name}.initial.h5`))),
  );
  const { optimizer } = model.compiled!;
  model.compile({ optimizer, loss: "sparseCategoricalCrossentropy", backend });
  const { images, labels } = mnist(500);
  const x = { data: Float32Array.from(images, (v) => v / 255), shape: [500, 28, 28, 1] };
  await model.fit(x, labels, { batchSize: 100, epochs: 3, shuffle: false, verbose: 0 });
  const hash = createHash("sha256");
  for (const w of model.getWeights()) hash.update(new Uint8Array(Float32Array.from(w).buffer));
  return hash.digest("hex");
}

describe.skipIf(!there || nativeProblem)(
  "recorded runs (skipped without the shared cases or a C compiler)",
  () => {
    test.each(["lecture_adam", "lecture_sgd_momentum"])("%s", async (name) => {
      const want = await weightsAfter(name, "wasm:1");
      for (const threads of [1, 2, 3, 4]) {
        expect(await weightsAfter(name, `native:${threads}`), `${threads} threads`).toBe(want);
      }
    });
  },
);
