/**
 * Whole models in Keras 3's `.keras` archives: a zip of `metadata.json`, `config.json` (the model and what `compile` was
 * told) and `model.weights.h5` (weights and the optimizer's state). What is written is what Keras 3.15 writes.
 */
import { readH5, writeH5 } from "../../formats/h5.ts";
import { type JsonObject, JsonView, parseJson, stringifyJson } from "../../formats/json.ts";
import { ZipArchive } from "../../formats/zip.ts";
import { writeZip } from "../../formats/zip-write.ts";
import { FormatError } from "../../ir/errors.ts";
import { compileOptionsFromConfig, trainingConfig } from "../compile-config.ts";
import { deserializeModel } from "../deserialize.ts";
import type { Model } from "../model.ts";
import { serialize } from "../serialize.ts";
import { sizesInFile } from "../symbolic.ts";
import { assignAll } from "./arrays.ts";
import { dialect, type LoadOptions, type SaveOptions } from "./keras-h5.ts";
import { matchOptimizer } from "./optimizer-state.ts";
import { matchPathWeights, writePathWeights } from "./path-weights.ts";

const entry = { metadata: "metadata.json", config: "config.json", weights: "model.weights.h5" } as const;

/**
 * The bytes of a `.keras` archive with the whole model. Equal models give equal bytes: the date in it is a fixed one.
 *
 * @throws UnsupportedError for a model whose computation is written in code.
 */
export async function modelToKeras(model: Model, options: SaveOptions = {}): Promise<Uint8Array> {
  const withOptimizer = options.includeOptimizer !== false;
  const metadata = { keras_version: dialect.get("keras_version")!, date_saved: "1980-01-01@00:00:00" };
  const weights = await writeH5(writePathWeights(model, withOptimizer));
  const text = (value: JsonObject) => new TextEncoder().encode(stringifyJson(value));
  return writeZip([
    [entry.metadata, text(metadata)],
    [entry.config, text(archiveConfig(model, withOptimizer))],
    [entry.weights, weights],
  ]);
}

function archiveConfig(model: Model, withOptimizer: boolean): JsonObject {
  const shapes = model.graph?.inputs.map((t) => sizesInFile(t.shape)) ?? [];
  const saved = withOptimizer && model.compiled !== undefined ? trainingConfig(model.compiled) : undefined;
  return {
    ...serialize(model, "native"),
    build_config: { input_shape: shapes.length === 1 ? shapes[0]! : null },
    compile_config: saved === undefined ? {} : compileConfig(saved),
  };
}

type Saved = Readonly<Record<string, unknown>>;

/** Keras's `compile_config` from what its `.h5` files call `training_config`: every object says where it comes from. */
function compileConfig({ optimizer_config, ...rest }: Saved): JsonObject {
  const modules: Readonly<Record<string, string>> = {
    loss: "keras.losses",
    metrics: "keras.metrics",
    weighted_metrics: "keras.metrics",
  };
  const located = Object.entries(rest).map(([key, value]) => [key, locate(value, modules[key] ?? null)]);
  return { optimizer: locate(optimizer_config, "keras.optimizers"), ...Object.fromEntries(located) };
}

function locate(tree: unknown, module: string | null): JsonObject | unknown {
  if (Array.isArray(tree)) return tree.map((x) => locate(x, module));
  if (typeof tree !== "object" || tree === null || module === null) return tree;
  if (!("class_name" in tree)) {
    return Object.fromEntries(Object.entries(tree).map(([k, v]) => [k, locate(v, module)]));
  }
  return "module" in tree ? tree : { module, ...tree, registered_name: null };
}

/** Keras's `compile_config` as its `.h5` files hold it; functions by their names. */
function trainingFromCompile(view: JsonView): Record<string, unknown> {
  const { optimizer, ...rest } = named(view.as("object")) as Record<string, unknown>;
  return { ...rest, optimizer_config: optimizer };
}

function named(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(named);
  if (typeof tree !== "object" || tree === null) return tree;
  const { class_name, config } = tree as { class_name?: unknown; config?: unknown };
  if (class_name === "function" && typeof config === "string") return config;
  return Object.fromEntries(Object.entries(tree).map(([k, v]) => [k, named(v)]));
}

/**
 * The model in the bytes of a `.keras` archive. A file never runs code.
 *
 * @throws FormatError for damage, UnsupportedError for classes that are not known, ShapeError where weights do not fit.
 */
export async function modelFromKeras(bytes: Uint8Array, options: LoadOptions = {}): Promise<Model> {
  const where = options.name ?? "keras file";
  const archive = new ZipArchive(bytes, { name: options.name });
  const text = new TextDecoder().decode(part(archive, entry.config, where));
  const config = parseJson(text, { name: entry.config });
  const model = deserializeModel(config, options);
  const saved = new JsonView(config, entry.config).field("compile_config");
  const compiled =
    saved.value !== undefined && saved.value !== null && Object.keys(saved.as("object")).length > 0;
  if (options.compile !== false && compiled) {
    model.compile(compileOptionsFromConfig(trainingFromCompile(saved)));
  }
  await archiveWeights(model, archive, where);
  return model;
}

/** Sets the weights from the bytes of a `.keras` archive; see `weightsFromH5`. */
export async function weightsFromKeras(model: Model, bytes: Uint8Array, name?: string): Promise<void> {
  await archiveWeights(model, new ZipArchive(bytes, { name }), name ?? "keras file");
}

async function archiveWeights(model: Model, archive: ZipArchive, where: string): Promise<void> {
  const root = await readH5(part(archive, entry.weights, where), { name: `${where}: ${entry.weights}` });
  assignAll([...matchPathWeights(model, root, entry.weights), ...matchOptimizer(model, root, entry.weights)]);
}

function part(archive: ZipArchive, name: string, where: string): Uint8Array {
  const found = archive.read(name);
  if (found !== undefined) return found;
  throw new FormatError({
    where,
    problem: `the archive has no ${name}`,
    expected: "an archive written by Keras 3 or Tendril",
    got: archive.entries
      .slice(0, 10)
      .map((e) => e.name)
      .join(", "),
    try: "check that this is the file you mean",
  });
}
