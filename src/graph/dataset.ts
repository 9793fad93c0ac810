/** Data sets of graphs: a list of them with names, slices, shuffles and transforms. */
import { defaultGenerator, type TorchGenerator } from "../core/index.ts";
import { UsageError } from "../ir/errors.ts";
import type { Data } from "./data.ts";

/** A function of a graph that gives another graph. */
export type Transform = (data: Data) => Data;

export interface DatasetOptions {
  /** Applied to a graph each time it is taken. */
  transform?: Transform | undefined;
  /** Applied to every graph once, when the data set is made. */
  preTransform?: Transform | undefined;
  /** How many classes `y` has; found from `y` unless given. */
  numClasses?: number | undefined;
}

/** Graphs in memory. Slices share the graphs. */
export class GraphDataset implements Iterable<Data> {
  readonly name: string;
  readonly #graphs: readonly Data[];
  readonly #options: DatasetOptions;
  #classes: number | undefined;

  /** @example new GraphDataset("Squares", graphs, { transform: normalizeFeatures }) */
  constructor(name: string, graphs: readonly Data[], options: DatasetOptions = {}) {
    const { preTransform, ...rest } = options;
    this.name = name;
    this.#graphs = preTransform === undefined ? graphs : graphs.map(preTransform);
    this.#options = rest;
    this.#classes = options.numClasses;
  }

  get length(): number {
    return this.#graphs.length;
  }

  /** Its graphs where they stay as they are; undefined with a `transform`, which gives others each time. */
  get graphs(): readonly Data[] | undefined {
    return this.#options.transform === undefined ? this.#graphs : undefined;
  }

  /** Graph `index`, from the end where it is negative. Throws UsageError where there is none. */
  at(index: number): Data {
    const graph = this.#graphs.at(index);
    if (graph === undefined || !Number.isInteger(index)) {
      throw new UsageError({
        where: this.name,
        problem: "there is no such graph",
        expected: `0 … ${this.length - 1}`,
        got: String(index),
        try: "graphs count from 0",
      });
    }
    return this.#options.transform?.(graph) ?? graph;
  }

  *[Symbol.iterator](): Iterator<Data> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }

  #with(graphs: readonly Data[]): GraphDataset {
    return new GraphDataset(this.name, graphs, { ...this.#options, numClasses: this.numClasses });
  }

  /** Graphs `from` … `to` - 1, as arrays are sliced. */
  slice(from?: number, to?: number): GraphDataset {
    return this.#with(this.#graphs.slice(from, to));
  }

  /** The graphs at `indices`, in that order. */
  select(indices: Iterable<number>): GraphDataset {
    return this.#with([...indices].map((i) => this.#graphs[this.#index(i)]!));
  }

  #index(i: number): number {
    this.at(i);
    return i < 0 ? i + this.length : i;
  }

  /** All graphs in random order, drawn as PyTorch Geometric draws it: after `manualSeed(12345)`, the notebook's order. */
  shuffle(generator: TorchGenerator = defaultGenerator): GraphDataset {
    return this.select(generator.randperm(this.length));
  }

  /**
   * Consecutive parts: shares of the whole that add up to at most 1, or numbers of graphs. What is left over is a last part.
   */
  split(...parts: number[]): GraphDataset[] {
    const shares = parts.every((p) => p < 1) || parts.reduce((a, b) => a + b, 0) === 1;
    const out: GraphDataset[] = [];
    let at = 0;
    let sum = 0;
    for (const part of parts) {
      sum += part;
      const end = Math.min(this.length, shares ? Math.round(sum * this.length) : sum);
      out.push(this.slice(at, end));
      at = end;
    }
    if (at < this.length) out.push(this.slice(at));
    return out;
  }

  /** Every graph changed once. */
  map(change: Transform): GraphDataset {
    return this.#with(this.#graphs.map(change));
  }

  get numNodeFeatures(): number {
    return this.length === 0 ? 0 : this.at(0).numNodeFeatures;
  }
  /** `numNodeFeatures` by its other name. */
  get numFeatures(): number {
    return this.numNodeFeatures;
  }
  get numEdgeFeatures(): number {
    return this.length === 0 ? 0 : this.at(0).numEdgeFeatures;
  }

  /** One more than the largest class in `y`; the number of columns where `y` has several; 0 without `y`. */
  get numClasses(): number {
    this.#classes ??= Math.max(
      0,
      ...this.#graphs.map(({ y }) => {
        if (y === undefined) return 0;
        if (y.shape.length > 1) return y.shape.at(-1)!;
        return Array.from(y.data).reduce((most, c) => Math.max(most, c + 1), 0);
      }),
    );
    return this.#classes;
  }

  /** `MUTAG(188)`, or `KarateClub()` for a single graph. */
  toString(): string {
    return `${this.name}(${this.length > 1 ? this.length : ""})`;
  }
}
