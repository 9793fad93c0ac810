/** How the data of a task are divided into training, validation and test: one or more splits for a seed. */
import type { TorchGenerator } from "../../core/index.ts";
import type { Data, GraphDataset, GraphInput } from "../../graph/index.ts";
import { UsageError } from "../../ir/errors.ts";

/** Graphs, and the field that says which of their labels count; all where it is null. */
export interface Part {
  readonly graphs: GraphInput;
  readonly mask: string | null;
}

export interface Split {
  readonly train: Part;
  readonly validation?: Part | undefined;
  /** Undefined where nothing is held back. */
  readonly test: Part;
  /** Everything, where test nodes are some of one graph. */
  readonly whole?: Part;
}

export interface ProtocolOptions {
  /** Draws the order of graphs. */
  readonly generator: TorchGenerator;
  readonly folds: number | undefined;
  /** Whether some of the training data choose the epoch. */
  readonly validate: boolean;
}

/** The splits of one seed: as many as there are folds. */
export type Protocol = (dataset: GraphDataset, options: ProtocolOptions) => Split[];

/** One graph with masks. Where it has only one for training, the other nodes are the test. */
function masks(dataset: GraphDataset, { folds, validate }: ProtocolOptions): Split[] {
  if (folds !== undefined) {
    throw new UsageError({
      where: "tendril train --folds",
      problem: `${dataset.name} is one graph with a split of its own`,
      expected: "a set of many graphs",
      got: `--folds ${folds}`,
      try: "--seeds N repeats the training from other initial weights",
    });
  }
  const given = dataset.at(0);
  const graphs = given.fields.has("testMask") ? given : given.with({ testMask: others(given) });
  const part = (mask: string | null): Part => ({ graphs, mask });
  const validation = validate && graphs.fields.has("valMask") ? { validation: part("valMask") } : {};
  return [{ train: part("trainMask"), ...validation, test: part("testMask"), whole: part(null) }];
}

function others(graph: Data) {
  const { data, shape, dtype } = graph.array("trainMask");
  return { data: data.map((marked) => 1 - marked), shape, dtype };
}

/**
 * Many graphs in random order, the first so many (a share below 1, or a number) for training. With folds every part of equal
 * shares of the classes is once the test, the next one for validation.
 */
const graphs =
  (first: number): Protocol =>
  (dataset, { generator, folds, validate }) => {
    const shuffled = dataset.shuffle(generator);
    if (folds !== undefined) return crossValidation(shuffled, folds, validate);
    const training = first < 1 ? Math.round(first * dataset.length) : first;
    if (training >= dataset.length) {
      throw new UsageError({
        where: "tendril train --events",
        problem: "no graphs are left to test on",
        expected: `more than the ${training} that are for training`,
        got: String(dataset.length),
        try: "more --events, or --folds N",
      });
    }
    const held = validate ? Math.floor(training / 8) : 0;
    const part = (from: number, to?: number): Part => ({ graphs: shuffled.slice(from, to), mask: null });
    const split = { train: part(0, training - held), test: part(training) };
    return [held > 0 ? { ...split, validation: part(training - held, training) } : split];
  };

function crossValidation(dataset: GraphDataset, folds: number, validate: boolean): Split[] {
  if (folds < 2 || folds > dataset.length) {
    throw new UsageError({
      where: "tendril train --folds",
      problem: "there cannot be so many folds",
      expected: `2 … ${dataset.length}`,
      got: String(folds),
      try: "--folds 10",
    });
  }
  const fold = stratified(dataset, folds);
  const those = (keep: (f: number) => boolean): Part => ({
    graphs: dataset.select([...fold.keys()].filter((i) => keep(fold[i]!))),
    mask: null,
  });
  return Array.from({ length: folds }, (_, test) => {
    const next = validate && folds > 2 ? (test + 1) % folds : -1;
    const split = { train: those((f) => f !== test && f !== next), test: those((f) => f === test) };
    return next < 0 ? split : { ...split, validation: those((f) => f === next) };
  });
}

/** A fold for each graph: the graphs of each class in turns, where graphs have a class. */
function stratified(dataset: GraphDataset, folds: number): number[] {
  const met = new Map<number, number>();
  return Array.from(dataset, (graph) => {
    const label = graph.y?.data.length === 1 ? graph.y.data[0]! : -1;
    const before = met.get(label) ?? 0;
    met.set(label, before + 1);
    return before % folds;
  });
}

export const protocols = { masks, graphs } as const;
