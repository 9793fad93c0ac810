/** Pictures in folders as samples; a folder for each class. Node only: `node:` modules load on use. */
import { readPng } from "../../formats/png.ts";
import { DataError, UnsupportedError } from "../../ir/errors.ts";
import { errnoOf, nodeFileSystem, readFileBytes } from "../files.ts";
import { Dataset } from "./dataset.ts";
import type { Shaped } from "./stack.ts";

/** A picture [height, width, channels] of bytes, divided by 255 in the step, and the number of its class. */
export type ImageSample = readonly [image: Shaped, label: number];

/** The samples, and what the labels mean. */
export interface ImageFolder {
  readonly dataset: Dataset<ImageSample>;
  /** The names of the folders, in the order of the labels. */
  readonly classes: readonly string[];
  /** The files, in the order of the samples. */
  readonly files: readonly string[];
}

/**
 * The PNG files in the folders of `path`, each folder a class; names in code-unit order decide the numbers of classes and the
 * order of samples. Files are read when their samples are asked for, and need not be of one size: `map` them before `batch`
 * if they are not.
 *
 * @throws DataError where the folder is missing or holds no pictures; reading throws what `readPng` does.
 */
export async function imageFolder(path: string): Promise<ImageFolder> {
  const { join } = await import("node:path");
  const classes = (await entriesOf(path)).filter((e) => e.isDirectory()).map((e) => e.name);
  classes.sort(byCodeUnits);
  const samples: { file: string; label: number }[] = [];
  for (const [label, name] of classes.entries()) {
    const found = (await entriesOf(join(path, name))).filter((e) => e.isFile() && /\.png$/i.test(e.name));
    for (const file of found.map((e) => e.name).sort(byCodeUnits)) {
      samples.push({ file: join(path, name, file), label });
    }
  }
  if (samples.length === 0) {
    throw new DataError({
      where: path,
      problem: "there are no pictures",
      expected: "folders with .png files, one folder for each class",
      got: classes.length === 0 ? "no folders" : `nothing in ${classes.join(", ")}`,
      try: "check the path",
    });
  }
  const dataset = Dataset.from(samples).map(
    async ({ file, label }): Promise<ImageSample> => [await readImage(file), label],
    { parallel: 4 },
  );
  return { dataset, classes, files: samples.map((s) => s.file) };
}

async function readImage(file: string): Promise<Shaped> {
  const { width, height, channels, data } = readPng(await readFileBytes(file), { name: file });
  if (data instanceof Uint8Array) return { data, shape: [height, width, channels], divisor: 255 };
  throw new UnsupportedError({
    where: file,
    problem: "the picture has 16 bits per channel",
    expected: "8 bits per channel",
    got: "16",
    try: "convert the picture to 8 bits",
  });
}

async function entriesOf(path: string) {
  await nodeFileSystem();
  const { readdir } = await import("node:fs/promises");
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (cause) {
    throw new DataError({
      where: path,
      problem: "the folder cannot be read",
      expected: "a folder",
      got: errnoOf(cause) ?? String(cause),
      try: "check the path and the permissions",
      cause,
    });
  }
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
