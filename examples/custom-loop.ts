/** A training loop of one's own: `compile` makes the step one program, `gradient` differentiates, variables are assigned. */
import { compile, dim, gradient, key, randomNormal, softplus, variable, zeros } from "tendril";
import { makeSpirals } from "tendril/data";
import { lineChart } from "tendril/plot";

export default async function customLoop({ units = 32, steps = 1000, learningRate = 0.1 } = {}) {
  const { x, y } = makeSpirals({ nSamples: 200, noise: 0.03, seed: 1 });
  const labels = Float32Array.from(y);

  const random = key(1);
  const normal = (name: string, rows: number, columns: number) =>
    variable(randomNormal(random.child(name), [rows, columns]).mul(Math.sqrt(2 / rows)), { name });
  const w1 = normal("w1", 2, units);
  const b1 = variable(zeros([units]), { name: "b1" });
  const w2 = normal("w2", units, units);
  const b2 = variable(zeros([units]), { name: "b2" });
  const w3 = normal("w3", units, 1);
  const weights = [w1, b1, w2, b2, w3];
  const velocities = weights.map((w) => variable(zeros(w.shape), { name: `${w.name} velocity` }));

  const rows = dim("rows");
  const step = compile(
    (x, y, rate) => {
      const hidden = x.matmul(w1).add(b1).tanh().matmul(w2).add(b2).tanh();
      const logits = hidden.matmul(w3).squeeze(-1);
      const loss = softplus(logits).sub(logits.mul(y)).mean();
      const gradients = gradient(loss, weights);
      weights.forEach((w, i) => {
        const velocity = velocities[i]!.value.mul(0.9).sub(gradients[i]!.mul(rate));
        velocities[i]!.assign(velocity);
        w.assign(w.value.add(velocity));
      });
      const right = logits.greater(0).equal(y.greater(0.5));
      return { loss, accuracy: right.mean() };
    },
    {
      inputs: [
        { shape: [rows, 2], dtype: "float32" },
        { shape: [rows], dtype: "float32" },
        { shape: [], dtype: "float32" },
      ],
    },
  );

  const losses: number[] = [];
  let accuracy = 0;
  for (let i = 0; i < steps; i++) {
    // The rate falls; it is an input, so nothing is compiled again.
    const result = await step(x, labels, learningRate * 0.5 ** ((2 * i) / steps));
    losses.push(Number(await result.loss.item()));
    accuracy = Number(await result.accuracy.item());
  }
  const picture = lineChart([{ name: "loss", y: losses }], {
    title: "Two spirals, a loop of one's own",
    xLabel: "step",
  });
  return { loss: losses.at(-1), accuracy, programs: step.traces, picture };
}
