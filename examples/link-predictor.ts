/**
 * A link predictor: a graph autoencoder (Kipf and Welling, 2016) learns from some of the friendships of a group of people, and is
 * asked for the others.
 */
import { areaUnder, losses, rocPoints, type Tensor, TorchGenerator } from "tendril";
import { Data, EdgeIndex, GCNConv, type Graph, GraphModel, RandomLinkSplit, TorchAdam } from "tendril/graph";
import { plotGraph } from "tendril/plot";

class Autoencoder extends GraphModel {
  conv1 = new GCNConv(people, 32);
  conv2 = new GCNConv(32, 16);

  call(graph: Graph) {
    const h = this.conv1.call(graph.x, graph.edgeIndex).relu();
    const z = this.conv2.call(h, graph.edgeIndex);
    const pairs = graph.get("edgeLabelIndex")!;
    const ends = [0, 1].map((side) => z.take(pairs.take(side, 0), 0)) as [Tensor, Tensor];
    return ends[0].mul(ends[1]).sum(-1);
  }
}

const people = 80;
const groups = 4;

/** People of four groups; two of one group are friends far more often. */
function friendships(generator: TorchGenerator): Data {
  const chance = generator.rand(people * people);
  const pairs: [number, number][] = [];
  for (let a = 0; a < people; a++) {
    for (let b = 0; b < a; b++) {
      if (chance[a * people + b]! < (a % groups === b % groups ? 0.5 : 0.03)) pairs.push([a, b], [b, a]);
    }
  }
  const x = new Float32Array(people * people);
  for (let i = 0; i < people; i++) x[i * people + i] = 1;
  const edgeIndex = new EdgeIndex([pairs.map(([a]) => a), pairs.map(([, b]) => b)], people);
  return new Data({ x: { data: x, shape: [people, people], dtype: "float32" }, edgeIndex });
}

export default async function linkPredictor({ epochs = 150, seed = 1 } = {}) {
  const generator = new TorchGenerator(seed);
  const graph = friendships(generator);
  const [train, validation, test] = RandomLinkSplit({ isUndirected: true, generator })(graph);
  const model = new Autoencoder();
  model.compile({
    optimizer: new TorchAdam({ learningRate: 0.01 }),
    loss: new losses.BinaryCrossentropy({ fromLogits: true }),
  });
  await model.fit(train, { target: "edgeLabel", epochs, verbose: 0 });
  const auc = async (part: Data) => {
    const scores = await ((await model.predict(part)) as Tensor).data();
    const { falsePositiveRate, truePositiveRate } = rocPoints(part.array("edgeLabel").data, scores);
    return areaUnder(falsePositiveRate, truePositiveRate);
  };
  const classes = Int32Array.from({ length: people }, (_, i) => i % groups);
  const picture = plotGraph(train.edgeIndex, { classes, title: "Friendships that were trained on" });
  return { validationAuc: await auc(validation), testAuc: await auc(test), picture };
}
