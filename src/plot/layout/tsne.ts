/** t-SNE, exact (van der Maaten and Hinton, "Visualizing data using t-SNE", 2008), with scikit-learn's defaults. */
import { UsageError } from "../../ir/errors.ts";
import { checkValues, type Values } from "../values.ts";
import { pca } from "./pca.ts";

export interface TsneOptions {
  /** About how many neighbours a point has. Default 30, at most a third of the points. */
  perplexity?: number | undefined;
  /** Steps. Default 1000. */
  iterations?: number | undefined;
  /** How much nearer neighbours are drawn in the first quarter of the steps. Default 12. */
  earlyExaggeration?: number | undefined;
  /** Default `max(points / earlyExaggeration / 4, 50)`. */
  learningRate?: number | undefined;
}

/**
 * Places in the plane (row-major, rows × 2) at which points with similar rows of `values` [rows, columns] lie near each other. Starts
 * from the principal components, so nothing is random. Takes time proportional to the square of the number of rows.
 *
 * @throws ShapeError unless the values have two axes, UsageError for a perplexity that is none.
 */
export function tsne(values: Values, options: TsneOptions = {}): Float64Array {
  checkValues("plot.tsne", values, ["rows", "columns"]);
  const n = values.shape[0]!;
  const { iterations = 1000, earlyExaggeration = 12 } = options;
  const perplexity = Math.min(options.perplexity ?? 30, Math.max(1, (n - 1) / 3));
  if (!(perplexity >= 1)) {
    throw new UsageError({
      where: "plot.tsne",
      problem: "the perplexity makes no sense",
      expected: "a number of 1 or more",
      got: String(options.perplexity),
      try: "perplexity: 30",
    });
  }
  const start = pca(values, 2).data;
  if (n < 4) return start;
  const p = similarities(values, perplexity);
  const rate = options.learningRate ?? Math.max(n / earlyExaggeration / 4, 50);
  let spread = 0;
  for (let i = 0; i < n; i++) spread += start[2 * i]! ** 2 / n;
  const y = start.map((v) => (v / (Math.sqrt(spread) || 1)) * 1e-4);
  const [speed, gain, slope] = [
    new Float64Array(2 * n),
    new Float64Array(2 * n).fill(1),
    new Float64Array(2 * n),
  ];
  const early = Math.floor(iterations / 4);
  for (let step = 0; step < iterations; step++) {
    gradient(p, y, slope, step < early ? earlyExaggeration : 1);
    const momentum = step < early ? 0.5 : 0.8;
    for (let k = 0; k < 2 * n; k++) {
      const against = speed[k]! * slope[k]! < 0;
      gain[k] = Math.max(0.01, against ? gain[k]! + 0.2 : gain[k]! * 0.8);
      speed[k] = momentum * speed[k]! - rate * gain[k]! * slope[k]!;
      y[k]! += speed[k]!;
    }
  }
  return y;
}

/** Joint probabilities of pairs, n × n. */
function similarities({ shape, data }: Values, perplexity: number): Float64Array {
  const [n, columns] = shape as [number, number];
  const square = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += (data[i * columns + c]! - data[j * columns + c]!) ** 2;
      square[i * n + j] = square[j * n + i] = sum;
    }
  }
  const p = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    neighbourhood(square.subarray(i * n, (i + 1) * n), p.subarray(i * n, (i + 1) * n), i, perplexity);
  const joint = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) joint[i * n + j] = Math.max(1e-12, (p[i * n + j]! + p[j * n + i]!) / (2 * n));
  }
  return joint;
}

/** Probabilities of the neighbours of point i, of the width that gives the perplexity (bisection). */
function neighbourhood(square: Float64Array, p: Float64Array, i: number, perplexity: number): void {
  const wanted = Math.log(perplexity);
  let least = Number.POSITIVE_INFINITY;
  for (let j = 0; j < square.length; j++) if (j !== i) least = Math.min(least, square[j]!);
  let [low, high, beta] = [0, Number.POSITIVE_INFINITY, 1];
  for (let round = 0; round < 100; round++) {
    let [sum, mean] = [0, 0];
    for (let j = 0; j < p.length; j++) {
      const d = square[j]! - least;
      p[j] = j === i ? 0 : Math.exp(-d * beta);
      sum += p[j]!;
      mean += p[j]! * d;
    }
    for (let j = 0; j < p.length; j++) p[j]! /= sum;
    const error = Math.log(sum) + (beta * mean) / sum - wanted;
    if (Math.abs(error) < 1e-5) return;
    if (error > 0) low = beta;
    else high = beta;
    beta = high === Number.POSITIVE_INFINITY ? beta * 2 : (low + high) / 2;
  }
}

/** The gradient of the divergence of the similarities in the plane from those of the values. */
function gradient(p: Float64Array, y: Float64Array, slope: Float64Array, exaggeration: number): void {
  const n = y.length / 2;
  let total = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const [dx, dy] = [y[2 * i]! - y[2 * j]!, y[2 * i + 1]! - y[2 * j + 1]!];
      total += 2 / (1 + dx * dx + dy * dy);
    }
  }
  slope.fill(0);
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const dx = y[2 * i]! - y[2 * j]!;
      const dy = y[2 * i + 1]! - y[2 * j + 1]!;
      const near = 1 / (1 + dx * dx + dy * dy);
      const force = 4 * (exaggeration * p[i * n + j]! - near / total) * near;
      slope[2 * i]! += force * dx;
      slope[2 * i + 1]! += force * dy;
      slope[2 * j]! -= force * dx;
      slope[2 * j + 1]! -= force * dy;
    }
  }
}
