/** Processes that compute on the native backend, for native.test.ts (built library). The argument says what. */
import { createHash } from "node:crypto";
import { compile, getBackend, stopRunsOnSignals, variable } from "tendril/core";
import { Conv2D, Dense, Flatten, Input, MaxPooling2D, Sequential } from "tendril/nn";

/** The SHA-256 of the weights of a small network after some steps. */
async function trained(backend) {
  const model = new Sequential(
    [
      Input({ shape: [8, 8, 1] }),
      new Conv2D({ filters: 8, kernelSize: 3, activation: "relu" }),
      new MaxPooling2D(),
      new Flatten(),
      new Dense({ units: 3, activation: "softmax" }),
    ],
    { seed: 1 },
  );
  model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", backend });
  const x = { data: Float32Array.from({ length: 64 * 50 }, (_, i) => Math.sin(i)), shape: [50, 8, 8, 1] };
  await model.fit(
    x,
    Int32Array.from({ length: 50 }, (_, i) => i % 3),
    { batchSize: 16, epochs: 2, verbose: 0 },
  );
  const hash = createHash("sha256");
  for (const w of model.getWeights()) hash.update(new Uint8Array(Float32Array.from(w).buffer));
  return hash.digest("hex");
}

/** A run that takes far longer than anyone waits, and what a signal makes of it. */
function stopped() {
  process.on("SIGINT", () => {});
  getBackend("native:2");
  stopRunsOnSignals(["SIGINT"]);
  const count = variable([0]);
  const step = compile(
    (x) => {
      let y = x;
      for (let i = 0; i < 60; i++) y = y.matmul(x).mul(1e-3);
      count.assign(count.value.add(1));
      return { y: y.sum() };
    },
    { inputs: [{ shape: [900, 900], dtype: "float32" }], backend: "native:2" },
  );
  const x = new Float32Array(900 * 900).fill(1);
  step.plan();
  process.stdout.write("started\n");
  try {
    for (;;) step.runSync(x);
  } catch (error) {
    return { code: error.code, at: Date.now() };
  }
}

const [what, backend] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(what === "stop" ? stopped() : await trained(backend))}\n`);
