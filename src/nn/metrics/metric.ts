/** Metrics: sums taken in the plan, batch by batch, added up in float64 on the host. */
import { type Tensor, tensor } from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";
import { snakeCase } from "../naming.ts";

export interface MetricOptions {
  /** The key in logs and history; the class in snake case unless given. */
  name?: string | undefined;
}

/** Whether larger is better, for callbacks that watch a metric. */
export type Direction = "up" | "down";

/**
 * Base of all metrics. `sums` is part of the plan of a step; its results are added to the state on the host, so that a
 * long epoch loses nothing: each batch's sum is float32, their sum is float64.
 */
export abstract class Metric {
  name: string;
  #totals: Float64Array[] = [];
  #samples = 0;

  constructor(type: string, options: MetricOptions = {}) {
    this.name = options.name ?? snakeCase(type);
  }

  /** Keras's class name. */
  abstract get type(): string;
  /** Undefined where neither is better. */
  abstract get direction(): Direction | undefined;

  /** The sums over a batch, each a scalar or a small array. `weight` has one value per sample. */
  abstract sums(yTrue: Tensor, yPred: Tensor, weight?: Tensor): Tensor[];

  /** The value from the sums so far and the number of samples. */
  protected abstract value(totals: readonly Float64Array[], samples: number): number;

  /** Adds the results of `sums` for a batch of `samples` rows. */
  add(sums: readonly ArrayLike<number>[], samples: number): void {
    sums.forEach((sum, i) => {
      const total = (this.#totals[i] ??= new Float64Array(sum.length));
      for (let j = 0; j < total.length; j++) total[j]! += sum[j]!;
    });
    this.#samples += samples;
  }

  /** Forgets everything. */
  resetState(): void {
    this.#totals = [];
    this.#samples = 0;
  }

  /** Everything added since the last reset, as numbers that `restoreState` takes: what a checkpoint keeps. */
  state(): Float64Array[] {
    return [Float64Array.of(this.#samples), ...this.#totals];
  }

  /** Goes on from what `state` returned. */
  restoreState([samples, ...totals]: readonly Float64Array[]): void {
    this.#samples = samples![0]!;
    this.#totals = totals.map((t) => t.slice());
  }

  /** The value over everything added since the last reset; 0 before anything was added. */
  result(): number {
    return this.#samples === 0 ? 0 : this.value(this.#totals, this.#samples);
  }

  /** The sums so far. */
  protected get totals(): readonly Float64Array[] {
    return this.#totals;
  }

  /** Adds a batch by hand: labels and predictions [rows, …], as Tensors or nested arrays. */
  async updateState(
    yTrue: Tensor | number[],
    yPred: Tensor | number[],
    weight?: Tensor | number[],
  ): Promise<void> {
    const [t, p] = [tensor(yTrue), tensor(yPred)];
    const sums = this.sums(t, p, weight === undefined ? undefined : tensor(weight));
    const read = await Promise.all(sums.map((s) => s.data()));
    this.add(read, p.shape[0] as number);
  }

  /** Options in Keras's spelling, beyond the name. */
  protected ownConfig(): Record<string, unknown> {
    return {};
  }

  /** Keras's configuration, as saved files have it. */
  config(): Record<string, unknown> {
    return { name: this.name, dtype: "float32", ...this.ownConfig() };
  }
}

/** `value`, if it is one of the choices. Throws UsageError. */
export function oneOf<T extends string | null>(
  type: string,
  option: string,
  value: T,
  choices: readonly T[],
): T {
  if (choices.includes(value)) return value;
  throw new UsageError({
    where: `${type}: ${option}`,
    problem: `there is no such ${option}`,
    expected: `one of ${choices.join(", ")}`,
    got: String(value),
    try: `leave ${option} out to get ${choices[0]}`,
  });
}
