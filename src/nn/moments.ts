/** Mean and variance of data that come in batches, in float64 (Chan, Golub and LeVeque, 1983). */
import { ShapeError } from "../ir/errors.ts";
import { showShape } from "../ir/size.ts";
import type { HostArray } from "./host-array.ts";

export class Moments {
  /** Values seen for each cell. */
  count = 0;
  readonly #row: readonly number[];
  readonly #axes: readonly number[];
  readonly #means: Float64Array;
  readonly #squares: Float64Array;

  /** For data of this shape, of which `axes` are kept apart; the number of rows may change. */
  constructor(shape: readonly number[], axes: readonly number[]) {
    this.#row = shape.slice(1);
    this.#axes = axes;
    const cells = axes.reduce((n, a) => n * shape[a]!, 1);
    this.#means = new Float64Array(cells);
    this.#squares = new Float64Array(cells);
  }

  /** Adds the values of a batch. Throws ShapeError where its rows have another shape. */
  add({ data, shape }: HostArray): void {
    if (shape.length !== this.#row.length + 1 || this.#row.some((s, i) => s !== shape[i + 1])) {
      throw new ShapeError({
        where: "adapt",
        problem: "the batches have rows of different shapes",
        expected: showShape(this.#row),
        got: showShape(shape.slice(1)),
        try: "let all batches have the same shape but for the number of rows",
      });
    }
    if (data.length === 0) return;
    const cellOf = cells(shape, this.#axes);
    const n = data.length / this.#means.length;
    const sums = new Float64Array(this.#means.length);
    for (let i = 0; i < data.length; i++) sums[cellOf(i)]! += data[i]!;
    const means = sums.map((s) => s / n);
    const squares = new Float64Array(means.length);
    for (let i = 0; i < data.length; i++) {
      const cell = cellOf(i);
      squares[cell]! += (data[i]! - means[cell]!) ** 2;
    }
    const total = this.count + n;
    for (const [cell, mean] of means.entries()) {
      const shift = mean - this.#means[cell]!;
      this.#means[cell]! += (shift * n) / total;
      this.#squares[cell]! += squares[cell]! + (shift ** 2 * this.count * n) / total;
    }
    this.count = total;
  }

  mean(): Float64Array {
    return this.#means.slice();
  }

  /** The biased variance: the mean square of the deviations. */
  variance(): Float64Array {
    return this.#squares.map((s) => s / this.count);
  }
}

/** From the position of a value to its cell. */
function cells(shape: readonly number[], axes: readonly number[]): (i: number) => number {
  const steps: { stride: number; size: number; step: number }[] = [];
  let step = 1;
  for (const axis of [...axes].reverse()) {
    const stride = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    steps.push({ stride, size: shape[axis]!, step });
    step *= shape[axis]!;
  }
  return (i) => {
    let cell = 0;
    for (const s of steps) cell += (Math.floor(i / s.stride) % s.size) * s.step;
    return cell;
  };
}
