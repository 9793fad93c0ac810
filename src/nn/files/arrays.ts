/** Weights to and from HDF5 datasets. */
import type { Variable } from "../../core/index.ts";
import { type H5Dataset, h5Dataset } from "../../formats/h5.ts";
import type { DType, TypedArray } from "../../ir/dtype.ts";
import { FormatError, ShapeError } from "../../ir/errors.ts";
import { showShape } from "../../ir/size.ts";

/** Something with a shape and a content that a file holds: a weight of a layer or of an optimizer. */
export interface Stored {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  read(): TypedArray;
  write(values: ArrayLike<number>): void;
}

/** A weight of a layer. */
export function stored(weight: Variable): Stored {
  return {
    name: weight.name,
    shape: weight.shape as readonly number[],
    dtype: weight.dtype,
    read: () => weight.read(),
    write: (values) => weight.write(values),
  };
}

/** As a dataset: whole numbers as int64, which is what Keras counts in. */
export function toDataset(weight: Stored): H5Dataset {
  const data = weight.read();
  if (weight.dtype !== "int32") return h5Dataset(data, weight.shape);
  return h5Dataset(BigInt64Array.from(data, BigInt), weight.shape);
}

/** A weight and the numbers for it, checked and not yet written. */
export interface Assignment {
  readonly weight: Stored;
  readonly values: ArrayLike<number>;
}

/**
 * Checks that a dataset fits a weight.
 *
 * @throws ShapeError for another shape, FormatError for data that are not numbers.
 */
export function match(weight: Stored, dataset: H5Dataset, where: string): Assignment {
  const { shape, data } = dataset;
  if (shape.length !== weight.shape.length || shape.some((s, i) => s !== weight.shape[i])) {
    throw new ShapeError({
      where,
      problem: "the saved weight has another shape than the model's",
      expected: `${showShape(weight.shape)} for ${weight.name}`,
      got: showShape(shape),
      try: "load the file into a model with the same layers",
    });
  }
  if (Array.isArray(data)) {
    throw new FormatError({
      where,
      problem: "a weight must be numbers",
      expected: "a dataset of floats",
      got: "texts",
      try: "check the program that wrote the file",
    });
  }
  const values =
    data instanceof BigInt64Array || data instanceof BigUint64Array ? Array.from(data, Number) : data;
  return { weight, values };
}

/** Writes all weights: called once everything has been checked. */
export function assignAll(assignments: readonly Assignment[]): void {
  for (const { weight, values } of assignments) weight.write(values);
}
