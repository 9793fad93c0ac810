/** Principal components (Pearson, 1901), by subspace iteration with Rayleigh and Ritz's step. */
import { Stream } from "../../data/digits/random.ts";
import { checkValues, type Values } from "../values.ts";

export interface PcaResult {
  /** Row-major, rows × components: each row on the components, the first with the largest variance. */
  readonly data: Float64Array;
  readonly components: number;
  /** The part of the variance that each component has. */
  readonly explained: readonly number[];
}

const STREAM = 33;

/**
 * Rows of `values` [rows, columns] on their first `components` principal components. As in scikit-learn, each component is turned so that
 * its largest coefficient is positive.
 *
 * @throws ShapeError unless the values have two axes.
 */
export function pca(values: Values, components = 2): PcaResult {
  checkValues("plot.pca", values, ["rows", "columns"]);
  const [rows, columns] = values.shape as [number, number];
  const x = centred(values, rows, columns);
  const total = x.reduce((sum, v) => sum + v * v, 0);
  const count = Math.min(components, columns);
  // A few vectors more than are wanted make the iteration converge fast.
  const width = Math.min(columns, count + 6);
  const random = new Stream(0, STREAM, 0);
  let basis: Float64Array[] = Array.from({ length: width }, () =>
    Float64Array.from({ length: columns }, () => random.bell()),
  );
  orthonormalize(basis);
  let variances: number[] = [];
  for (let round = 0; round < 200 && total > 0; round++) {
    const images = basis.map((v) => covariance(x, rows, columns, v));
    const small = basis.map((v) => images.map((w) => dot(v, w)));
    const { values: found, vectors } = eigen(small);
    const change = Math.max(...found.slice(0, count).map((v, i) => Math.abs(v - (variances[i] ?? 0))));
    variances = found;
    if (change <= 1e-10 * variances[0]! && round > 2) {
      basis = combine(basis, vectors);
      break;
    }
    basis = combine(images, vectors);
    orthonormalize(basis);
  }
  const data = new Float64Array(rows * components);
  for (let c = 0; c < count; c++) {
    const axis = basis[c]!;
    const most = axis.reduce((best, v) => (Math.abs(v) > Math.abs(best) ? v : best), 0);
    const sign = most < 0 ? -1 : 1;
    for (let r = 0; r < rows; r++)
      data[r * components + c] = sign * dot(x.subarray(r * columns, (r + 1) * columns), axis);
  }
  const explained = Array.from({ length: components }, (_, c) =>
    total > 0 ? (variances[c] ?? 0) / total : 0,
  );
  return { data, components, explained };
}

function centred({ data }: Values, rows: number, columns: number): Float64Array {
  const x = Float64Array.from(data);
  for (let c = 0; c < columns; c++) {
    let mean = 0;
    for (let r = 0; r < rows; r++) mean += x[r * columns + c]! / rows;
    for (let r = 0; r < rows; r++) x[r * columns + c]! -= mean;
  }
  return x;
}

/** XᵀX v. */
function covariance(x: Float64Array, rows: number, columns: number, v: Float64Array): Float64Array {
  const out = new Float64Array(columns);
  for (let r = 0; r < rows; r++) {
    const row = x.subarray(r * columns, (r + 1) * columns);
    const along = dot(row, v);
    for (let c = 0; c < columns; c++) out[c]! += along * row[c]!;
  }
  return out;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Gram and Schmidt, twice; a vector that depends on those before becomes 0. */
function orthonormalize(vectors: Float64Array[]): void {
  vectors.forEach((v, i) => {
    const before = Math.sqrt(dot(v, v));
    for (let round = 0; round < 2; round++) {
      for (const w of vectors.slice(0, i)) {
        const along = dot(v, w);
        for (let c = 0; c < v.length; c++) v[c]! -= along * w[c]!;
      }
    }
    const length = Math.sqrt(dot(v, v));
    const scale = length > 1e-12 * before ? 1 / length : 0;
    for (let c = 0; c < v.length; c++) v[c]! *= scale;
  });
}

/** Sums of `vectors` with the coefficients in each column of `by`. */
function combine(vectors: readonly Float64Array[], by: readonly (readonly number[])[]): Float64Array[] {
  return vectors.map((_, k) => {
    const out = new Float64Array(vectors[0]!.length);
    vectors.forEach((v, i) => {
      for (let c = 0; c < out.length; c++) out[c]! += by[i]![k]! * v[c]!;
    });
    return out;
  });
}

/** Eigenvalues of a small symmetric matrix, largest first, and eigenvectors as columns (Jacobi, 1846). */
function eigen(matrix: readonly (readonly number[])[]): { values: number[]; vectors: number[][] } {
  const n = matrix.length;
  const a = matrix.map((row) => [...row]);
  const v = a.map((_, i) => a.map((_, j) => Number(i === j)));
  for (let sweep = 0; sweep < 50; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        off += a[p]![q]! ** 2;
        if (a[p]![q] !== 0) rotate(a, v, p, q);
      }
    }
    if (off < 1e-300) break;
  }
  const order = a.map((_, i) => i).sort((i, j) => a[j]![j]! - a[i]![i]!);
  return { values: order.map((i) => a[i]![i]!), vectors: v.map((row) => order.map((i) => row[i]!)) };
}

/** One rotation, which makes a[p][q] zero. */
function rotate(a: number[][], v: number[][], p: number, q: number): void {
  const theta = (a[q]![q]! - a[p]![p]!) / (2 * a[p]![q]!);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (const row of [...a, ...v]) {
    const [x, y] = [row[p]!, row[q]!];
    row[p] = c * x - s * y;
    row[q] = s * x + c * y;
  }
  const [rowP, rowQ] = [a[p]!, a[q]!];
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [rowP[k]!, rowQ[k]!];
    rowP[k] = c * x - s * y;
    rowQ[k] = s * x + c * y;
  }
}
