/**
 * Which pairs of hits at the LHC belong to one particle? An edge classifier on TrackML hit graphs, against a cut on the distance
 * of the hits. Needs `trackml_hitgraphs` in the folder `data`.
 */
import { areaUnder, concat, losses, rocPoints, type Tensor } from "tendril";
import {
  type Data,
  type Graph,
  GraphConv,
  GraphModel,
  standardize,
  TorchAdam,
  TorchLinear,
  TrackML,
} from "tendril/graph";
import { rocCurve } from "tendril/plot";

class EdgeClassifier extends GraphModel {
  encode = new GraphConv(3, 32);
  spread = new GraphConv(32, 32);
  pair = new TorchLinear(2 * 32 + 4, 32);
  out = new TorchLinear(32, 2);

  call({ x, edgeIndex, edgeAttr }: Graph) {
    let h = this.encode.call(x, edgeIndex).relu();
    h = this.spread.call(h, edgeIndex).relu();
    // Both ends of each edge and what lies between them.
    const ends = concat([edgeIndex.fromSource(h), edgeIndex.fromTarget(h), edgeIndex.arrange(edgeAttr!)], -1);
    return edgeIndex.restore(this.out.call(this.pair.call(ends).relu()));
  }
}

export default async function tracks({ data = "data", graphs = 100, epochs = 20, seed = 0 } = {}) {
  const all = (await TrackML(data)).slice(0, graphs);
  const [train, test] = standardize(all, ["edgeAttr"], all.split(0.8)[0]).split(0.8, 0.2);
  const model = new EdgeClassifier();
  model.compile({
    optimizer: new TorchAdam({ learningRate: 0.01 }),
    loss: new losses.SparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ["accuracy"],
  });
  await model.fit(train!, { epochs, batchSize: 4, seed, verbose: 0 });

  const labels = Float32Array.from([...test!].flatMap((g: Data) => [...g.y!.data]));
  const scores = await ((await model.predict(test!)) as Tensor).data();
  const network = labels.map((_, e) => scores[2 * e + 1]! - scores[2 * e]!);
  // ΔR, the fourth feature of an edge: true pairs are near each other.
  const near = Float32Array.from([...test!].flatMap((g: Data) => nearness(g)));
  const auc = (values: Float32Array) => {
    const { falsePositiveRate, truePositiveRate } = rocPoints(labels, values);
    return areaUnder(falsePositiveRate, truePositiveRate);
  };
  const picture = rocCurve(
    { network: { labels, scores: network }, "distance cut": { labels, scores: near } },
    { title: "Edges of tracks" },
  );
  return { auc: auc(network), aucOfDistance: auc(near), edges: labels.length, picture };
}

function nearness(graph: Data): number[] {
  const { data } = graph.edgeAttr!;
  return Array.from({ length: graph.numEdges }, (_, e) => -data[4 * e + 3]!);
}
