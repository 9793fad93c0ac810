/** Data sets from a file of the user's: `(ctx) => ({ train: { images, labels }, test, classes })`. Node only. */
import { DataError, ShapeError } from "../ir/errors.ts";
import { Model } from "../nn/index.ts";
import { type Dataset, type Samples, sizeOf } from "./samples.ts";
import { type FileContext, runUserFile } from "./user-file.ts";

/** What a file of data may give for one split. */
interface GivenSplit {
  readonly images?: unknown;
  readonly x?: unknown;
  readonly labels?: unknown;
  readonly y?: unknown;
}

/**
 * The data set that a module makes.
 *
 * @throws DataError and ShapeError where it makes something else, with the row where a row is at fault.
 */
export async function datasetFromFile(path: string, context: FileContext): Promise<Dataset> {
  const made = await runUserFile(path, context);
  if (
    made instanceof Model ||
    typeof made !== "object" ||
    made === null ||
    !("train" in made && "test" in made)
  ) {
    throw new DataError({
      where: path,
      problem: "the file does not give a data set",
      expected: "a function (ctx) => ({ train: { images, labels }, test: { images, labels }, classes })",
      got: made instanceof Model ? "a model" : made === null ? "null" : typeof made,
      try:
        made instanceof Model
          ? `tendril train mnist --model ${path}`
          : "let the default export return such an object",
    });
  }
  const given = made as { train: GivenSplit; test: GivenSplit; classes?: readonly unknown[] };
  const train = splitOf(given.train, `${path}: train`);
  const test = splitOf(given.test, `${path}: test`);
  if (String(train.shape) !== String(test.shape)) {
    throw new ShapeError({
      where: path,
      problem: "samples for training and testing have different shapes",
      expected: `[${train.shape.join(", ")}], as in train`,
      got: `[${test.shape.join(", ")}] in test`,
      try: "give both splits the same form",
    });
  }
  let most = 0;
  for (const labels of [train.labels, test.labels]) for (const label of labels) most = Math.max(most, label);
  const classes = given.classes?.map(String) ?? Array.from({ length: most + 1 }, (_, i) => String(i));
  checkLabels(train.labels, classes.length, `${path}: train`);
  checkLabels(test.labels, classes.length, `${path}: test`);
  return { name: path, train, test, classes, shape: train.shape };
}

/** One split of a user's data, its values flat. Flat arrays of 784 values a sample are images of 28 × 28. */
function splitOf(given: GivenSplit, where: string): Samples & { readonly shape: readonly number[] } {
  const labels = given?.labels ?? given?.y;
  const values = given?.images ?? given?.x;
  if (!isList(labels) || values === undefined || values === null) {
    throw new DataError({
      where,
      problem: "the split lacks its samples or its labels",
      expected: "{ images, labels } or { x, y }",
      got:
        typeof given === "object" && given !== null ? `{ ${Object.keys(given).join(", ")} }` : typeof given,
      try: "labels are class numbers, one for each sample",
    });
  }
  const count = labels.length;
  const { flat, shape } = valuesOf(values, count, where);
  return { count, values: flat, labels: Int32Array.from(labels, wholeLabel(where)), shape };
}

function isList(x: unknown): x is ArrayLike<number> {
  return Array.isArray(x) || (ArrayBuffer.isView(x) && !(x instanceof DataView));
}

function wholeLabel(where: string): (label: number, row: number) => number {
  return (label, row) => {
    if (Number.isInteger(label) && label >= 0) return label;
    throw new DataError({
      where,
      problem: "a label is not a class number",
      expected: "whole numbers from 0 on",
      got: `${label} at row ${row}`,
      try: "number the classes from 0, and name them in classes",
      details: { row },
    });
  };
}

function checkLabels(labels: ArrayLike<number>, classes: number, where: string): void {
  for (let row = 0; row < labels.length; row++) {
    if (labels[row]! < classes) continue;
    throw new DataError({
      where,
      problem: "a label is out of range",
      expected: `0 to ${classes - 1}, for ${classes} classes`,
      got: `${labels[row]} at row ${row}`,
      try: "number the classes from 0, or name all of them in classes",
      details: { row },
    });
  }
}

function valuesOf(given: unknown, count: number, where: string) {
  const shaped = given as { data?: unknown; shape?: readonly number[] };
  const explicit = isList(shaped.data) && Array.isArray(shaped.shape);
  const list = explicit ? (shaped.data as ArrayLike<number>) : given;
  if (!isList(list)) {
    throw new DataError({
      where,
      problem: "the samples are not an array",
      expected: "a typed array, numbers in brackets, or { data, shape }",
      got: typeof given,
      try: "pass { data: new Float32Array(…), shape: [rows, …] }",
    });
  }
  const nested: readonly unknown[] = Array.isArray(list) ? list.flat(Number.POSITIVE_INFINITY as 1) : [];
  const flat =
    list instanceof Uint8Array || list instanceof Uint8ClampedArray
      ? Uint8Array.from(list)
      : Float32Array.from(Array.isArray(list) ? (nested as number[]) : list);
  const shape = explicit ? shaped.shape!.slice(1) : sampleShape(list, flat.length / count);
  if (flat.length !== count * sizeOf(shape)) {
    throw new ShapeError({
      where,
      problem: "the number of values does not fit the labels",
      expected: `${count} samples of shape [${shape.join(", ")}]`,
      got: `${flat.length} values`,
      try: "pass { data, shape: [rows, …] } with one label for each row",
    });
  }
  return { flat, shape };
}

function sampleShape(list: ArrayLike<unknown>, size: number): readonly number[] {
  if (Array.isArray(list[0])) {
    const shape: number[] = [];
    for (let level: unknown = list[0]; Array.isArray(level); level = level[0]) shape.push(level.length);
    return shape;
  }
  return size === 784 ? [28, 28, 1] : [size];
}
