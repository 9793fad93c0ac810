/** A table of figures, one or more per chart; every check of charts.test.ts runs over all of them. */
import { KarateClub } from "../../src/graph/datasets.ts";
import { EdgeIndex } from "../../src/graph/edge-index.ts";
import * as nn from "../../src/nn/index.ts";
import * as plot from "../../src/plot/index.ts";

/** Numbers in 0–1 that look random and are the same each time. */
export function numbers(n: number, seed = 1): number[] {
  let state = seed;
  return Array.from({ length: n }, () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  });
}

const wave = (n: number) => Array.from({ length: n }, (_, i) => Math.exp(-i / 5) + 0.1);
const history = {
  loss: wave(20),
  accuracy: wave(20).map((v) => 1 - v / 2),
  val_loss: wave(20),
  val_accuracy: wave(20),
};
const classes = Array.from({ length: 60 }, (_, i) => i % 3);
const x = numbers(60, 2);
const y = numbers(60, 3);
const counts = Array.from({ length: 10 }, (_, i) =>
  Array.from({ length: 10 }, (_, j) => (i === j ? 95 : (i + j) % 3)),
);
const names = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
];
const image = (i: number): plot.GridImage => ({
  pixels: numbers(64, i + 1).map((v) => Math.round(v * 255)),
  width: 8,
  height: 8,
  caption: `true ${i % 10}, read 4 (0.83)`,
  tone: "bad",
});
const scored = { labels: [0, 0, 1, 1], scores: [0.1, 0.4, 0.35, 0.8] };
const surface = { shape: [12, 15, 3], data: numbers(540) };
const club = KarateClub().at(0);
const text = (s: string): string => s;

/** A model with a shared layer, a long way round and a model inside. */
function network(w: (s: string) => string): nn.Model {
  const name = (s: string) => w(s).replaceAll("/", "") || s;
  const inputs = nn.Input({ shape: [4], name: `${name("in")} 1` });
  const shared = new nn.Dense({ units: 4, name: `${name("shared")} 2` });
  const inner = new nn.Sequential([nn.Input({ shape: [4] }), new nn.Dense({ units: 4 })], {
    name: `${name("inner")} 3`,
  });
  const x = inner.apply(shared.apply(shared.apply(inputs)));
  return new nn.Model({ inputs, outputs: new nn.Concatenate({ name: "end" }).apply([x, inputs]) });
}

function perceptron(w: (s: string) => string): nn.Model {
  const name = w("hidden").replaceAll("/", "") || "hidden";
  return new nn.Sequential([
    nn.Input({ shape: [2] }),
    new nn.Dense({ units: 20, activation: "tanh", name }),
    new nn.Dense({ units: 3, activation: "softmax", name: "output" }),
  ]);
}

