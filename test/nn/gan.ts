/** A network of two parts that are trained against each other, and what it learns to imitate. */
import { gradient, key, randomNormal, randomUniform, type Tensor, tensor } from "../../src/core/index.ts";
import {
  Adam,
  Dense,
  Dropout,
  Input,
  LeakyReLU,
  Model,
  Sequential,
  type StepBatch,
  type StepTools,
} from "../../src/nn/index.ts";

/** Numbers around 1.5. */
export const real = randomNormal(key(3), [64, 1]).mul(0.3).add(1.5);

/** Wasserstein GAN with gradient penalty (Gulrajani et al., 2017): two optimizers, a second derivative. */
export class Gan extends Model {
  readonly generator = new Sequential(
    [
      Input({ shape: [2] }),
      new Dense({ units: 16 }),
      new LeakyReLU({ negativeSlope: 0.2 }),
      new Dense({ units: 1 }),
    ],
    { seed: 1 },
  );
  readonly critic = new Sequential(
    [
      Input({ shape: [1] }),
      new Dense({ units: 16 }),
      new LeakyReLU({ negativeSlope: 0.2 }),
      new Dropout({ rate: 0 }),
      new Dense({ units: 1 }),
    ],
    { seed: 2 },
  );
  readonly criticOptimizer = new Adam({ learningRate: 0.02, beta1: 0, beta2: 0.9 });

  override trainStep({ xs }: StepBatch, tools: StepTools): Record<string, Tensor> {
    const real = xs[0]!;
    let criticLoss = tensor(0);
    let penalty = tensor(0);
    for (const round of [0, 1]) {
      const noise = randomNormal(tools.key(`noise ${round}`), [tools.rows, 2]);
      const fake = tools.forward(this.generator, noise).stopGradient();
      const share = randomUniform(tools.key(`share ${round}`), [tools.rows, 1]);
      const between = real.mul(share).add(fake.mul(share.neg().add(1)));
      const [slope] = gradient(tools.forward(this.critic, between).sum(), [between]);
      penalty = slope!.square().sum(1).sqrt().sub(1).square().mean();
      const gap = tools.forward(this.critic, fake).mean().sub(tools.forward(this.critic, real).mean());
      criticLoss = gap.add(penalty);
      tools.minimize(criticLoss, this.critic, this.criticOptimizer);
    }
    const noise = randomNormal(tools.key("noise"), [tools.rows, 2]);
    const score = tools.forward(this.critic, tools.forward(this.generator, noise)).mean();
    tools.minimize(score.neg(), this.generator);
    return { criticLoss, penalty, generatorLoss: score.neg() };
  }
}
