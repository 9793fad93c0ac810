/** Fashion-MNIST: 70,000 photographs of clothes in MNIST's form (Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747; MIT). */
import type { SourceOptions } from "../source.ts";
import { type IdxImageSet, loadIdxImages } from "./idx-images.ts";
import type { ImageDataset } from "./types.ts";

/** Where Fashion-MNIST is published, and the checksums of its files. */
export const fashionMnistSource: IdxImageSet = {
  folder: "fashion-mnist",
  title: "Fashion-MNIST",
  mirrors: [
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
  ],
  files: [
    {
      name: "train-images-idx3-ubyte",
      bytes: 47_040_016,
      sha256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    },
    {
      name: "train-labels-idx1-ubyte",
      bytes: 60_008,
      sha256: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    },
    {
      name: "t10k-images-idx3-ubyte",
      bytes: 7_840_016,
      sha256: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    },
    {
      name: "t10k-labels-idx1-ubyte",
      bytes: 10_008,
      sha256: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
  ],
  classes: [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
  ],
};

/**
 * Fashion-MNIST's 60,000 training and 10,000 test images, 28 × 28 grey levels on black (0), in the published order;
 * downloaded once (30 MB) unless a folder has them.
 *
 * @throws DataError where the files are nowhere, FormatError where they are damaged, CancelledError.
 * @example const { train, test, classes } = await fashionMnist();
 */
export function fashionMnist(options: SourceOptions = {}): Promise<ImageDataset> {
  return loadIdxImages(fashionMnistSource, options);
}
