/** Random small networks learn a handful of samples by heart (GR-4). */
import { describe, expect, test } from "vitest";
import {
  Conv2D,
  Dense,
  Dropout,
  Flatten,
  type Layer,
  Maxout,
  MaxPooling2D,
  Sequential,
  SGD,
} from "../../src/nn/index.ts";
import { noise } from "./training-kit.ts";

const samples = 8;
const activations = ["relu", "tanh", "elu", "leaky_relu", "softplus", "gelu"] as const;

/** A stack of 2 to 4 layers drawn from the table, for images of 6 × 6. */
function network(seed: number): Sequential {
  const next = noise(seed);
  const below = (n: number) => Math.floor(((next() + 1) / 2) * n);
  const activation = () => activations[below(activations.length)]!;
  const layers: Layer[] = [];
  if (below(2) === 0) {
    layers.push(new Conv2D({ filters: 4, kernelSize: 3, activation: activation(), padding: "same" }));
    if (below(2) === 0) layers.push(new MaxPooling2D({ poolSize: 2 }));
  }
  layers.push(new Flatten());
  for (let i = below(2); i >= 0; i--) {
    layers.push(
      below(4) === 0 ? new Maxout({ units: 12 }) : new Dense({ units: 16, activation: activation() }),
    );
  }
  if (below(3) === 0) layers.push(new Dropout({ rate: 0 }));
  layers.push(new Dense({ units: 3, activation: "softmax" }));
  return new Sequential(layers, { seed });
}

describe("200 steps on 8 samples", () => {
  test.each(Array.from({ length: 30 }, (_, i) => i + 1))("network %i", async (seed) => {
    const next = noise(1000 + seed);
    const x = { data: Float32Array.from({ length: samples * 36 }, next), shape: [samples, 6, 6, 1] };
    const y = Array.from({ length: samples }, (_, i) => i % 3);
    const model = network(seed);
    model.compile({
      optimizer: new SGD({ learningRate: 0.1, momentum: 0.9 }),
      loss: "sparseCategoricalCrossentropy",
    });
    const { history } = await model.fit(x, y, { batchSize: samples, epochs: 200, verbose: 0, seed });
    expect(history.loss!.at(-1)!).toBeLessThan(0.1 * history.loss![0]!);
  });
});
