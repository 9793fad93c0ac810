/**
 * Sparse features: matrices most of whose elements are 0, such as bags of words. They stand beside the tensor they are equal to:
 * an operation that can go by the elements that are not 0 asks `sparseOf`, every other one uses the tensor. Sums over elements
 * run in the same order as over the whole matrix, so that leaving out zeros changes no bit.
 */
import { customGradient, segmentIds, segmentSum, type Tensor, take } from "../core/index.ts";
import type { TypedArray } from "../ir/dtype.ts";
import { mulSize } from "../ir/size.ts";
import { column } from "./groups.ts";

/** The elements of a matrix [rows, columns] that are not 0, by rows and by columns. */
export interface SparseArrays {
  /** The elements of row r are rowPtr[r] … rowPtr[r + 1] - 1: int32 [rows + 1]. */
  readonly rowPtr: Int32Array;
  /** The value of each element, its column, and its place in the whole matrix, row by row. */
  readonly value: Float32Array;
  readonly column: Int32Array;
  readonly place: Int32Array;
  /** The elements of column c are columnPtr[c] …: int32 [columns + 1]. */
  readonly columnPtr: Int32Array;
  /** The row of each element, and which element it is row by row, column by column. */
  readonly row: Int32Array;
  readonly element: Int32Array;
}

/** The names of the arrays. */
export const sparseNames = ["rowPtr", "value", "column", "place", "columnPtr", "row", "element"] as const;
export type SparseName = (typeof sparseNames)[number];

/** Matrices of fewer elements, or with more than this share that is not 0, stay as they are. */
const FEWEST = 1 << 16;
const DENSEST = 1 / 8;

/** Whether a matrix is worth being held as sparse. */
export function isSparse(values: ArrayLike<number>, shape: readonly number[]): boolean {
  if (shape.length !== 2 || values.length < FEWEST || values.length >= 2 ** 31) return false;
  const most = values.length * DENSEST;
  let count = 0;
  for (let i = 0; i < values.length; i++) if (values[i] !== 0 && ++count > most) return false;
  return true;
}

/** The elements of a row-major matrix that are not 0. */
export function sparseArrays(values: TypedArray, [rows, columns]: readonly [number, number]): SparseArrays {
  const rowPtr = new Int32Array(rows + 1);
  const columnPtr = new Int32Array(columns + 1);
  for (let r = 0, i = 0; r < rows; r++) {
    rowPtr[r + 1] = rowPtr[r]!;
    for (let c = 0; c < columns; c++, i++) {
      if (values[i] === 0) continue;
      rowPtr[r + 1]!++;
      columnPtr[c + 1]!++;
    }
  }
  for (let c = 0; c < columns; c++) columnPtr[c + 1]! += columnPtr[c]!;
  const count = rowPtr[rows]!;
  const place = new Int32Array(count);
  const [column, row, element] = [place.slice(), place.slice(), place.slice()];
  const value = new Float32Array(count);
  const next = columnPtr.slice();
  for (let r = 0, i = 0, e = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++, i++) {
      if (values[i] === 0) continue;
      place[e] = i;
      column[e] = c;
      value[e] = values[i]!;
      const at = next[c]!++;
      row[at] = r;
      element[at] = e++;
    }
  }
  return { rowPtr, value, column, place, columnPtr, row, element };
}

/** A sparse matrix [rows, columns] as tensors. */
export class SparseMatrix {
  readonly #array: (name: SparseName) => Tensor;
  readonly #values: Tensor | undefined;

  /** `array` gives the tensors of the structure, and of the values unless they are others, when they are needed. */
  constructor(array: (name: SparseName) => Tensor, values?: Tensor) {
    this.#array = array;
    this.#values = values;
  }

  /** The value of each element. */
  get values(): Tensor {
    return this.#values ?? this.#array("value");
  }

  /** Times a matrix of the same shape, of which only the elements at these places are computed. */
  times(factors: Tensor): SparseMatrix {
    const [rows, columns] = factors.shape;
    const all = factors.reshape([mulSize(rows!, columns!)]);
    return new SparseMatrix(this.#array, this.values.mul(take(all, this.#array("place"))));
  }

  /** [rows, columns] × [columns, n] → [rows, n]. The gradients go along rows and columns, so that nothing is scattered. */
  matmul(matrix: Tensor): Tensor {
    const array = this.#array;
    return customGradient((values, m) => ({
      value: segmentSum(take(m, array("column")).mul(column(values, 2)), array("rowPtr")),
      gradient: (g) => {
        const rows = segmentIds(array("rowPtr"), values.shape[0]!);
        const byColumn = column(take(values, array("element")), 2);
        return [
          take(g, rows)
            .mul(take(m, array("column")))
            .sum(-1),
          segmentSum(take(g, array("row")).mul(byColumn), array("columnPtr")),
        ];
      },
    }))(this.values, matrix);
  }
}

const known = new WeakMap<Tensor, SparseMatrix>();

/** States that a tensor is equal to a sparse matrix; returns the tensor. */
export function asSparse(dense: Tensor, sparse: SparseMatrix): Tensor {
  known.set(dense, sparse);
  return dense;
}

/** The sparse matrix that a tensor is equal to, where there is one. */
export function sparseOf(dense: Tensor): SparseMatrix | undefined {
  return known.get(dense);
}
