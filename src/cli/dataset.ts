/** Data sets as the commands use them: samples with class numbers, from the named sets or from a file of the user's. */
import { type DownloadProgress, datasets, type ImageDatasetEntry, type ImageSplit } from "../data/index.ts";
import { UsageError } from "../ir/errors.ts";
import { suggestion } from "../nn/naming.ts";
import { datasetFromFile } from "./file-dataset.ts";
import { type Dataset, type Samples, sizeOf } from "./samples.ts";
import { printable, type Terminal } from "./terminal.ts";
import { looksLikePath } from "./user-file.ts";

export interface DatasetOptions {
  /** A folder that holds the files of downloaded sets. */
  readonly data?: string | undefined;
  /** Use only the first so many training samples; generated sets make so many. */
  readonly samples?: number | undefined;
  /** The training samples are not needed. */
  readonly testOnly?: boolean;
  /** For files that draw at random. */
  readonly seed?: number;
  /** Names that the command knows besides. */
  readonly also?: readonly string[];
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
}

/** The sets of images by name. */
export const imageSets: ReadonlyMap<string, ImageDatasetEntry> = new Map(
  [...datasets].flatMap(([name, entry]) => (entry.kind === "images" ? [[name, entry] as const] : [])),
);

/**
 * The data set of that name, or that a file makes.
 *
 * @throws UsageError for a name that is not known, DataError and FormatError for data that are missing or bad.
 */
export async function loadDataset(name: string, options: DatasetOptions): Promise<Dataset> {
  const entry = imageSets.get(name);
  if (entry !== undefined) return named(name, entry, options);
  if (looksLikePath(name)) {
    const { samples, seed = 0, signal } = options;
    const all = await datasetFromFile(name, { samples, seed, signal });
    return samples === undefined ? all : { ...all, train: firstOf(all.train, samples, sizeOf(all.shape)) };
  }
  const names = [...imageSets.keys(), ...(options.also ?? [])];
  throw new UsageError({
    where: "data set",
    problem: "there is no such data set",
    expected: `one of ${names.join(", ")}, or a file .js, .mjs or .ts`,
    got: name,
    try: suggestion(name, names) ?? "tendril data list",
  });
}

/** Of the named sets. */
const imageShape = [28, 28, 1];

async function named(name: string, entry: ImageDatasetEntry, options: DatasetOptions): Promise<Dataset> {
  const { data, samples, testOnly = false, signal, terminal } = options;
  terminal.passing(`preparing ${name} …`);
  const set = await entry.load({
    data,
    signal,
    onProgress: downloadLine(terminal),
    ...(testOnly ? { train: 0 } : samples === undefined ? {} : { train: samples }),
  });
  terminal.clear();
  const all = imagesOf(set.train);
  if (samples !== undefined && !testOnly && samples > all.count) tooFew(name, samples, all.count);
  return {
    name,
    train: samples === undefined ? all : firstOf(all, samples, sizeOf(imageShape)),
    test: imagesOf(set.test),
    classes: set.classes,
    shape: imageShape,
  };
}

function imagesOf({ images, labels }: ImageSplit): Samples {
  return { count: labels.length, values: images, labels };
}

function firstOf(all: Samples, count: number, size: number): Samples {
  const kept = Math.min(count, all.count);
  return {
    count: kept,
    values: all.values.subarray(0, kept * size),
    labels: all.labels.subarray(0, kept),
  };
}

function tooFew(name: string, asked: number, has: number): never {
  throw new UsageError({
    where: "--samples",
    problem: `${name} has fewer training samples`,
    expected: `at most ${has}`,
    got: String(asked),
    try: `--samples ${has}, or leave it out`,
  });
}

/** A line about a download: painted over on a terminal, elsewhere one line for each file. */
export function downloadLine(terminal: Terminal): (progress: DownloadProgress) => void {
  const begun = new Set<string>();
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  return ({ name, received, total }) => {
    const shown = printable(name);
    if (!terminal.interactive) {
      if (!begun.has(name)) terminal.line(`downloading ${shown}`);
    } else {
      const of = total === undefined ? "" : ` of ${megabytes(total)}`;
      terminal.passing(`downloading ${shown}: ${megabytes(received)}${of} MB`);
    }
    begun.add(name);
  };
}
