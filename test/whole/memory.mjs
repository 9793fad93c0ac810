/** Trains for many steps and samples the memory: `node --expose-gc memory.mjs STEPS EVERY`; prints the samples as JSON. */
import { setImmediate as macrotask } from "node:timers/promises";
import { Dense, Dropout, Input, memory, Run, Sequential } from "tendril";

const [steps, every] = process.argv.slice(2).map(Number);
/** V8 goes on compiling what it finds hot, and notes what it has seen; both are over then. */
const warmUp = 2000;

const model = new Sequential(
  [
    Input({ shape: [9] }),
    new Dense({ units: 32, activation: "relu" }),
    new Dropout({ rate: 0.2 }),
    new Dense({ units: 8, activation: "relu" }),
    new Dense({ units: 1, activation: "sigmoid" }),
  ],
  { seed: 1 },
);
model.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["accuracy"] });

const rows = 1000;
const x = {
  data: Float32Array.from({ length: rows * 9 }, (_, i) => Math.fround(((i * 37) % 101) / 50 - 1)),
  shape: [rows, 9],
};
const y = Float32Array.from({ length: rows }, (_, i) => Number(x.data[i * 9] > 0));

/** What is alive after garbage was collected; weak things need a macrotask to go. */
async function sample(step) {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await macrotask();
  }
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const { buffers, bytes, reserved } = memory();
  return { step, buffers, bytes, reserved, rss, heapUsed, arrayBuffers };
}

// The last batch of an epoch is short, and every epoch is validated.
const run = new Run(model, { x, y }, { batchSize: 48, epochs: steps, validationSplit: 0.1, seed: 2 });
const samples = [];
for (let step = 0; step <= warmUp + steps; ) {
  const event = await run.step();
  if (event.type !== "batchEnd") continue;
  step++;
  if (step >= warmUp && (step - warmUp) % every === 0) samples.push(await sample(step - warmUp));
}
await run.close();
process.stdout.write(JSON.stringify(samples));
