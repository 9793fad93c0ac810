/** Exclusive or: no straight line parts its classes, so one neuron fails; one hidden layer succeeds. */
import { Adam, Dense, Input, Sequential, type Tensor } from "tendril";
import { makeXor } from "tendril/data";
import { decisionSurface } from "tendril/plot";

export default async function xor({ hidden = 4, epochs = 400 } = {}) {
  const { x, y } = makeXor();
  const corners = { data: x, shape: [4, 2] };
  const accuracyOf = async (model: Sequential) => {
    model.compile({
      optimizer: new Adam({ learningRate: 0.05 }),
      loss: "binaryCrossentropy",
      metrics: ["accuracy"],
    });
    await model.fit(corners, y, { batchSize: 4, epochs, verbose: 0 });
    return (await model.evaluate(corners, y, { verbose: 0 }))[1]!;
  };

  const output = () => new Dense({ units: 1, activation: "sigmoid" });
  const neuron = new Sequential([Input({ shape: [2] }), output()], { seed: 1 });
  const network = new Sequential(
    [Input({ shape: [2] }), new Dense({ units: hidden, activation: "tanh" }), output()],
    { seed: 1 },
  );
  const withoutHidden = await accuracyOf(neuron);
  const withHidden = await accuracyOf(network);

  const steps = 41;
  const at = (i: number) => -0.5 + (2 * i) / (steps - 1);
  const grid = Float32Array.from({ length: 2 * steps * steps }, (_, i) =>
    i % 2 === 0 ? at((i >> 1) % steps) : at(Math.floor((i >> 1) / steps)),
  );
  const answers = (await network.predict(
    { data: grid, shape: [steps * steps, 2] },
    { verbose: 0 },
  )) as Tensor;
  const picture = decisionSurface(
    {
      x: [-0.5, 1.5],
      y: [-0.5, 1.5],
      probabilities: { data: await answers.data(), shape: [steps, steps] },
      points: { x: x.filter((_, i) => i % 2 === 0), y: x.filter((_, i) => i % 2 === 1), classes: y },
    },
    { title: "Exclusive or, one hidden layer" },
  );
  return { withoutHidden, withHidden, picture };
}
