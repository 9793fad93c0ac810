/**
 * Tendril as a contestant: `tendril.mjs BACKEND WORKLOAD`; see contestants.ts for what is said over the pipes. Plain
 * JavaScript, because a loader of TypeScript would be measured with the start.
 */
import { repeats, samples, takePart, timed, uniform, warmUp } from "./peers/common.mjs";

const began = performance.now();
const backend = process.argv[2];

/** The layers from the input to the last but one, applied one after the other or around the residual block. */
function body(tendril, { input, convolutions, kernel = 3, residual, dense }) {
  const { Add, BatchNormalization, Conv2D, Dense, Flatten, GlobalAveragePooling2D, MaxPooling2D, ReLU } =
    tendril;
  const layers = convolutions.flatMap((filters) => [
    new Conv2D({ filters, kernelSize: kernel, activation: "relu" }),
    new MaxPooling2D(),
  ]);
  if (input.length > 1 && !residual) layers.push(new Flatten());
  layers.push(...dense.map((units) => new Dense({ units, activation: "relu" })));
  const chain = (x, list) => list.reduce((y, layer) => layer.apply(y), x);
  return (x) => {
    if (!residual) return chain(x, layers);
    const convolution = () => new Conv2D({ filters: input[2], kernelSize: 3, padding: "same" });
    const y = chain(x, [
      convolution(),
      new BatchNormalization(),
      new ReLU(),
      convolution(),
      new BatchNormalization(),
    ]);
    return chain(new Add().apply([x, y]), [new ReLU(), new GlobalAveragePooling2D(), ...layers]);
  };
}

async function network(work) {
  const tendril = await import("tendril");
  const { Dense, Input, Model } = tendril;
  const { classes, input, reconstructs } = work;
  const x = Input({ shape: input });
  const binary = classes === 1 || reconstructs;
  const last = new Dense({ units: classes, activation: binary ? "sigmoid" : "softmax" });
  const model = new Model({ inputs: x, outputs: last.apply(body(tendril, work)(x)), seed: 1 });
  const loss = binary ? "binaryCrossentropy" : "sparseCategoricalCrossentropy";
  model.compile({ optimizer: "adam", loss, metrics: reconstructs ? [] : ["accuracy"], backend });
  return model;
}

async function training(work) {
  const model = await network(work);
  const { x, shape, labels } = samples(work);
  const inputs = { data: x, shape };
  const targets = work.reconstructs ? inputs : labels;
  const epoch = () => model.fit(inputs, targets, { batchSize: work.batch, epochs: 1, verbose: 0 });
  await warmUp(epoch);
  return () => timed(epoch);
}

async function prediction(work) {
  const model = await network(work);
  const { x, shape } = samples(work);
  const repeat = work.rows === 1 ? 1000 : 5;
  const all = async () => {
    for (let i = 0; i < repeat; i++) await model.predictOnBatch({ data: x, shape });
  };
  await warmUp(all);
  return async () => (await timed(all)) / repeat;
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

/** The value of a convolution and both gradients, from a given gradient of the value. */
async function convolution({ batch, size, channels, filters, kernel, depthwise }) {
  const { compile, deviceArray, gradient, variable, zeros } = await import("tendril");
  const array = (seed, shape) =>
    deviceArray(
      uniform(
        shape.reduce((a, b) => a * b, 1),
        seed,
      ),
      shape,
      { backend },
    );
  const x = array(1, [batch, size, size, channels]);
  const w = array(2, [kernel, kernel, depthwise ? 1 : channels, filters]);
  const g = array(3, [batch, size, size, filters]);
  const results = [g, x, w].map(({ shape }) => variable(zeros(shape)));
  const all = compile(
    (x, w, g) => {
      const y = x.conv(w, { padding: "same", ...(depthwise ? { groups: channels } : {}) });
      const made = [y, ...gradient(y, [x, w], { seed: g })];
      for (const [i, v] of made.entries()) results[i].assign(v);
    },
    { backend },
  );
  const repeat = 5;
  const several = () => {
    for (let i = 0; i < repeat; i++) all.runSync(x, w, g);
  };
  await warmUp(several);
  return async () => (await timed(several)) / repeat;
}

/** The whole work is one cold step; importing is part of it. */
async function startup(work) {
  const { x, shape, labels } = samples(work);
  const prepared = performance.now() - began;
  await (await network(work)).trainOnBatch({ data: x, shape }, labels);
  const seconds = (performance.now() - began - prepared) / 1000;
  return async () => seconds;
}

const [name, threads] = backend.split(":");
await takePart(`Tendril ${name}, ${threads} thread${threads === "1" ? "" : "s"}`, {
  train: training,
  predict: prediction,
  matmul: product,
  conv: convolution,
  startup,
});
