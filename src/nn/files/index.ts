/** Keras files: whole models (`.keras`, `.h5`) and weights (`.weights.h5`), from paths or bytes. */
import { isZip } from "../../formats/zip.ts";
import { UsageError } from "../../ir/errors.ts";
import type { Model } from "../model.ts";
import { modelFromKeras, modelToKeras, weightsFromKeras } from "./keras-archive.ts";
import {
  type LoadOptions,
  modelFromH5,
  modelToH5,
  type SaveOptions,
  weightsFromH5,
  weightsToH5,
} from "./keras-h5.ts";

export { modelFromKeras, modelToKeras, weightsFromKeras } from "./keras-archive.ts";
export type { LoadOptions, SaveOptions } from "./keras-h5.ts";
export { modelFromH5, modelToH5, weightsFromH5, weightsToH5 } from "./keras-h5.ts";

/**
 * Writes the whole model to `path` (Node only; in a browser use `modelToKeras` or `modelToH5`). The file is complete or not
 * there at all.
 *
 * @throws UsageError unless the path ends in `.keras` or `.h5`, UnsupportedError for a model whose computation is written in
 * code.
 */
export async function saveModel(model: Model, path: string, options: SaveOptions = {}): Promise<void> {
  const archive = path.endsWith(".keras");
  if (!archive && (!path.endsWith(".h5") || path.endsWith(".weights.h5"))) {
    throw wrongEnding(path, ".keras", "saveWeights writes .weights.h5");
  }
  const { writeFileAtomic } = await import("../../data/files.ts");
  await writeFileAtomic(path, await (archive ? modelToKeras : modelToH5)(model, options));
}

/**
 * Reads a whole model from a path (Node only) or bytes. A file never runs code: a class that is not known is an
 * UnsupportedError, unless `customObjects` has it.
 *
 * @throws DataError where the file is missing, FormatError for damage, ShapeError where weights do not fit.
 */
export async function loadModel(source: string | Uint8Array, options: LoadOptions = {}): Promise<Model> {
  const bytes = await bytesOf(source);
  const name = options.name ?? (typeof source === "string" ? source : undefined);
  const read = isZip(bytes) ? modelFromKeras : modelFromH5;
  return read(bytes, { ...options, ...(name !== undefined && { name }) });
}

/**
 * Writes the weights to `path` (Node only; in a browser use `weightsToH5`).
 *
 * @throws UsageError unless the path ends in `.weights.h5`.
 */
export async function saveWeights(model: Model, path: string): Promise<void> {
  if (!path.endsWith(".weights.h5"))
    throw wrongEnding(path, ".weights.h5", "save writes whole models, .keras or .h5");
  const { writeFileAtomic } = await import("../../data/files.ts");
  await writeFileAtomic(path, await weightsToH5(model));
}

/** Sets the weights from a path (Node only) or bytes, `.weights.h5`, `.h5` or `.keras`; see `weightsFromH5`. */
export async function loadWeights(model: Model, source: string | Uint8Array): Promise<void> {
  const bytes = await bytesOf(source);
  const name = typeof source === "string" ? source : undefined;
  await (isZip(bytes) ? weightsFromKeras : weightsFromH5)(model, bytes, name);
}

async function bytesOf(source: string | Uint8Array): Promise<Uint8Array> {
  if (typeof source !== "string") return source;
  const { readFileBytes } = await import("../../data/files.ts");
  return readFileBytes(source);
}

function wrongEnding(path: string, ending: string, advice: string): UsageError {
  return new UsageError({
    where: path,
    problem: "the name of the file does not say what is in it",
    expected: `a name that ends in ${ending}`,
    got: path,
    try: `call it ${path.replace(/(\.weights)?(\.\w+)?$/, ending)}; ${advice}`,
  });
}
