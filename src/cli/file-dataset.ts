/** Data sets from a file of the user's: `(ctx) => ({ train: { images, labels }, test, classes })`. Node only. */
import { DataError, ShapeError } from "../ir/errors.ts";
import { hostArray } from "../nn/host-array.ts";
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
  const given = made as { train: GivenSplit; test: GivenSplit; classes?: unknown };
  const train = await splitOf(given.train, `${path}: train`);
  const test = await splitOf(given.test, `${path}: test`);
  if (String(train.shape) !== String(test.shape)) {
    throw new ShapeError({
      where: path,
      problem: "samples for training and testing have different shapes",
      expected: `[${train.shape.join(", ")}], as in train`,
      got: `[${test.shape.join(", ")}] in test`,
      try: "give both splits the same form",
    });
  }
  const classes = classesOf(given.classes, [train.labels, test.labels], path);
  checkLabels(train.labels, classes.length, `${path}: train`);
  checkLabels(test.labels, classes.length, `${path}: test`);
  return { name: path, train, test, classes, shape: train.shape };
}

/** More than any set has; a label beyond is a mistake, not a class. */
const mostClasses = 65_536;

/** The names of the classes: those given, or the numbers up to the greatest label. */
function classesOf(given: unknown, labels: readonly Samples["labels"][], where: string): readonly string[] {
  if (Array.isArray(given)) return given.map(String);
  let most = 0;
  for (const split of labels) for (const label of split) most = Math.max(most, label);
  if (given === undefined && most < mostClasses) return Array.from({ length: most + 1 }, (_, i) => String(i));
  throw new DataError({
    where,
    problem: given === undefined ? "a label is out of range" : "the classes are not an array",
    expected: given === undefined ? `class numbers below ${mostClasses}` : "an array of names",
    got: given === undefined ? String(most) : typeof given,
    try: 'number the classes from 0, and name them in classes: ["cat", "dog"]',
  });
}

/** One split of a user's data, its values flat. Flat arrays of 784 values a sample are images of 28 × 28. */
async function splitOf(
  given: GivenSplit,
  where: string,
): Promise<Samples & { readonly shape: readonly number[] }> {
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
  if (count === 0) {
    throw new DataError({
      where,
      problem: "the split is empty",
      expected: "at least one sample",
      got: "0 labels",
      try: "give it samples and their labels",
    });
  }
  const { flat, shape } = await valuesOf(values, count, where);
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
      got: `${typeof label === "string" ? JSON.stringify(label) : String(label)} at row ${row}`,
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

async function valuesOf(given: unknown, count: number, where: string) {
  const array = await hostArray(given, where);
  const [rows, ...rest] = array.shape;
  // Flat values say nothing of their shape.
  const flat = array.shape.length === 1 && rows !== count;
  const shape = flat ? sampleShape(rows! / count) : rest;
  if (flat ? array.data.length !== count * sizeOf(shape) : rows !== count) {
    throw new ShapeError({
      where,
      problem: "the number of values does not fit the labels",
      expected: `${count} samples of shape [${shape.join(", ")}]`,
      got: flat ? `${rows} values` : `${rows} samples`,
      try: "pass { data, shape: [rows, …] } with one label for each row",
    });
  }
  const { data } = array;
  return {
    flat: data instanceof Uint8Array || data instanceof Float32Array ? data : Float32Array.from(data),
    shape: shape.length === 0 ? [1] : shape,
  };
}

/** The shape of samples of so many values. */
function sampleShape(size: number): readonly number[] {
  return size === 784 ? [28, 28, 1] : [Math.floor(size)];
}
