/** Transfer: what a net learnt of the digits 0–4 helps it to learn 5–9 from a handful of examples. */
import { Conv2D, Dense, Flatten, Input, MaxPooling2D, Sequential } from "tendril";
import { digits, type ImageDataset, type ImageSplit } from "tendril/data";
import { curves } from "tendril/plot";

/** The images whose label is at least `low`, at most `most` of them, with labels from 0 on. */
function part({ images, labels }: ImageSplit, low: number, most = Number.POSITIVE_INFINITY) {
  const chosen = [...labels.keys()].filter((i) => labels[i]! >= low && labels[i]! < low + 5).slice(0, most);
  const data = new Uint8Array(784 * chosen.length);
  chosen.forEach((i, at) => {
    data.set(images.subarray(784 * i, 784 * (i + 1)), 784 * at);
  });
  const x = { data, shape: [chosen.length, 28, 28, 1], divisor: 255 };
  return { x, y: Uint8Array.from(chosen, (i) => labels[i]! - low) };
}

const features = (seed: number) =>
  new Sequential(
    [
      Input({ shape: [28, 28, 1] }),
      new Conv2D({ filters: 16, kernelSize: 3, activation: "relu" }),
      new MaxPooling2D(),
      new Conv2D({ filters: 32, kernelSize: 3, activation: "relu" }),
      new MaxPooling2D(),
      new Flatten(),
    ],
    { seed, name: `features_${seed}` },
  );

/** A classifier of five digits on top of `body`. */
function withHead(body: Sequential, seed: number): Sequential {
  const head = [new Dense({ units: 64, activation: "relu" }), new Dense({ units: 5, activation: "softmax" })];
  const model = new Sequential([Input({ shape: [28, 28, 1] }), body, ...head], { seed });
  model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}

export default async function transfer({
  dataset = undefined as ImageDataset | undefined,
  examples = 50,
  epochs = 10,
  seed = 1,
} = {}) {
  const { train, test } = dataset ?? digits({ train: 10_000, test: 4000 });
  const known = part(train, 0);
  const few = part(train, 5, examples);
  const unseen = part(test, 5);

  const body = features(seed);
  await withHead(body, seed).fit(known.x, known.y, { batchSize: 100, epochs, seed, verbose: 0 });
  // From here on the body only sees: its weights stay, and no gradient is computed for them.
  body.trainable = false;
  const learnt = withHead(body, seed + 1);
  const fresh = withHead(features(seed + 1), seed + 1);
  const accuracyOf = async (model: Sequential) => {
    const { history } = await model.fit(few.x, few.y, { batchSize: 10, epochs: 30, seed, verbose: 0 });
    const [, accuracy] = await model.evaluate(unseen.x, unseen.y, { verbose: 0 });
    return { accuracy: accuracy!, history };
  };
  const transferred = await accuracyOf(learnt);
  const scratch = await accuracyOf(fresh);
  const picture = curves(
    { "frozen features": transferred.history, "from scratch": scratch.history },
    { title: `Five new digits from ${examples} examples`, metrics: ["accuracy"] },
  );
  const trained = learnt.trainableWeights().length;
  return { transferred: transferred.accuracy, scratch: scratch.accuracy, trained, picture };
}
