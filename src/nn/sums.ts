/** What is summed up over the batches of a pass, and the logs that are made of it. */
import type { Tensor } from "../core/index.ts";
import type { TypedArray } from "../ir/dtype.ts";
import type { CompiledState, Objective } from "./compile-options.ts";
import type { SavedSums } from "./resume/run-state.ts";

/** Names of the outputs of a step in the record that a plan returns. */
export const lossOf = (i: number) => `loss${i}`;
export const sumOf = (metric: number, i: number) => `metric${metric}_${i}`;
export const logOf = (name: string) => `log ${name}`;

/** Sums of losses and metrics since the last reset. */
export class Sums {
  readonly #state: CompiledState;
  /** The sum of the loss over rows, and sums of the losses of single outputs over batches: for their means. */
  #total = 0;
  #rows = 0;
  #lossSums: number[] = [];
  #batches = 0;
  /** Sums of what a `trainStep` of the model's own returned. */
  readonly #own = new Map<string, number>();
  #read: { of: Objective | undefined; readers: readonly (readonly [string, () => number])[] } = {
    of: undefined,
    readers: [],
  };

  constructor(state: CompiledState) {
    this.#state = state;
  }

  /** Forgets the sums of losses and metrics. */
  reset(): void {
    this.#lossSums = [];
    this.#batches = 0;
    this.#total = 0;
    this.#rows = 0;
    this.#own.clear();
    for (const { metric } of this.#state.current?.metrics ?? []) metric.resetState();
  }

  /** Whether the logs depend on how rows are cut into batches. */
  get batchesMatter(): boolean {
    const { losses = [] } = this.#state.current ?? {};
    return losses.length > 1 || losses.some(({ loss }) => loss.reduction === "sum");
  }

  /** The sums since the last reset, for a checkpoint. */
  save(): SavedSums {
    return {
      losses: Float64Array.of(this.#total, this.#rows, this.#batches, ...this.#lossSums),
      own: Object.fromEntries(this.#own),
      metrics: (this.#state.current?.metrics ?? []).map(({ metric }) => metric.state()),
    };
  }

  /** Goes on from what `save` returned. To be called once the objective is known. */
  restore({ losses: [total, rows, batches, ...single], metrics, own }: SavedSums): void {
    for (const [name, sum] of Object.entries(own)) this.#own.set(name, sum);
    this.#total = total!;
    this.#rows = rows!;
    this.#batches = batches!;
    this.#lossSums = single;
    this.#state.current?.metrics.forEach(({ metric }, i) => {
      if (metrics[i]) metric.restoreState(metrics[i]);
    });
  }

  /**
   * Means since the last reset, keys in alphabetical order as Keras logs them: over rows, but those of the losses of
   * single outputs over batches, whatever their sizes.
   */
  logs(): Record<string, number> {
    const logs: Record<string, number> = {};
    for (const [key, sum] of this.#own) logs[key] = sum / this.#rows;
    if (this.#own.size > 0) return logs;
    for (const [key, value] of this.#readers()) logs[key] = value();
    return logs;
  }

  /** How each value of the logs is read, in their order. */
  #readers(): readonly (readonly [string, () => number])[] {
    const objective = this.#state.current;
    if (this.#read.of === objective) return this.#read.readers;
    const { losses = [], metrics = [] } = objective ?? {};
    const mean = (sum: number, count: number) => (count === 0 ? 0 : sum / count);
    const readers: [string, () => number][] = [["loss", () => mean(this.#total, this.#rows)]];
    if (losses.length > 1) {
      for (const [i, l] of losses.entries()) {
        readers.push([l.name, () => mean(this.#lossSums[i] ?? 0, this.#batches)]);
      }
    }
    for (const { key, metric } of metrics) readers.push([key, () => metric.result()]);
    readers.sort(([a], [b]) => (a < b ? -1 : 1));
    this.#read = { of: objective, readers };
    return readers;
  }

  /** The keys of the logs in the order of `compile`: the loss, the metrics, the losses of single outputs. */
  keys(): string[] {
    if (this.#own.size > 0) return [...this.#own.keys()];
    const { losses = [], metrics = [] } = this.#state.current ?? {};
    return ["loss", ...metrics.map((m) => m.key), ...(losses.length > 1 ? losses.map((l) => l.name) : [])];
  }

  /** Adds the sums of a batch to the state, unless it does not count; returns its loss. */
  add(
    result: Readonly<Record<string, Tensor>>,
    { losses, metrics }: Objective,
    rows: number,
    counts: boolean,
  ): number {
    const loss = result.loss!.dataSync()[0]!;
    if (!counts) return loss;
    this.#total += loss * rows;
    this.#rows += rows;
    this.#batches++;
    if (losses.length > 1) {
      for (const i of losses.keys()) {
        this.#lossSums[i] = (this.#lossSums[i] ?? 0) + result[lossOf(i)]!.dataSync()[0]!;
      }
    }
    for (const [m, { metric }] of metrics.entries()) {
      const sums: TypedArray[] = [];
      for (let i = 0; result[sumOf(m, i)] !== undefined; i++) sums.push(result[sumOf(m, i)]!.dataSync());
      metric.add(sums, rows);
    }
    return loss;
  }

  /** Adds the logs of a batch to those of the model's own step, unless it does not count; returns its loss. */
  addOwn(result: Readonly<Record<string, Tensor>>, rows: number, counts: boolean): number {
    const loss = result.loss!.dataSync()[0]!;
    if (!counts) return loss;
    this.#rows += rows;
    for (const [name, value] of Object.entries(result)) {
      if (!name.startsWith(logOf(""))) continue;
      const key = name.slice(logOf("").length);
      this.#own.set(key, (this.#own.get(key) ?? 0) + value.dataSync()[0]! * rows);
    }
    return loss;
  }
}
