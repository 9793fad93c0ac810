/**
 * Did a particle collide in a transition-radiation detector? Events from the generator as graphs of neighbouring hits, against two
 * answers without a graph: a cut on the number of hits, and a network that sees sums over the hits.
 */
import { areaUnder, concat, Dense, Input, losses, rocPoints, Sequential, type Tensor } from "tendril";
import {
  type Data,
  GCNConv,
  type Graph,
  GraphModel,
  globalMaxPool,
  globalMeanPool,
  TorchAdam,
  TorchLinear,
  TRDEvents,
} from "tendril/graph";
import { rocCurve } from "tendril/plot";

class Events extends GraphModel {
  conv1 = new GCNConv(4, 32);
  conv2 = new GCNConv(32, 32);
  lin = new TorchLinear(64, 2);

  call({ x, edgeIndex, batch }: Graph) {
    let h = this.conv1.call(x, edgeIndex).relu();
    h = this.conv2.call(h, edgeIndex).relu();
    return this.lin.call(concat([globalMeanPool(h, batch), globalMaxPool(h, batch)], -1));
  }
}

export default async function detectorEvents({ events = 3000, epochs = 20, seed = 0 } = {}) {
  const [train, test] = TRDEvents({ events, seed }).split(0.8, 0.2);
  const labelsOf = (set: Iterable<Data>) => Float32Array.from(set, (e) => e.y!.data[0]!);
  const labels = labelsOf(test!);
  const answers: Record<string, ArrayLike<number>> = {};

  const model = new Events();
  model.compile({
    optimizer: new TorchAdam({ learningRate: 0.01 }),
    loss: new losses.SparseCategoricalCrossentropy({ fromLogits: true }),
  });
  await model.fit(train!, { epochs, batchSize: 64, seed, verbose: 0 });
  const scores = await ((await model.predict(test!)) as Tensor).data();
  answers["graph network"] = labels.map((_, i) => scores[2 * i + 1]! - scores[2 * i]!);

  const network = new Sequential(
    [
      Input({ shape: [10] }),
      new Dense({ units: 32, activation: "relu" }),
      new Dense({ units: 1, activation: "sigmoid" }),
    ],
    { seed },
  );
  network.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
  await network.fit(sums(train!), labelsOf(train!), { epochs: 3 * epochs, batchSize: 64, seed, verbose: 0 });
  answers["sums of hits"] = await ((await network.predict(sums(test!), { verbose: 0 })) as Tensor).data();
  answers["number of hits"] = Float32Array.from(test!, (e) => e.numNodes);

  const found = Object.entries(answers).map(([name, score]) => {
    const cut = name === "number of hits" ? bestCut(train!) : name === "graph network" ? 0 : 0.5;
    const right = labels.filter((label, i) => score[i]! > cut === (label === 1)).length;
    return [name, { accuracy: right / labels.length, auc: auc(labels, score) }] as const;
  });
  const picture = rocCurve(
    Object.fromEntries(Object.entries(answers).map(([name, score]) => [name, { labels, scores: score }])),
    { title: "Collision or straight track" },
  );
  return { results: Object.fromEntries(found), picture };
}

/** The number of hits, mean and largest value of each feature, and the spread across: 10 numbers for an event. */
function sums(set: Iterable<Data>) {
  const rows = [...set].map((event) => {
    const { data } = event.x!;
    const n = event.numNodes;
    const column = (c: number) => Array.from({ length: n }, (_, i) => data[4 * i + c]!);
    const mean = (c: number) => column(c).reduce((a, b) => a + b, 0) / n;
    return [n / 10, ...[0, 1, 2, 3].flatMap((c) => [mean(c), Math.max(...column(c))]), spread(column(1))];
  });
  return { data: Float32Array.from(rows.flat()), shape: [rows.length, 10] };
}

function spread(values: readonly number[]): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
}

/** The number of hits above which most training events have a collision. */
function bestCut(set: Iterable<Data>): number {
  const all = [...set];
  const right = (cut: number) => all.filter((e) => e.numNodes > cut === (e.y!.data[0] === 1)).length;
  const cuts = Array.from({ length: 40 }, (_, cut) => cut);
  return cuts.reduce((best, cut) => (right(cut) > right(best) ? cut : best), 0);
}

function auc(labels: Float32Array, scores: ArrayLike<number>): number {
  const { falsePositiveRate, truePositiveRate } = rocPoints(labels, Float32Array.from(scores));
  return areaUnder(falsePositiveRate, truePositiveRate);
}
