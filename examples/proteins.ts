/**
 * Which proteins are enzymes? Graphs of their secondary structure, with nodes dropped in stages (TopK pooling). Needs `PROTEINS.zip` of
 * TUDataset in the folder `data`.
 */
import { concat, EarlyStopping, losses, type Tensor, TorchGenerator } from "tendril";
import {
  dropout,
  type Graph,
  type GraphContext,
  GraphConv,
  GraphModel,
  type Groups,
  globalMaxPool,
  globalMeanPool,
  TopKPooling,
  TorchAdam,
  TorchLinear,
  TUDataset,
} from "tendril/graph";
import { curves } from "tendril/plot";

const width = 64;
const readout = (x: Tensor, batch: Groups) => concat([globalMaxPool(x, batch), globalMeanPool(x, batch)], -1);

class Stages extends GraphModel {
  conv1 = new GraphConv(4, width);
  pool1 = new TopKPooling(width, { ratio: 0.8 });
  conv2 = new GraphConv(width, width);
  pool2 = new TopKPooling(width, { ratio: 0.8 });
  lin1 = new TorchLinear(2 * width, width);
  lin2 = new TorchLinear(width, 2);

  call({ x, edgeIndex, batch }: Graph, ctx: GraphContext) {
    const first = this.pool1.call(this.conv1.call(x, edgeIndex).relu(), edgeIndex, batch);
    const h = this.conv2.call(first.x, first.edgeIndex).relu();
    const second = this.pool2.call(h, first.edgeIndex, first.batch);
    // What is read out of both stages is added up.
    const row = readout(first.x, first.batch).add(readout(second.x, second.batch));
    return this.lin2.call(dropout(this.lin1.call(row).relu(), 0.5, ctx));
  }
}

export default async function proteins({ data = "data", graphs = 1113, epochs = 60, seed = 0 } = {}) {
  const dataset = (await TUDataset(data, "PROTEINS", { useNodeAttr: true })).shuffle(
    new TorchGenerator(seed),
  );
  const [train, validation, test] = dataset.slice(0, graphs).split(0.8, 0.1, 0.1);
  const model = new Stages();
  model.compile({
    optimizer: new TorchAdam({ learningRate: 0.001 }),
    loss: new losses.SparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ["accuracy"],
  });
  const best = new EarlyStopping({ monitor: "val_accuracy", patience: epochs, restoreBestWeights: true });
  const { history } = await model.fit(train!, {
    ...{ epochs, batchSize: 64, seed, verbose: 0 },
    validationData: validation!,
    callbacks: [best],
  });
  const { accuracy } = await model.evaluate(test!);
  return { accuracy, bestEpoch: best.bestEpoch + 1, picture: curves(history, { title: "PROTEINS" }) };
}
