/** The pictures of a trained graph network. */
import type { Tensor } from "../../core/index.ts";
import {
  type Data,
  EdgeIndex,
  GATConv,
  GATv2Conv,
  Graph,
  type GraphDataset,
  type GraphInput,
  TransformerConv,
} from "../../graph/index.ts";
import {
  confusionMatrix,
  embedding,
  type Figure,
  type GraphPlotOptions,
  plotGraph,
  rocCurve,
} from "../../plot/index.ts";
import { trainingCurves } from "../pictures.ts";
import { bestOf } from "./scores.ts";
import type { GraphTask } from "./tasks.ts";
import type { Trained } from "./training.ts";

/** Points of an embedding at most: t-SNE compares all pairs. */
const shown = 600;
/** Nodes of a drawing at most: the layout compares all pairs. */
const drawn = 4000;

/** Every picture that task and network allow, by the name of its file. */
export async function graphPictures(
  trained: Trained,
  task: GraphTask,
  dataset: GraphDataset,
): Promise<Map<string, Figure>> {
  const classes = dataset.numClasses;
  const names = task.classNames ?? Array.from({ length: classes }, (_, c) => `class ${c}`);
  const found = new Map<string, Figure | undefined>([
    ["curves", trainingCurves(trained.history)],
    ["confusion-matrix", confusionMatrix(confusion(trained, classes), { classNames: names })],
    ["roc", rocOf(trained)],
    ["embedding", await embeddingOf(trained, names)],
    ...(await graphsOf(trained, task, names)),
  ]);
  return new Map([...found].filter((entry): entry is [string, Figure] => entry[1] !== undefined));
}

function confusion({ test }: Trained, classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  test.labels.forEach((label, i) => {
    counts[label]![test.predicted[i]!]!++;
  });
  return counts;
}

function rocOf({ test, auc }: Trained): Figure | undefined {
  if (auc === null) return undefined;
  return rocCurve({ labels: test.labels, scores: test.margins! }, { title: "Test" });
}

/** The features before the last layer, of the whole graph or of the test graphs. */
async function embeddingOf({ model, split }: Trained, classNames: readonly string[]): Promise<Figure> {
  const part = split.whole ?? split.test;
  const graphs = listOf(part.graphs);
  const [, features] = (await model.predict(graphs.length === 1 ? graphs[0]! : graphs)) as Tensor[];
  const [rows, width] = features!.shape as [number, number];
  const labels = graphs.flatMap((g) => [...g.y!.data]);
  const count = Math.min(rows, shown);
  const kept = Array.from({ length: count }, (_, i) => Math.floor((i * rows) / count));
  const values = await features!.data();
  const data = kept.flatMap((r) => [...values.subarray(r * width, (r + 1) * width)]);
  const method = width > 2 ? "tsne" : "pca";
  return embedding(
    { shape: [count, width], data },
    {
      classes: kept.map((r) => labels[r]!),
      classNames,
      method,
      iterations: 500,
      title: "What the last layer is given",
      ...(method === "tsne" ? { subtitle: `${width} features drawn in the plane by t-SNE` } : {}),
    },
  );
}

function listOf(graphs: GraphInput): Data[] {
  return Symbol.iterator in graphs ? ([...graphs] as Data[]) : [graphs];
}

/** The graph by class and by prediction, with the attention where there is some; of many graphs the first test graph. */
async function graphsOf(
  { model, split }: Trained,
  task: GraphTask,
  classNames: readonly string[],
): Promise<[string, Figure | undefined][]> {
  const [graph] = listOf(split.test.graphs);
  if (graph === undefined || graph.numNodes > drawn) return [];
  const head = task.network.head;
  const positions = task.positions?.(graph);
  const options: GraphPlotOptions = {
    classNames,
    ...(positions ? { positions, labels: false as const } : {}),
  };
  const [scores] = (await model.predict(graph)) as Tensor[];
  const predicted = bestOf(await scores!.data(), scores!.shape[1] as number);
  const attention = attentionOf(model, graph, options);
  const pictures: [string, Figure | undefined][] = [["attention", attention]];
  if (head === "graphs") {
    const title = `A test graph of ${classNames[graph.y!.data[0]!]}, taken for ${classNames[predicted[0]!]}`;
    const kinds = graph.fields.has("origin") ? graph.array("origin").data : oneHotOf(graph);
    return [
      ...pictures,
      ["graph", plotGraph(graph.edgeIndex, { ...options, classNames: [], ...kindsOf(kinds), title })],
    ];
  }
  if (head === "edges") return [...pictures, ["graph", edgesPicture(graph, predicted, options)]];
  const marked = graph.fields.has("trainMask") ? graph.array("trainMask").data : undefined;
  const nodes = { ...options, ...(marked ? { marked, markName: "trained on" } : {}) };
  return [
    ...pictures,
    ["graph", plotGraph(graph.edgeIndex, { ...nodes, classes: graph.y!.data, title: "Classes" })],
    ["prediction", plotGraph(graph.edgeIndex, { ...nodes, classes: predicted, title: "Predicted classes" })],
  ];
}

/** The kind of each node where its features are one-hot. */
function oneHotOf(graph: Data): Int32Array | undefined {
  const x = graph.x;
  if (x === undefined || x.data.some((v) => v !== 0 && v !== 1)) return undefined;
  return bestOf(x.data, x.shape[1]!);
}

function kindsOf(kinds: ArrayLike<number> | undefined): Pick<GraphPlotOptions, "classes" | "classNames"> {
  if (kinds === undefined) return {};
  const most = Array.from(kinds).reduce((a, b) => Math.max(a, b), 0);
  return { classes: kinds, classNames: Array.from({ length: most + 1 }, (_, k) => `kind ${k}`) };
}

/** The edges that were called true, and how many of them are. */
function edgesPicture(graph: Data, predicted: Int32Array, options: GraphPlotOptions): Figure {
  const truth = graph.y!.data;
  const called = [...predicted.keys()].filter((e) => predicted[e] === 1);
  const right = called.filter((e) => truth[e] === 1).length;
  const { source, target, numNodes } = graph.edgeIndex;
  const edges = new EdgeIndex([called.map((e) => source[e]!), called.map((e) => target[e]!)], numNodes);
  return plotGraph(edges, {
    ...options,
    arrows: false,
    title: "Edges that were called true in a test event",
    subtitle: `${right} of ${called.length} are`,
  });
}

type Attentive = GATConv | GATv2Conv | TransformerConv;

function isAttentive(module: unknown): module is Attentive {
  return [GATConv, GATv2Conv, TransformerConv].some((kind) => module instanceof kind);
}

/** The attention of the first operator, averaged over its heads. */
function attentionOf(model: Trained["model"], graph: Data, options: GraphPlotOptions): Figure | undefined {
  const [first] = model.convs;
  if (!isAttentive(first) || graph.numNodes > 300) return undefined;
  const { x, edgeIndex } = Graph.of(graph);
  const { edgeIndex: pairs, attention } = first.returnAttentionWeights(x, edgeIndex);
  const ends = pairs.dataSync();
  const count = ends.length / 2;
  const edges = new EdgeIndex([ends.subarray(0, count), ends.subarray(count)], graph.numNodes);
  return plotGraph(edges, {
    ...options,
    classes: graph.y!.data.length === graph.numNodes ? graph.y!.data : undefined,
    edgeWeights: attention.mean(-1).dataSync(),
    title: "Attention",
    subtitle: "the wider an edge, the more its end listens to its beginning",
  });
}
