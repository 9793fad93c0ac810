/** TensorFlow.js in plain JavaScript, its one backend in Node that can train a convolution without native code. */
import { needs, repeats, samples, takePart, timed, uniform, warmUp } from "./common.mjs";

const began = performance.now();
console.warn = () => {};
const loaded = await needs("@tensorflow/tfjs");
const tf = loaded.default ?? loaded;
await tf.setBackend("cpu");
await tf.ready();
const imported = (performance.now() - began) / 1000;

/** The networks written down here. */
const plain = (work) => !work.residual && !work.reconstructs;

/** It is slow, so a part of the rows has to do. */
const mostRows = { images: 1000, points: 8000 };

function network({ input, convolutions, kernel = 3, dense, classes }) {
  const model = tf.sequential();
  const first = () => (model.layers.length === 0 ? { inputShape: input } : {});
  for (const filters of convolutions) {
    model.add(tf.layers.conv2d({ filters, kernelSize: kernel, activation: "relu", ...first() }));
    model.add(tf.layers.maxPooling2d({ poolSize: 2 }));
  }
  if (input.length > 1) model.add(tf.layers.flatten(first()));
  for (const units of dense) model.add(tf.layers.dense({ units, activation: "relu", ...first() }));
  model.add(
    tf.layers.dense({ units: classes, activation: classes === 1 ? "sigmoid" : "softmax", ...first() }),
  );
  const loss = classes === 1 ? "binaryCrossentropy" : "sparseCategoricalCrossentropy";
  model.compile({ optimizer: "adam", loss, metrics: ["accuracy"] });
  return model;
}

function tensors(work) {
  const { x, shape, labels, rows } = samples(work, work.input.length > 1 ? mostRows.images : mostRows.points);
  return { x: tf.tensor(x, shape), y: tf.tensor(labels, [rows, 1]), rows };
}

async function training(work) {
  if (!plain(work)) return undefined;
  const model = network(work);
  const { x, y, rows } = tensors(work);
  const epoch = () => model.fit(x, y, { batchSize: work.batch, epochs: 1, verbose: 0 });
  await warmUp(epoch);
  return async () => ({ seconds: await timed(epoch), rows });
}

async function product({ size }) {
  const [a, b] = [1, 2].map((seed) => tf.tensor(uniform(size * size, seed), [size, size]));
  const repeat = size > 256 ? 1 : repeats(size);
  const all = async () => {
    for (let i = 0; i < repeat; i++) {
      const c = tf.matMul(a, b);
      c.dataSync();
      c.dispose();
    }
  };
  await warmUp(all);
  return async () => (await timed(all)) / repeat;
}

async function startup(work) {
  const { x, y } = tensors(work);
  const step = await timed(() => network(work).trainOnBatch(x, y));
  return async () => imported + step;
}

await takePart(`TensorFlow.js ${tf.version.tfjs}, cpu`, { train: training, matmul: product, startup });
