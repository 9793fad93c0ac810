/** A generative adversarial network in one dimension: noise becomes a Gaussian of mean 4 and standard deviation 1.25. */
import {
  Adam,
  concat,
  Dense,
  Input,
  key,
  LeakyReLU,
  Model,
  randomNormal,
  Sequential,
  type StepBatch,
  type StepTools,
  softplus,
  type Tensor,
} from "tendril";
import { histogram } from "tendril/plot";

const batchSize = 128;

class Gan extends Model {
  readonly generator: Sequential;
  readonly discriminator: Sequential;
  readonly discriminatorOptimizer = new Adam({ learningRate: 0.002, beta1: 0.5 });

  constructor(seed: number) {
    super();
    const hidden = () => [new Dense({ units: 32 }), new LeakyReLU({ negativeSlope: 0.1 })];
    const stack = (inputs: number, place: number) =>
      new Sequential([Input({ shape: [inputs] }), ...hidden(), ...hidden(), new Dense({ units: 1 })], {
        seed: 2 * seed + place,
      });
    this.generator = stack(1, 0);
    // It sees the square of a number as well, which tells how wide the numbers lie.
    this.discriminator = stack(2, 1);
  }

  override trainStep({ xs: [real] }: StepBatch, tools: StepTools): Record<string, Tensor> {
    const { generator, discriminator } = this;
    const made = (name: string) => tools.forward(generator, randomNormal(tools.key(name), [tools.rows, 1]));
    const judge = (x: Tensor) => tools.forward(discriminator, concat([x, x.square().mul(0.25)], 1));
    // Cross-entropies with labels 1 and 0, from logits.
    const fake = made("to judge").stopGradient();
    const discriminatorLoss = softplus(judge(real!).neg())
      .mean()
      .add(softplus(judge(fake)).mean());
    tools.minimize(discriminatorLoss, discriminator, this.discriminatorOptimizer);
    const generatorLoss = softplus(judge(made("to deceive")).neg()).mean();
    tools.minimize(generatorLoss, generator);
    return { discriminatorLoss, generatorLoss };
  }
}

export default async function ganGaussian({ steps = 4000, seed = 1 } = {}) {
  const real = randomNormal(key(seed, "real"), [50 * batchSize, 1])
    .mul(1.25)
    .add(4);
  const gan = new Gan(seed);
  // The generator's weights are averaged over the last steps: the game of two goes round, its mean stands.
  gan.compile({
    optimizer: new Adam({ learningRate: 0.0005, beta1: 0.5, useEma: true, emaMomentum: 0.998 }),
  });
  const { history } = await gan.fit(real, undefined, { batchSize, epochs: steps / 50, seed, verbose: 0 });

  const noise = randomNormal(key(seed, "test"), [10_000, 1]);
  const output = (await gan.generator.predict(noise, { batchSize: 1000, verbose: 0 })) as Tensor;
  const made = (await output.data()) as Float32Array;
  const mean = made.reduce((a, b) => a + b, 0) / made.length;
  const deviation = Math.sqrt(made.reduce((a, b) => a + (b - mean) ** 2, 0) / made.length);
  const picture = histogram(
    { real: await real.data(), generated: made },
    { title: "A Gaussian, learnt from samples", density: true, bins: 60, range: [-1, 9] },
  );
  const losses = {
    discriminator: history.discriminatorLoss!.at(-1),
    generator: history.generatorLoss!.at(-1),
  };
  return { mean, deviation, losses, picture };
}
