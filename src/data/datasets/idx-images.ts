/** Data sets in MNIST's form: four IDX files of images and labels. */
import { readIdx } from "../../formats/idx.ts";
import { DataError } from "../../ir/errors.ts";
import { loadSourceFile, type SourceOptions, type SourceSet } from "../source.ts";
import type { ImageDataset, ImageSplit } from "./types.ts";

/** A data set of four files: training images and labels, test images and labels, in this order. */
export interface IdxImageSet extends SourceSet {
  readonly classes: readonly string[];
}

/** Loads the four files and checks that they belong together. Errors as `loadSourceFile`; DataError where they do not. */
export async function loadIdxImages(set: IdxImageSet, options: SourceOptions): Promise<ImageDataset> {
  const [trainImages, trainLabels, testImages, testLabels] = set.files;
  const split = async (images: typeof trainImages, labels: typeof trainLabels) =>
    readSplit(
      set,
      [images!.name, await loadSourceFile(set, images!, options)],
      [labels!.name, await loadSourceFile(set, labels!, options)],
    );
  const test = await split(testImages, testLabels);
  const train = await split(trainImages, trainLabels);
  return { train, test, classes: set.classes };
}

type NamedBytes = readonly [name: string, bytes: Uint8Array];

/** One part from the bytes of its two files. */
function readSplit(set: IdxImageSet, images: NamedBytes, labels: NamedBytes): ImageSplit {
  const x = readIdx(images[1], { name: images[0] });
  const y = readIdx(labels[1], { name: labels[0] });
  if (x.dtype !== "uint8" || x.shape.length !== 3 || x.shape[1] !== 28 || x.shape[2] !== 28) {
    throw unfit(set, images[0], "uint8[n, 28, 28]", `${x.dtype}[${x.shape.join(", ")}]`);
  }
  if (y.dtype !== "uint8" || y.shape.length !== 1 || y.shape[0] !== x.shape[0]) {
    throw unfit(
      set,
      labels[0],
      `uint8[${x.shape[0]}], a label for each image`,
      `${y.dtype}[${y.shape.join(", ")}]`,
    );
  }
  const bad = y.data.findIndex((label) => label >= set.classes.length);
  if (bad >= 0) {
    throw unfit(
      set,
      labels[0],
      `labels 0 … ${set.classes.length - 1}`,
      `label ${y.data[bad]} for image ${bad}`,
    );
  }
  return { images: x.data, labels: y.data };
}

function unfit(set: IdxImageSet, name: string, expected: string, got: string): DataError {
  return new DataError({
    where: `${set.title}, ${name}`,
    problem: "the file does not belong to this data set",
    expected,
    got,
    try: "check that the folder holds the files of this data set",
  });
}
