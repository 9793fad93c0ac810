/**
 * Training ends in the same bits on wasm and in native code, for 1 to 4 threads: every recorded run as it was recorded
 * (nothing is shortened: they are 15 or 60 steps), and the network of the karate club with and without attention.
 */
import { afterAll, describe, expect, test } from "vitest";
import { weightsSha256 } from "../../src/cli/training.ts";
import { type BackendName, compile, getBackend, manualSeed } from "../../src/core/index.ts";
import { GATConv, GCNConv } from "../../src/graph/index.ts";
import { compiled, GCN, train } from "../graph/karate-kit.ts";
import { nativeProblem } from "../native.ts";
import { hasRecordedRuns, hasShared, recordedFile, recordedRuns, repeatRun } from "../nn/training-kit.ts";

const counts = [1, 2, 3, 4] as const;
const names: readonly BackendName[] = [
  ...counts.map((n) => `wasm:${n}` as const),
  ...counts.map((n) => `native:${n}` as const),
];

/** Threads start in the background: without them the first steps would be thread 0's alone. */
async function awake(name: BackendName): Promise<void> {
  const [kind, threads] = name.split(":");
  const inputs = [{ shape: [256, 256], dtype: "float32" as const }];
  const square = compile((x) => x.matmul(x), { backend: name, inputs });
  const x = new Float32Array(256 * 256);
  const { machine } = getBackend(name) as unknown as { machine: { helpers: number } };
  for (let i = 0; machine.helpers < Number(threads) - 1; i++) {
    square.runSync(x);
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (i > 2000) throw new Error(`${kind} does not start ${threads} threads`);
  }
  square.release();
}

/** Trains once on each backend; all weights must be those of the first. */
async function sameEverywhere(trained: (backend: BackendName) => Promise<string>): Promise<void> {
  const hashes: [BackendName, string][] = [];
  for (const name of names) {
    await awake(name);
    hashes.push([name, await trained(name)]);
  }
  expect(hashes).toEqual(names.map((name) => [name, hashes[0]![1]]));
}

afterAll(() => {
  manualSeed(null);
  for (const name of names) getBackend(name).release?.();
});

describe.skipIf(nativeProblem)(
  `weightsSha256 (skipped without a C compiler: ${nativeProblem ?? "there is one"})`,
  () => {
    test.each([["GCN", GCNConv] as const, ["GAT", GATConv] as const])("%s on the karate club", (_, Conv) =>
      sameEverywhere(async (backend) => {
        manualSeed(1234);
        const model = compiled(new GCN(Conv), backend);
        await train(model, 60);
        return weightsSha256(model);
      }),
    );

    describe.skipIf(!hasShared("reference/training"))(
      "recorded graphs (skipped without the shared cases)",
      () => {
        test("karate_gcn", () =>
          sameEverywhere(async (backend) => {
            const model = compiled(new GCN(), backend);
            await model.load(recordedFile("karate_gcn.initial.safetensors"));
            await train(model, 60);
            return weightsSha256(model);
          }));
      },
    );

    describe.skipIf(!hasRecordedRuns)("recorded images (skipped without the shared cases)", () => {
      test.each(recordedRuns)("%s", (name) =>
        sameEverywhere(async (backend) => weightsSha256((await repeatRun(name, backend)).model)),
      );
    });
  },
);
