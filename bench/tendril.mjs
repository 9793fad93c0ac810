/**
 * Tendril as a contestant: `tendril.mjs BACKEND WORKLOAD`; see contestants.ts for what is said over the pipes. Plain
 * JavaScript, because a loader of TypeScript would be measured with the start.
 */
import { repeats, samples, takePart, timed, uniform, warmUp } from "./peers/common.mjs";

const began = performance.now();
const backend = process.argv[2];

async function network({ input, convolutions, dense, classes }) {
  const { Conv2D, Dense, Flatten, Input, MaxPooling2D, Sequential } = await import("tendril");
  const model = new Sequential(
    [
      Input({ shape: input }),
      ...convolutions.flatMap((filters) => [
        new Conv2D({ filters, kernelSize: 3, activation: "relu" }),
        new MaxPooling2D(),
      ]),
      ...(input.length > 1 ? [new Flatten()] : []),
      ...dense.map((units) => new Dense({ units, activation: "relu" })),
      new Dense({ units: classes, activation: classes === 1 ? "sigmoid" : "softmax" }),
    ],
    { seed: 1 },
  );
  const loss = classes === 1 ? "binaryCrossentropy" : "sparseCategoricalCrossentropy";
  model.compile({ optimizer: "adam", loss, metrics: ["accuracy"], backend });
  return model;
}

async function training(work) {
  const model = await network(work);
  const { x, shape, labels } = samples(work);
  const epoch = () => model.fit({ data: x, shape }, labels, { batchSize: work.batch, epochs: 1, verbose: 0 });
  await warmUp(epoch);
  return () => timed(epoch);
}

async function product({ size }) {
  const { compile, deviceArray, variable, zeros } = await import("tendril");
  const matrix = (seed) => deviceArray(uniform(size * size, seed), [size, size], { backend });
  const [a, b] = [matrix(1), matrix(2)];
  // The result stays where it is computed, as it does for the others.
  const c = variable(zeros([size, size]));
  const multiply = compile((a, b) => c.assign(a.matmul(b)), { backend });
  const repeat = repeats(size);
  const all = () => {
    for (let i = 0; i < repeat; i++) multiply.runSync(a, b);
  };
  await warmUp(all);
  return async () => (await timed(all)) / repeat;
}

/** The whole work is one cold step; importing is part of it. */
async function startup(work) {
  const { x, shape, labels } = samples(work);
  const prepared = performance.now() - began;
  await (await network(work)).trainOnBatch({ data: x, shape }, labels);
  const seconds = (performance.now() - began - prepared) / 1000;
  return async () => seconds;
}

const threads = backend.split(":")[1];
const name = `Tendril wasm, ${threads} thread${threads === "1" ? "" : "s"}`;
await takePart(name, { train: training, matmul: product, startup });
