/** The models of `--model`: the two of the course, or one of the user's own. Node only. */
import { extname } from "node:path";
import { fileExists, readFileBytes } from "../data/index.ts";
import { DataError, TendrilError, UsageError } from "../ir/errors.ts";
import {
  Conv2D,
  Dense,
  Flatten,
  Input,
  type Layer,
  loadModel,
  MaxPooling2D,
  Model,
  Sequential,
} from "../nn/index.ts";
import { suggestion } from "../nn/naming.ts";
import { BadModel } from "./exit-codes.ts";
import type { Dataset } from "./samples.ts";
import { looksLikePath, runUserFile } from "./user-file.ts";

const conv = (filters: number) => new Conv2D({ filters, kernelSize: 3, activation: "relu" });
const dense = (units: number) => new Dense({ units, activation: "relu" });

/** The hidden layers of the named models, for images. */
const named: ReadonlyMap<string, () => Layer[]> = new Map([
  /** The network of the slide: 21,898 parameters on MNIST. */
  ["lecture", () => [conv(8), new MaxPooling2D(), new Flatten(), dense(16)]],
  /** 225,034 parameters on MNIST. */
  ["wide", () => [conv(32), new MaxPooling2D(), conv(64), new MaxPooling2D(), new Flatten(), dense(128)]],
]);

/**
 * A fresh model for a data set: a named one, what a module makes, or a saved one to be trained further.
 *
 * @throws UsageError for a name that is not known, BadModel for a file that gives no model.
 */
export async function makeModel(
  name: string,
  { classes, shape }: Pick<Dataset, "classes" | "shape">,
  { seed, signal }: { seed: number; signal: AbortSignal },
): Promise<Model> {
  const hidden = named.get(name);
  if (hidden !== undefined) {
    if (shape.length !== 3) notImages(name, shape);
    // Made in this order, so that the layers are numbered as they follow each other.
    const layers = [
      Input({ shape }),
      ...hidden(),
      new Dense({ units: classes.length, activation: "softmax" }),
    ];
    return new Sequential(layers, { seed });
  }
  if (isSaved(name)) return openModel(name);
  if (looksLikePath(name)) {
    return fromFile(name, () => runUserFile(name, { seed, signal, classes, inputShape: shape }));
  }
  throw noSuchModel(name);
}

/** Says of a model that is not there that it is not, before data are loaded for it. Throws as `makeModel` does. */
export async function checkModel(name: string): Promise<void> {
  if (named.has(name)) return;
  if (!isSaved(name) && !looksLikePath(name)) throw noSuchModel(name);
  if (!(await fileExists(name))) await asModelError(() => readFileBytes(name));
}

const isSaved = (name: string): boolean => [".h5", ".keras"].includes(extname(name));

function noSuchModel(name: string): UsageError {
  const names = [...named.keys()];
  return new UsageError({
    where: "--model",
    problem: "there is no such model",
    expected: `one of ${names.join(", ")}, or a file .js, .mjs, .ts, .h5 or .keras`,
    got: name,
    try: suggestion(name, names) ?? "--model lecture",
  });
}

/** The model saved at `path`. Throws BadModel for a file that is missing, damaged or not a model. */
export function openModel(path: string, options: { compile?: boolean } = {}): Promise<Model> {
  return asModelError(() => loadModel(path, options));
}

async function fromFile(path: string, make: () => Promise<unknown>): Promise<Model> {
  return asModelError(async () => {
    const made = await make();
    if (made instanceof Model && made.layers.length > 0) return made;
    throw new DataError({
      where: path,
      problem: "the file does not give a model",
      expected: "a default export (ctx) => Model",
      got: made === null ? "null" : made instanceof Model ? "a model without layers" : typeof made,
      try: "export default (ctx) => new Sequential([Input({ shape: ctx.inputShape }), …])",
    });
  });
}

async function asModelError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const about = error instanceof TendrilError && error.code !== "cancelled" && error.code !== "usage";
    throw about ? new BadModel(error) : error;
  }
}

function notImages(name: string, shape: readonly number[]): never {
  throw new UsageError({
    where: "--model",
    problem: `the model ${name} is for images`,
    expected: "samples of shape [height, width, channels]",
    got: `[${shape.join(", ")}]`,
    try: "--model FILE, with a model for these samples",
  });
}
