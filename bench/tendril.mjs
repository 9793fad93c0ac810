/**
 * Tendril as a contestant: `tendril.mjs BACKEND WORKLOAD`; see contestants.ts for what is said over the pipes. Plain
 * JavaScript, because a loader of TypeScript would be measured with the start.
 */
import { createInterface } from "node:readline";

const began = performance.now();
const backend = process.argv[2];
const workload = JSON.parse(process.argv[3]);

function say(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

function uniform(count, seed) {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
}

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

function samples({ input, classes, rows }) {
  const size = input.reduce((a, b) => a * b, 1);
  const labels = uniform(rows, 2).map((v) => Math.floor(v * Math.max(2, classes)));
  return { x: { data: uniform(rows * size, 1), shape: [rows, ...input] }, labels };
}

async function training(work) {
  const model = await network(work);
  const { x, labels } = samples(work);
  const epoch = () => model.fit(x, labels, { batchSize: work.batch, epochs: 1, verbose: 0 });
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
  const repeat = Math.max(1, Math.round(4e8 / size ** 3));
  const all = () => {
    for (let i = 0; i < repeat; i++) multiply.runSync(a, b);
  };
  await warmUp(all);
  return async () => (await timed(all)) / repeat;
}

/** At least twice, and for a second: what is compiled in the background takes its time. */
async function warmUp(work) {
  const start = performance.now();
  do await work();
  while (performance.now() - start < 1000);
  await work();
}

async function timed(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** The whole work is one cold step; importing is part of it. */
async function startup(work) {
  const { x, labels } = samples(work);
  const prepared = performance.now() - began;
  await (await network(work)).trainOnBatch(x, labels);
  const seconds = (performance.now() - began - prepared) / 1000;
  return async () => seconds;
}

const makers = { train: training, matmul: product, startup };
const run = await makers[workload.kind](workload);
const threads = backend.split(":")[1];
say({ ready: `Tendril wasm, ${threads} thread${threads === "1" ? "" : "s"}` });
for await (const _ of createInterface({ input: process.stdin })) say({ seconds: await run() });
