/** Generative adversarial networks on images: noise becomes handwritten digits (after Radford et al., 2016). */
import {
  Adam,
  BatchNormalization,
  Conv2D,
  Conv2DTranspose,
  Dense,
  Dropout,
  Flatten,
  Input,
  key,
  LeakyReLU,
  Model,
  Reshape,
  randomNormal,
  Sequential,
  type StepBatch,
  type StepTools,
  softplus,
  type Tensor,
} from "tendril";
import { digits, type ImageDataset } from "tendril/data";
import { imageGrid } from "tendril/plot";

const latent = 32;
const leaky = () => new LeakyReLU({ negativeSlope: 0.2 });
const deconv = (filters: number, activation?: "sigmoid") =>
  new Conv2DTranspose({
    ...{ filters, kernelSize: 4, strides: 2, padding: "same", activation: activation ?? "linear" },
  } as const);
const conv = (filters: number) =>
  new Conv2D({ filters, kernelSize: 4, strides: 2, padding: "same", activation: leaky() });

class Gan extends Model {
  readonly generator: Sequential;
  readonly discriminator: Sequential;
  readonly discriminatorOptimizer = new Adam({ learningRate: 0.0005, beta1: 0.5 });

  constructor(filters: number, seed: number) {
    super();
    this.generator = new Sequential(
      [
        Input({ shape: [latent] }),
        new Dense({ units: 7 * 7 * 2 * filters, useBias: false }),
        new BatchNormalization({ momentum: 0.9 }),
        leaky(),
        new Reshape({ targetShape: [7, 7, 2 * filters] }),
        deconv(filters),
        new BatchNormalization({ momentum: 0.9 }),
        leaky(),
        deconv(1, "sigmoid"),
      ],
      { seed: 2 * seed },
    );
    this.discriminator = new Sequential(
      [
        Input({ shape: [28, 28, 1] }),
        conv(filters),
        conv(2 * filters),
        new Flatten(),
        new Dropout({ rate: 0.3 }),
        new Dense({ units: 1 }),
      ],
      { seed: 2 * seed + 1 },
    );
  }

  override trainStep({ xs: [real] }: StepBatch, tools: StepTools): Record<string, Tensor> {
    const { generator, discriminator } = this;
    const noise = randomNormal(tools.key("noise"), [tools.rows, latent]);
    const made = tools.forward(generator, noise);
    const judge = (x: Tensor) => tools.forward(discriminator, x);
    // Real images count as 0.9 only, so that the discriminator never gets too sure.
    const onReal = judge(real!);
    const onFake = judge(made.stopGradient());
    const discriminatorLoss = softplus(onReal).sub(onReal.mul(0.9)).mean().add(softplus(onFake).mean());
    tools.minimize(discriminatorLoss, discriminator, this.discriminatorOptimizer);
    const generatorLoss = softplus(judge(made).neg()).mean();
    tools.minimize(generatorLoss, generator);
    return { discriminatorLoss, generatorLoss };
  }
}

export default async function ganDigits({
  dataset = undefined as ImageDataset | undefined,
  filters = 16,
  epochs = 20,
  seed = 1,
} = {}) {
  const { train } = dataset ?? digits({ train: 10_000, test: 0 });
  const x = { data: train.images, shape: [train.labels.length, 28, 28, 1], divisor: 255 };
  const gan = new Gan(filters, seed);
  gan.compile({ optimizer: new Adam({ learningRate: 0.001, beta1: 0.5 }) });
  const { history } = await gan.fit(x, undefined, { batchSize: 100, epochs, seed, verbose: 0 });

  const noise = randomNormal(key(seed, "test"), [40, latent]);
  const made = await ((await gan.generator.predict(noise, { verbose: 0 })) as Tensor).data();
  // The mean grey of what is made, beside that of real digits.
  const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
  const images = Array.from({ length: 40 }, (_, i) => ({
    pixels: Array.from(made.subarray(784 * i, 784 * (i + 1)), (v) => Math.round(255 * v)),
    ...{ height: 28, width: 28 },
  }));
  const picture = imageGrid(images, { title: "Digits nobody wrote", columns: 10 });
  const ink = { real: mean(train.images) / 255, generated: mean(made) };
  return { ink, history, picture };
}
