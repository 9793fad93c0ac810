/** Autoencoders: digits through 32 numbers and back (784-32-784), and noise taken away (784-128-32-128-784). */
import { Dense, GaussianNoise, Input, key, Model, ReLU, randomNormal, type Tensor, tensor } from "tendril";
import { type ImageDataset, mnist } from "tendril/data";
import { type GridImage, imageGrid } from "tendril/plot";

const pixels = 784;

export default async function autoencoder({
  dataset = undefined as ImageDataset | undefined,
  epochs = 30,
  denoisingEpochs = 15,
  seed = 1,
} = {}) {
  const { train, test } = dataset ?? (await mnist());
  const xTrain = { data: train.images, shape: [train.labels.length, pixels], divisor: 255 };
  const xTest = { data: test.images, shape: [test.labels.length, pixels], divisor: 255 };
  const clean = tensor(
    Float32Array.from(test.images, (grey) => grey / 255),
    { shape: xTest.shape },
  );
  const relu = (units: number) => new Dense({ units, activation: "relu" });
  const image = () => new Dense({ units: pixels, activation: "sigmoid", name: "image" });

  // The encoder is a model of its own that shares its layers with the whole.
  const inputs = Input({ shape: [pixels] });
  const code = relu(32).apply(inputs);
  const compressor = new Model({ inputs, outputs: image().apply(code), seed });
  const encoder = new Model({ inputs, outputs: code });
  compressor.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["mse"] });
  await compressor.fit(xTrain, xTrain, { batchSize: 256, epochs, seed, verbose: 0 });
  const [crossentropy] = await compressor.evaluate(xTest, xTest, { batchSize: 256, verbose: 0 });
  const codes = (await encoder.predict(xTest, { verbose: 0 })) as Tensor;

  // While it trains it sees new noise at every step, cut to greys between 0 and 1.
  const noisy = Input({ shape: [pixels] });
  const seen = new ReLU({ maxValue: 1 }).apply(new GaussianNoise({ stddev: 0.5 }).apply(noisy));
  const hidden = relu(128).apply(relu(32).apply(relu(128).apply(seen)));
  const denoiser = new Model({ inputs: noisy, outputs: image().apply(hidden), seed });
  denoiser.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["mse"] });
  await denoiser.fit(xTrain, xTrain, { batchSize: 128, epochs: denoisingEpochs, seed, verbose: 0 });
  const spoilt = clean.add(randomNormal(key(seed, "noise"), xTest.shape).mul(0.5)).clip(0, 1);
  const [, denoisedError] = await denoiser.evaluate(spoilt, xTest, { batchSize: 256, verbose: 0 });
  const noiseError = Number(await spoilt.sub(clean).square().mean().item());

  const rows = [
    ["test image", clean],
    ["from 32 numbers", (await compressor.predict(xTest, { verbose: 0 })) as Tensor],
    ["with noise", spoilt],
    ["denoised", (await denoiser.predict(spoilt, { verbose: 0 })) as Tensor],
  ] as const;
  const images: GridImage[] = [];
  for (const [name, values] of rows) {
    const data = await values.data();
    for (let i = 0; i < 8; i++) {
      const part = Array.from(data.subarray(i * pixels, (i + 1) * pixels), (v) => Math.round(255 * v));
      images.push({ pixels: part, height: 28, width: 28, caption: [i === 0 ? name : ""] });
    }
  }
  const picture = imageGrid(images, { title: "Autoencoders", columns: 8 });
  return { crossentropy, denoisedError, noiseError, codes: codes.shape, picture };
}
