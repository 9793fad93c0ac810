/** The model of PyTorch Geometric's introduction on the karate club, and how it is trained. */
import type { BackendName } from "../../src/core/index.ts";
import {
  type GATConv,
  GCNConv,
  type Graph,
  GraphModel,
  KarateClub,
  TorchAdam,
  TorchLinear,
} from "../../src/graph/index.ts";
import { SparseCategoricalCrossentropy } from "../../src/nn/losses/sparse-categorical-crossentropy.ts";

export const data = KarateClub().at(0);

/** The notebook's model. */
export class GCN extends GraphModel {
  readonly conv1: GCNConv | GATConv;
  readonly conv2: GCNConv | GATConv;
  readonly conv3: GCNConv | GATConv;
  readonly classifier: TorchLinear;

  constructor(Conv: typeof GCNConv | typeof GATConv = GCNConv) {
    super();
    this.conv1 = new Conv(34, 4);
    this.conv2 = new Conv(4, 4);
    this.conv3 = new Conv(4, 2);
    this.classifier = new TorchLinear(2, 4);
  }

  call({ x, edgeIndex }: Graph) {
    let h = this.conv1.call(x, edgeIndex).tanh();
    h = this.conv2.call(h, edgeIndex).tanh();
    h = this.conv3.call(h, edgeIndex).tanh();
    return [this.classifier.call(h), h];
  }
}

export function compiled(model: GCN, backend: BackendName = "wasm"): GCN {
  model.compile({
    optimizer: new TorchAdam({ learningRate: 0.01 }),
    loss: new SparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ["accuracy"],
    backend,
  });
  return model;
}

export const train = (model: GCN, epochs: number) =>
  model.fit(data, { mask: "trainMask", epochs, verbose: 0 });
