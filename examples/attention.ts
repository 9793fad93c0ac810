/** Graph attention on the karate club: who looks at whom. */
import { losses, type Tensor } from "tendril";
import { GATConv, Graph, GraphModel, KarateClub, TorchAdam } from "tendril/graph";
import { plotGraph } from "tendril/plot";

class GAT extends GraphModel {
  conv1 = new GATConv(34, 4, { heads: 2 });
  conv2 = new GATConv(8, 4);

  call({ x, edgeIndex }: Graph): Tensor {
    return this.conv2.call(this.conv1.call(x, edgeIndex).relu(), edgeIndex);
  }

  /** The attention of the first layer: [edges, heads], with its edges. */
  attention({ x, edgeIndex }: Graph) {
    return this.conv1.returnAttentionWeights(x, edgeIndex);
  }
}

/** The attention at each node adds up to 1, its self-loop among it. */
export default async function attention() {
  const data = KarateClub().at(0);
  const model = new GAT();
  model.compile({
    optimizer: new TorchAdam({ learningRate: 0.02 }),
    loss: new losses.SparseCategoricalCrossentropy({ fromLogits: true }),
  });
  await model.fit(data, { mask: "trainMask", epochs: 100, verbose: 0 });
  const { edgeIndex, attention: weights } = model.attention(Graph.of(data));
  const heads = await weights.mean(-1).data();
  const targets = await edgeIndex.at(1).data();
  const sums = new Float32Array(data.numNodes);
  heads.forEach((a, e) => {
    sums[targets[e]!]! += a;
  });
  // The edges of the list come first, then the self-loops, which are not drawn.
  const picture = plotGraph(data.edgeIndex, {
    edgeWeights: heads.slice(0, data.numEdges),
    classes: data.array("y").data,
    title: "Attention in the karate club",
  });
  return { sums: [...sums], picture };
}
