/** Prints how long a timer of 1 ms had to wait during 200 steps of `fit`, and the slowest step, in milliseconds. */
import { Conv2D, Dense, Flatten, Input, MaxPooling2D, Run, Sequential } from "tendril";
import { digits } from "tendril/data";

const { train } = digits({ train: 10_000, test: 0 });
const model = new Sequential([
  Input({ shape: [28, 28, 1] }),
  new Conv2D({ filters: 8, kernelSize: 3, activation: "relu" }),
  new MaxPooling2D(),
  new Flatten(),
  new Dense({ units: 16, activation: "relu" }),
  new Dense({ units: 10, activation: "softmax" }),
]);
model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
const x = { data: train.images, shape: [train.labels.length, 28, 28, 1], divisor: 255 };

async function pass(onStep) {
  const run = new Run(model, { x, y: train.labels }, { batchSize: 50, epochs: 1 });
  while (!run.done) {
    const event = await run.step();
    if (event.type === "batchEnd") onStep(event.seconds * 1000);
  }
}

// Tracing and compiling come first; they are not steps.
await pass(() => {});
let [longestGap, slowestStep, last] = [0, 0, performance.now()];
const timer = setInterval(() => {
  const now = performance.now();
  longestGap = Math.max(longestGap, now - last);
  last = now;
}, 1);
await pass((milliseconds) => {
  slowestStep = Math.max(slowestStep, milliseconds);
});
clearInterval(timer);
process.stdout.write(JSON.stringify({ longestGap, slowestStep }));
