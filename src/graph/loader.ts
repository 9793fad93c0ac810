/** DataLoader: a data set of graphs in batches, in the order that PyTorch draws. */
import { defaultGenerator, type TorchGenerator } from "../core/index.ts";
import { UsageError } from "../ir/errors.ts";
import { Batch } from "./batch.ts";
import type { Data } from "./data.ts";
import { GraphDataset } from "./dataset.ts";
import type { ReusedArrays } from "./reused-arrays.ts";

export interface DataLoaderOptions {
  /** Graphs in a batch; 1 unless given. */
  batchSize?: number;
  /** Another order in every pass. Default false. */
  shuffle?: boolean;
  /** Leave out a last batch that is smaller. Default false. */
  dropLast?: boolean;
  /** Where the order is drawn from; the default generator, which `manualSeed` sets, unless given. */
  generator?: TorchGenerator;
}

/**
 * Batches of graphs; every pass over it is one epoch. Draws from the generator as PyTorch's DataLoader does, also without
 * shuffling, so that a run after `manualSeed` sees the batches that PyTorch Geometric makes.
 *
 * @example for (const batch of new DataLoader(dataset, { batchSize: 64, shuffle: true })) { … }
 */
export class DataLoader implements Iterable<Batch> {
  readonly dataset: GraphDataset;
  readonly batchSize: number;
  readonly #options: DataLoaderOptions;

  /** @throws UsageError unless the batch size is a whole number of 1 or more. */
  constructor(dataset: GraphDataset | readonly Data[], options: DataLoaderOptions = {}) {
    const { batchSize = 1 } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new UsageError({
        where: "DataLoader",
        problem: "the batch size must be a whole number of graphs",
        expected: "1 or more",
        got: String(batchSize),
        try: "batchSize: 64",
      });
    }
    this.dataset = dataset instanceof GraphDataset ? dataset : new GraphDataset("graphs", dataset);
    this.batchSize = batchSize;
    this.#options = options;
  }

  /** Batches in a pass. */
  get length(): number {
    const whole = this.dataset.length / this.batchSize;
    return this.#options.dropLast ? Math.floor(whole) : Math.ceil(whole);
  }

  /** Where the order is drawn from. */
  get generator(): TorchGenerator {
    return this.#options.generator ?? defaultGenerator;
  }

  *[Symbol.iterator](): Iterator<Batch> {
    yield* this.batches(this.drawOrder());
  }

  /** Draws the order of a pass. */
  drawOrder(): Int32Array {
    const n = this.dataset.length;
    const { shuffle, generator } = this.#options;
    // A generator of one's own shuffles itself; the default one seeds another, after the base seed of the pass.
    if (shuffle && generator === undefined) return defaultGenerator.dataLoaderOrder(n);
    this.generator.dataLoaderSeed();
    return shuffle ? generator!.randperm(n) : Int32Array.from({ length: n }, (_, i) => i);
  }

  /**
   * The batches of a pass in that order, from batch `from` on. With `arrays` a batch is there only until the next one is
   * asked for, which takes its memory.
   */
  *batches(order: Int32Array, from = 0, arrays?: ReusedArrays): Generator<Batch> {
    for (let b = from; b < this.length; b++) {
      const own = order.subarray(b * this.batchSize, (b + 1) * this.batchSize);
      const graphs: Data[] = [];
      for (const i of own) graphs.push(this.dataset.at(i));
      yield new Batch(graphs, arrays?.renew());
    }
  }
}
