/** PyTorch Geometric's introduction, line by line: a graph convolutional network on Zachary's karate club, with its losses. */
import { losses as lossFunctions, manualSeed, type Tensor } from "tendril";
import { GCNConv, type Graph, GraphModel, KarateClub, TorchAdam, TorchLinear } from "tendril/graph";
import { plotGraph } from "tendril/plot";

class GCN extends GraphModel {
  conv1 = new GCNConv(34, 4);
  conv2 = new GCNConv(4, 4);
  conv3 = new GCNConv(4, 2);
  classifier = new TorchLinear(2, 4);

  call({ x, edgeIndex }: Graph): [logits: Tensor, embedding: Tensor] {
    let h = this.conv1.call(x, edgeIndex).tanh();
    h = this.conv2.call(h, edgeIndex).tanh();
    h = this.conv3.call(h, edgeIndex).tanh();
    return [this.classifier.call(h), h];
  }
}

export default async function karate() {
  const dataset = KarateClub();
  console.log(`Dataset: ${dataset}:`);
  console.log(`Number of graphs: ${dataset.length}`);
  console.log(`Number of features: ${dataset.numFeatures}`);
  console.log(`Number of classes: ${dataset.numClasses}`);

  const data = dataset.at(0);
  console.log(`${data}`);
  console.log(`Number of nodes: ${data.numNodes}`);
  console.log(`Number of edges: ${data.numEdges}`);
  console.log(`Average node degree: ${(data.numEdges / data.numNodes).toFixed(2)}`);
  console.log(`Contains isolated nodes: ${data.hasIsolatedNodes}`);
  console.log(`Contains self-loops: ${data.hasSelfLoops}`);
  console.log(`Is undirected: ${data.isUndirected}`);

  manualSeed(1234);
  const model = new GCN();
  console.log(`${model}`);
  model.compile({
    optimizer: new TorchAdam({ learningRate: 0.01 }),
    loss: new lossFunctions.SparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ["accuracy"],
  });
  const { history } = await model.fit(data, { mask: "trainMask", epochs: 401, verbose: 0 });
  const { accuracy } = await model.evaluate(data);
  const [, embedding] = (await model.predict(data)) as [Tensor, Tensor];
  manualSeed(null);

  const at = await embedding.data();
  const positions = { x: at.filter((_, i) => i % 2 === 0), y: at.filter((_, i) => i % 2 === 1) };
  const picture = plotGraph(data.edgeIndex, {
    positions,
    classes: data.array("y").data,
    marked: data.array("trainMask").data,
    title: "The club in the plane that the network learnt",
  });
  const losses = [0, 10, 20, 50, 100, 200, 300, 400].map((e) => (history.loss![e] as number).toFixed(4));
  return { losses, accuracy: accuracy!, picture };
}
