/** A graph operator of one's own: each node moves towards the mean of its neighbours, by a share (of 0 to 1) that is learnt. */
import { losses, type Tensor } from "tendril";
import {
  type EdgeInput,
  type Graph,
  GraphModel,
  KarateClub,
  Linear,
  type Message,
  MessagePassing,
  TorchAdam,
} from "tendril/graph";
import { plotGraph } from "tendril/plot";

class Smooth extends MessagePassing {
  share = this.parameter([1]);

  constructor() {
    super({ aggr: "mean" });
    this.resetParameters();
  }

  override resetParameters(): void {
    this.share.write([1]);
  }

  override message({ xi, xj }: Message): Tensor {
    return xj.sub(xi);
  }

  call(x: Tensor, edges: EdgeInput): Tensor {
    return x.add(this.propagate(edges, { x }).mul(this.share.value.sigmoid()));
  }
}

class Model extends GraphModel {
  lin = new Linear(34, 4);
  smooth1 = new Smooth();
  smooth2 = new Smooth();
  smooth3 = new Smooth();

  call({ x, edgeIndex }: Graph): Tensor {
    const h = this.smooth2.call(this.smooth1.call(x, edgeIndex), edgeIndex);
    return this.lin.call(this.smooth3.call(h, edgeIndex));
  }
}

/** Learns from four members of the karate club which side the others take. */
export default async function ownOperator() {
  const data = KarateClub().at(0);
  const model = new Model();
  model.compile({
    optimizer: new TorchAdam({ learningRate: 0.02 }),
    loss: new losses.SparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ["accuracy"],
  });
  await model.fit(data, { mask: "trainMask", epochs: 100, verbose: 0 });
  const { accuracy } = await model.evaluate(data);
  const share = 1 / (1 + Math.exp(-model.smooth1.share.read()[0]!));
  const picture = plotGraph(data.edgeIndex, {
    classes: await ((await model.predict(data)) as Tensor).argmax(-1).data(),
    marked: data.array("trainMask").data,
    title: "What each member was taken for",
  });
  return { accuracy: accuracy!, share, picture };
}
