/**
 * PyTorch Geometric's notebook on graph classification, line by line: which molecules are mutagenic? From the same seed come
 * the same batches and the same accuracies. Needs `MUTAG.zip` of TUDataset in the folder `data`.
 */
import { losses, manualSeed } from "tendril";
import {
  DataLoader,
  dropout,
  GCNConv,
  type Graph,
  type GraphContext,
  GraphConv,
  type GraphDataset,
  GraphModel,
  globalMeanPool,
  TorchAdam,
  TorchLinear,
  TUDataset,
} from "tendril/graph";
import { curves } from "tendril/plot";

class Classifier extends GraphModel {
  conv1;
  conv2;
  conv3;
  lin;

  constructor(Conv: typeof GCNConv | typeof GraphConv, dataset: GraphDataset, hidden: number) {
    super();
    manualSeed(12345);
    this.conv1 = new Conv(dataset.numNodeFeatures, hidden);
    this.conv2 = new Conv(hidden, hidden);
    this.conv3 = new Conv(hidden, hidden);
    this.lin = new TorchLinear(hidden, dataset.numClasses);
  }

  call({ x, edgeIndex, batch }: Graph, ctx: GraphContext) {
    // 1. Features of the atoms
    let h = this.conv1.call(x, edgeIndex).relu();
    h = this.conv2.call(h, edgeIndex).relu();
    h = this.conv3.call(h, edgeIndex);
    // 2. One row for each molecule
    const row = globalMeanPool(h, batch);
    // 3. The classifier
    return this.lin.call(dropout(row, 0.5, ctx));
  }
}

export default async function molecules({
  data = "data",
  conv = "GCN" as "GCN" | "GraphConv",
  epochs = 170,
} = {}) {
  let dataset = await TUDataset(data, "MUTAG");
  manualSeed(12345);
  dataset = dataset.shuffle();
  const train = dataset.slice(0, 150);
  const test = dataset.slice(150);
  const trainLoader = new DataLoader(train, { batchSize: 64, shuffle: true });
  const testLoader = new DataLoader(test, { batchSize: 64 });
  const batches = [...trainLoader].map(String);

  const model = new Classifier(conv === "GCN" ? GCNConv : GraphConv, dataset, 64);
  model.compile({
    optimizer: new TorchAdam({ learningRate: 0.01 }),
    loss: new losses.SparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ["accuracy"],
  });

  const history = { accuracy: [] as number[], val_accuracy: [] as number[] };
  const lines: string[] = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    await model.fit(trainLoader, { epochs: 1, verbose: 0 });
    const trainAccuracy = (await model.evaluate(trainLoader)).accuracy!;
    const testAccuracy = (await model.evaluate(testLoader)).accuracy!;
    history.accuracy.push(trainAccuracy);
    history.val_accuracy.push(testAccuracy);
    lines.push(
      `Epoch: ${String(epoch).padStart(3, "0")}, Train Acc: ${trainAccuracy.toFixed(4)}, Test Acc: ${testAccuracy.toFixed(4)}`,
    );
  }
  manualSeed(null);
  return { dataset: `${dataset}`, batches, model: `${model}`, lines, picture: curves(history) };
}