/** Figures whose every name and title is `word`, or harmless words where it is left out. */
export function figures(word?: string): Record<string, plot.Figure> {
  const w = word === undefined ? text : () => word;
  const head = { title: w("Title"), subtitle: w("what it shows") };
  return {
    curves: plot.curves(history, head),
    curvesOfRuns: plot.curves(
      { [w("adam")]: history, sgd: { loss: wave(9) } },
      { ...head, metrics: ["loss"], log: true },
    ),
    confusionMatrix: plot.confusionMatrix(counts, { ...head, classNames: names.map((name) => w(name)) }),
    imageGrid: plot.imageGrid(
      Array.from({ length: 9 }, (_, i) => ({ ...image(i), caption: [w("true 4"), w("0.8")] })),
      head,
    ),
    filters: plot.filters({ shape: [3, 3, 1, 8], data: numbers(72).map((v) => v - 0.5) }, head),
    filtersOfChannels: plot.filters({ shape: [3, 3, 12, 20], data: numbers(2160) }, head),
    featureMaps: plot.featureMaps({ shape: [6, 6, 70], data: numbers(2520) }, head),
    scatter: plot.scatter(
      { x, y, classes },
      { ...head, classNames: ["a", "b", "c"].map(w), xLabel: w("x"), yLabel: w("y") },
    ),
    scatterOfValues: plot.scatter({ x, y, values: numbers(60, 5) }, { ...head, valueLabel: w("energy") }),
    heatmap: plot.heatmap(counts, {
      ...head,
      rowNames: names.map(w),
      columnNames: names.map(w),
      valueLabel: w("v"),
    }),
    bars: plot.bars(
      { names: names.slice(0, 5).map(w), values: { [w("a")]: numbers(5), b: numbers(5, 7) } },
      head,
    ),
    barsAcross: plot.bars(
      { names: names.map(w), values: numbers(10) },
      { ...head, horizontal: true, percent: true, label: w("l") },
    ),
    histogram: plot.histogram(
      { [w("signal")]: numbers(500), other: numbers(300, 9) },
      { ...head, xLabel: w("score") },
    ),
    decisionSurface: plot.decisionSurface(
      { x: [-1, 1], y: [-2, 2], probabilities: surface, points: { x, y, classes } },
      { ...head, classNames: ["a", "b", "c"].map(w) },
    ),
    lineChart: plot.lineChart(
      [{ name: w("a"), y: wave(30), low: wave(30), high: wave(30) }, { y: [1, Number.NaN, 2] }],
      {
        ...head,
        xLabel: w("time"),
        yLabel: w("size"),
      },
    ),
    rocCurve: plot.rocCurve({ [w("MLP")]: scored, forest: scored }, head),
    prCurve: plot.prCurve({ [w("MLP")]: scored, forest: scored }, head),
    modelPlot: plot.plotModel(network(w), head),
    learningRateCurve: plot.learningRateCurve(
      {
        [w("cosine")]: new nn.CosineDecayRestarts({ initialLearningRate: 0.1, firstDecaySteps: 30 }),
        steps: new nn.ExponentialDecay({
          ...{ initialLearningRate: 0.1, decaySteps: 20, decayRate: 0.5, staircase: true },
        }),
      },
      { ...head, steps: 100, stepsPerEpoch: 10 },
    ),
    lossLandscape: plot.lossLandscapeChart(
      {
        at: [-1, -0.5, 0, 0.5, 1],
        losses: { shape: [5, 5], data: Float64Array.from({ length: 25 }, (_, i) => 0.1 + (i % 5) ** 2 + i) },
      },
      head,
    ),
    networkDrawing: plot.networkDrawing(perceptron(w), head),
    weightsHistogram: plot.weightsHistogram(perceptron(w), head),
    activationByName: plot.activationChart("gelu", head),
    activationChart: plot.activationChart({ name: w("tanh"), value: Math.tanh }, head),
    graph: plot.plotGraph(club.edgeIndex, {
      ...head,
      classes: club.y!.data,
      classNames: ["a", "b", "c", "d"].map(w),
      marked: club.array("trainMask").data,
      markName: w("training node"),
    }),
    graphOfAttention: plot.plotGraph(club.edgeIndex, {
      ...head,
      values: numbers(34),
      valueLabel: w("score"),
      edgeWeights: numbers(club.numEdges),
      labels: Array.from({ length: 34 }, (_, i) => w(`n${i}`)),
    }),
    directedGraph: plot.plotGraph(
      new EdgeIndex([
        [0, 1, 2, 2],
        [1, 2, 0, 2],
      ]),
      head,
    ),
    embedding: plot.embedding(
      { shape: [60, 5], data: numbers(300) },
      { ...head, classes, classNames: names.map(w) },
    ),
    embeddingByTsne: plot.embedding(
      { shape: [30, 4], data: numbers(120) },
      { ...head, method: "tsne", iterations: 100 },
    ),
    grid: plot.grid([plot.lineChart([{ y: [1, 2] }], head), plot.heatmap([[1, 2]], head)], {
      ...head,
      columns: 2,
    }),
  };
}
