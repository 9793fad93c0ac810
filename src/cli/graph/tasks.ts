/** The graph tasks of `tendril train`: data, network, training and protocol. To add one: one row. */
import type { SourceOptions } from "../../data/index.ts";
import {
  type Data,
  type GraphDataset,
  KarateClub,
  NormalizeFeatures,
  Planetoid,
  standardize,
  TRDEvents,
  TrackML,
  TUDataset,
} from "../../graph/index.ts";
import { UsageError } from "../../ir/errors.ts";
import type { ConvName } from "./convs.ts";
import type { GraphTaskName } from "./names.ts";
import type { NetworkOptions } from "./network.ts";
import { type Protocol, protocols } from "./protocols.ts";

/** Places of nodes in the plane. */
export interface Places {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** Where data come from. */
export interface TaskData {
  /** Where the files of data sets are. */
  readonly source: SourceOptions;
  readonly seed: number;
  /** Events that are generated, or graphs that are used. */
  readonly events: number | undefined;
}

/** What a flag sets and a task has a default for. */
export interface TaskDefaults {
  readonly conv: ConvName;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly dropout: number;
  readonly pool: NetworkOptions["pool"];
  readonly epochs: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly batchSize: number;
  readonly seed: number;
}

export interface GraphTask {
  readonly about: string;
  readonly load: (data: TaskData) => GraphDataset | Promise<GraphDataset>;
  readonly classNames?: readonly string[];
  readonly network: Pick<NetworkOptions, "head" | "activateLast"> & {
    readonly activation: NetworkOptions["activation"] | ((conv: ConvName) => NetworkOptions["activation"]);
    readonly lastHidden?: number;
  };
  readonly defaults: TaskDefaults;
  /** Published settings of single operators. */
  readonly byConv?: Readonly<Partial<Record<ConvName, Partial<TaskDefaults>>>>;
  readonly protocol: Protocol;
  /** Whether `--seed` draws what PyTorch draws, as in the notebooks that use these data. */
  readonly replay?: boolean;
  /** Weight decay on the weights of the first operator only. */
  readonly decayFirst?: boolean;
  /** Keep the weights of the epoch with the best validation accuracy. */
  readonly chooseEpoch?: boolean;
  /** Places of the nodes in pictures. */
  readonly positions?: (graph: Data) => Places;
}

const shared: TaskDefaults = {
  ...{ conv: "gcn", hidden: 64, layers: 3, heads: 1, dropout: 0.5, pool: "mean" },
  ...{ epochs: 100, learningRate: 0.01, weightDecay: 0, batchSize: 64, seed: 0 },
};

/** A citation network, with the settings of Kipf and Welling (2017) and Veličković et al. (2018). */
function citations(name: string): GraphTask {
  return {
    about: `classes of papers in the citation network ${name}`,
    load: ({ source }) => Planetoid(source, name, { preTransform: NormalizeFeatures() }),
    network: {
      head: "last-conv",
      activateLast: false,
      activation: (conv) => (conv === "gat" ? "elu" : "relu"),
    },
    defaults: { ...shared, hidden: 16, layers: 2, epochs: 200, weightDecay: 5e-4 },
    byConv: { gat: { hidden: 8, heads: 8, dropout: 0.6, learningRate: 0.005 } },
    protocol: protocols.masks,
    decayFirst: true,
    chooseEpoch: true,
  };
}

/** The first so many graphs. Throws UsageError where there are fewer. */
function firstOf(set: GraphDataset, events: number | undefined): GraphDataset {
  if (events === undefined || events <= set.length) return set.slice(0, events);
  throw new UsageError({
    where: "tendril train --events",
    problem: `${set.name} has fewer graphs`,
    expected: `at most ${set.length}`,
    got: String(events),
    try: `--events ${set.length}, or leave it out`,
  });
}

/** A set of TUDataset. */
function tu(name: string, about: string, change: Partial<GraphTask> & { useNodeAttr?: boolean }): GraphTask {
  const { useNodeAttr = false, ...rest } = change;
  return {
    about,
    load: async ({ source, events }) => {
      return firstOf(await TUDataset(source, name, { useNodeAttr }), events);
    },
    network: { head: "graphs", activation: "relu", activateLast: false },
    defaults: shared,
    protocol: protocols.graphs(0.8),
    ...rest,
  };
}

export const graphTasks: { readonly [K in GraphTaskName]: GraphTask } = {
  karate: {
    about: "communities of the karate club, as in PyTorch Geometric's introduction",
    load: () => KarateClub(),
    network: { head: "nodes", activation: "tanh", activateLast: true, lastHidden: 2 },
    defaults: { ...shared, hidden: 4, epochs: 401, dropout: 0, seed: 1234 },
    protocol: protocols.masks,
    replay: true,
  },
  cora: citations("Cora"),
  citeseer: citations("Citeseer"),
  mutag: tu("MUTAG", "mutagenic molecules, as in PyTorch Geometric's notebook on graph classification", {
    defaults: { ...shared, epochs: 170, seed: 12345 },
    byConv: { graphconv: { epochs: 200 } },
    protocol: protocols.graphs(150),
    replay: true,
  }),
  proteins: tu("PROTEINS", "enzymes among proteins", { chooseEpoch: true }),
  enzymes: tu("ENZYMES", "the six classes of enzymes", {
    useNodeAttr: true,
    defaults: { ...shared, epochs: 200, conv: "graphconv" },
    chooseEpoch: true,
  }),
  trd: {
    about: "collisions in a toy transition-radiation detector",
    load: ({ events, seed }) => TRDEvents({ events, seed }),
    classNames: ["straight", "collision"],
    network: { head: "graphs", activation: "relu", activateLast: true },
    defaults: { ...shared, hidden: 32, layers: 2, dropout: 0, pool: "mean-max", epochs: 20 },
    protocol: protocols.graphs(0.8),
    positions: acrossTheLayers,
  },
  trackml: {
    about: "which pairs of hits at the LHC belong to one particle",
    load: async ({ source, events }) => standardize(firstOf(await TrackML(source), events), ["edgeAttr"]),
    classNames: ["false", "true"],
    network: { head: "edges", activation: "relu", activateLast: true },
    defaults: { ...shared, conv: "graphconv", hidden: 32, dropout: 0, epochs: 20, batchSize: 4 },
    protocol: protocols.graphs(0.8),
    positions: aroundTheBeam,
  },
};

/** Hits as seen along the beam. */
function aroundTheBeam(graph: Data): Places {
  const hits = graph.x!.data;
  const at = (of: (turns: number) => number) =>
    Float64Array.from({ length: graph.numNodes }, (_, i) => hits[3 * i]! * of(Math.PI * hits[3 * i + 1]!));
  return { x: at(Math.cos), y: at(Math.sin) };
}

/** Layers from left to right, the position in them upwards. */
function acrossTheLayers(graph: Data): Places {
  const { data } = graph.array("pos");
  const axis = (a: number) => Float64Array.from({ length: graph.numNodes }, (_, i) => data[3 * i + a]!);
  return { x: axis(0), y: axis(1) };
}
