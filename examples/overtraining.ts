/**
 * Monitors overtraining: a network that is too large for noisy data learns the noise. Its training loss falls and falls, while
 * that of the validation sample turns up; early stopping ends the training soon after the turn.
 */
import { Adam, Dense, EarlyStopping, Input, Sequential } from "tendril";
import { makeMoons } from "tendril/data";
import { curves } from "tendril/plot";

export default async function overtraining({ units = 128, epochs = 150, patience = 10 } = {}) {
  const sample = (seed: number) => {
    const { x, y } = makeMoons({ nSamples: 100, noise: 0.35, seed });
    return [{ data: x, shape: [100, 2] }, y] as const;
  };
  const [x, y] = sample(1);
  const train = async (callbacks: EarlyStopping[]) => {
    const dense = () => new Dense({ units, activation: "relu" });
    const model = new Sequential(
      [Input({ shape: [2] }), dense(), dense(), new Dense({ units: 1, activation: "sigmoid" })],
      { seed: 1 },
    );
    model.compile({
      optimizer: new Adam({ learningRate: 0.005 }),
      loss: "binaryCrossentropy",
      metrics: ["accuracy"],
    });
    const validationData = sample(2);
    return model.fit(x, y, { batchSize: 20, epochs, validationData, callbacks, verbose: 0 });
  };

  const { history } = await train([]);
  const valLoss = history.val_loss!;
  const turn = valLoss.indexOf(Math.min(...valLoss)) + 1;
  const stopping = new EarlyStopping({ patience, restoreBestWeights: true });
  const stopped = await train([stopping]);
  return {
    turn,
    stoppedAfter: stopped.epoch.length,
    trainingLoss: [history.loss![turn - 1], history.loss!.at(-1)],
    validationLoss: [valLoss[turn - 1], valLoss.at(-1)],
    picture: curves(history, { title: "Overtraining", subtitle: `validation loss turns in epoch ${turn}` }),
  };
}
