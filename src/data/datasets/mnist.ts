/** MNIST: 70,000 handwritten digits (LeCun, Cortes, Burges, http://yann.lecun.com/exdb/mnist). */
import type { SourceOptions } from "../source.ts";
import { type IdxImageSet, loadIdxImages } from "./idx-images.ts";
import type { ImageDataset } from "./types.ts";

/** Where MNIST is published, and the checksums of its files. */
export const mnistSource: IdxImageSet = {
  folder: "mnist",
  title: "MNIST",
  mirrors: [
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
  ],
  files: [
    {
      name: "train-images-idx3-ubyte",
      bytes: 47_040_016,
      sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    },
    {
      name: "train-labels-idx1-ubyte",
      bytes: 60_008,
      sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    },
    {
      name: "t10k-images-idx3-ubyte",
      bytes: 7_840_016,
      sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    },
    {
      name: "t10k-labels-idx1-ubyte",
      bytes: 10_008,
      sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
  ],
  classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
};

/**
 * MNIST's 60,000 training and 10,000 test images, 28 × 28 grey levels, white ink (255) on black (0), in the published
 * order; downloaded once (11 MB) unless a folder has them.
 *
 * @throws DataError where the files are nowhere, FormatError where they are damaged, CancelledError.
 * @example const { train, test } = await mnist({ data: "../shared/data" });
 */
export function mnist(options: SourceOptions = {}): Promise<ImageDataset> {
  return loadIdxImages(mnistSource, options);
}
